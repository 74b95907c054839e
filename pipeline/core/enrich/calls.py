"""Fields of `FunctionCall` and `FunctionCallOutput`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.core.enrich.values import NO_WARNINGS, NONE, Fields, raw_and_parsed, span_ms
from pipeline.core.state import Item, Session
from pipeline.core.values import text_or_none

_NOT_JSON = ("arguments_not_json",)


def arguments_of(item: Item, document: dict[str, Any]) -> tuple[dict[str, Any], Sequence[str]]:
    """`arguments_raw` and `arguments`: the item's own, else those an arguments event told. With warnings."""
    raw, parsed, ok = raw_and_parsed(document.get("arguments") or item.arguments or document.get("arguments"))
    return {"arguments_raw": raw, "arguments": parsed}, _NOT_JSON if raw and not ok else NO_WARNINGS


def function_call(item: Item, document: dict[str, Any], session: Session) -> Fields:
    """What the model wants called, with what."""
    arguments, warnings = arguments_of(item, document)
    name = text_or_none(document.get("name"))
    tools = session.config.tools
    return (
        {"call_id": text_or_none(document.get("call_id")), "name": name, **arguments},
        {"declared": None if tools is None else name in tools},
        warnings,
    )


def function_call_output(item: Item, document: dict[str, Any], session: Session) -> Fields:
    """What the call returned; the call's name, item and latency joined."""
    raw, parsed, _ = raw_and_parsed(document.get("output"))
    call = item.join or {}
    return (
        {
            "call_id": text_or_none(document.get("call_id")),
            "name": call.get("name"),
            "call_item_id": call.get("item_id"),
            "output_raw": raw,
            "output": parsed,
            "latency_ms": span_ms(call.get("ms"), item.opened_ms),
            "orphan": item.join is None,
        },
        NONE,
        NO_WARNINGS,
    )
