"""Values that several record types share: JSON inside of texts, errors, spans of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson

from pipeline.core.values import MAX_DEPTH, int_or_none, object_or_none, text_or_none, too_deep

Fields = tuple[dict[str, Any], Mapping[str, Any], Sequence[str]]
"""Fields of a record beside the common ones: those that decide whether it is a new revision; those that are filled in
as known at the time and never make one; and warnings."""

NONE: Mapping[str, Any] = MappingProxyType({})
NO_WARNINGS: Sequence[str] = ()


def raw_and_parsed(value: object) -> tuple[str | None, Any, bool]:
    """A field that holds JSON as text: the text verbatim, what it parses to, and whether it parsed.

    Some servers send the JSON itself: then the text is written from it.
    """
    if value is None:
        return None, None, False
    if not isinstance(value, str):
        return orjson.dumps(value).decode(), value, True
    try:
        parsed: object = orjson.loads(value)
    except orjson.JSONDecodeError:
        return value, None, False
    if value.count("{") + value.count("[") > MAX_DEPTH and too_deep(parsed):
        return value, None, False
    return value, parsed, True


def error_of(told: object) -> dict[str, Any] | None:
    """An error told as an object, or as a mere text, as `{type, code, message}`; further fields are kept."""
    if isinstance(told, str) and told:
        return {"type": None, "code": None, "message": told}
    error = object_or_none(told)
    if not error:
        return None
    code = error.get("code")
    return {
        **error,
        "type": text_or_none(error.get("type")),
        "code": code if isinstance(code, str) else int_or_none(code),
        "message": text_or_none(error.get("message")),
    }


def span_ms(start: int | None, end: int | None) -> int | None:
    """Milliseconds from `start` to `end`; None where one is unknown, or they are the wrong way round."""
    return end - start if start is not None and end is not None and end >= start else None
