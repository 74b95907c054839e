"""Events that tell parts of an item under way: used where the item itself comes without them."""

from __future__ import annotations

from typing import Any

from pipeline.core.content import words_of
from pipeline.core.publish import revise
from pipeline.core.reject import Rejection
from pipeline.core.step import Step
from pipeline.core.values import int_or_none, object_or_none, text_or_none

MAX_PARTS = 1_000
"""Parts that events may tell of an item: each new one costs as much as all before it."""


def text_done(step: Step, body: dict[str, Any]) -> None:
    """`response.output_text.done`: a text part is whole."""
    _tell(step, body, {"type": "output_text", "text": _words(body, "text")})


def transcript_done(step: Step, body: dict[str, Any]) -> None:
    """`response.output_audio_transcript.done`: what an audio part says."""
    _tell(step, body, {"type": "output_audio", "transcript": _words(body, "transcript")})


def part_done(step: Step, body: dict[str, Any]) -> None:
    """`response.content_part.done`: a part is whole. Some servers leave the part out (recorded: xAI)."""
    _tell(step, body, object_or_none(body.get("part")) or {})


def arguments_done(step: Step, body: dict[str, Any]) -> None:
    """`response.function_call_arguments.done`, `response.mcp_call_arguments.done`: a call's arguments are whole."""
    arguments = _words(body, "arguments")
    item = step.item(body.get("item_id"))
    if item is not None:
        item.arguments = arguments
        if item.arguments_ms is None:
            item.arguments_ms = step.told.ms
        revise(step, item, "joined")


def content_index(body: dict[str, Any]) -> str:
    """The index of the part an event is about; the first where it is not told. Raises `Rejection` beyond all sense."""
    index = max(int_or_none(body.get("content_index")) or 0, 0)
    if index >= MAX_PARTS:
        raise Rejection("item_invalid", f"the event's `content_index` is {index}; an item has up to {MAX_PARTS} parts")
    return str(index)


def _words(body: dict[str, Any], name: str) -> str | None:
    words: object = body.get(name)
    if words is not None and not isinstance(words, str):
        raise Rejection("item_invalid", f"the event's `{name}` is not a text")
    return words


def _tell(step: Step, body: dict[str, Any], part: dict[str, Any]) -> None:
    """Keep what was told of a part. Words once told are not lost to a later event without them (recorded: Azure)."""
    index = content_index(body)
    item = step.item(body.get("item_id"))
    if item is None or words_of(_texts(part)) is None:
        return
    known = (item.told or {}).get(index, {})
    told = {**known, **{name: value for name, value in part.items() if value not in (None, "") and name != "audio"}}
    if known.get("type") not in (None, "audio", "text") and told.get("type") in ("audio", "text"):
        told["type"] = known["type"]
    item.told = {**(item.told or {}), index: told}
    revise(step, item, "joined")


def _texts(part: dict[str, Any]) -> dict[str, Any]:
    return {"text": text_or_none(part.get("text")), "transcript": text_or_none(part.get("transcript"))}
