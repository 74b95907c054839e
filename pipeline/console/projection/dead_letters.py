"""Rejected records into the store: the reason, where it came from, its text, and the part that is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from json import JSONDecoder, decoder
from typing import Any, cast

from sqlalchemy import Connection, func, select

from pipeline.console.projection.facts import label, number, text
from pipeline.console.projection.fold import Row
from pipeline.console.projection.statements import insert, many, upsert
from pipeline.console.store.dialects import Dialect
from pipeline.console.store.schema import reject_counts, rejected
from pipeline.core import InputRecord
from pipeline.ingest.redact import REDACTED, Redaction, RedactionFailed
from pipeline.rejected.pointing import AtPath, InText, Path, Pointer, Sizes, point_at
from pipeline.rejected.record import Rejected, rejected_record

MOST_CHARACTERS = 65_536
"""Of a rejected value that are kept; the topic has it whole."""


def write_rejected(connection: Connection, dialect: Dialect, rows: Sequence[Row]) -> None:
    """Put rejected records, as `rejected_row` made them, into the store."""
    if not rows:
        return
    first = (connection.execute(select(func.max(rejected.c.id))).scalar() or 0) + 1
    many(connection, insert(rejected), [{"id": number, **row} for number, row in enumerate(rows, first)])
    reasons = Counter(row["reason"] for row in rows)
    counts = [{"reason": reason, "count": count} for reason, count in reasons.items()]
    many(connection, upsert(dialect, reject_counts, ("count",)), counts)


def rejected_row(record: InputRecord, redaction: Redaction | None) -> Row:
    """A row of `rejected` but for its id; without the value where redaction rules cannot be applied."""
    one = rejected_record(record)
    withheld = False
    if redaction is not None and one.value:
        try:
            one = replace(one, value=redaction.apply(one.value))
        except RedactionFailed:
            one, withheld = replace(one, value=REDACTED.encode()), True
    value = one.value or b""
    shown = value.decode(errors="backslashreplace").replace("\x00", "\ufffd")
    mark = None if withheld else _mark(one, shown)
    origin = one.origin
    return {
        "partition": one.place.partition,
        "offset": one.place.offset,
        "at": max(number(one.timestamp), 0),
        "session_id": label(one.session_id),
        "reason": label(one.reason) or "unknown",
        "message": text(one.message) or "",
        "original_topic": origin and label(origin.place.topic),
        "original_partition": origin and number(origin.place.partition),
        "original_offset": origin and number(origin.place.offset),
        "original_at": number(origin.timestamp) if origin and origin.timestamp >= 0 else None,
        "value": shown[:MOST_CHARACTERS],
        "binary": _is_binary(value),
        "truncated": len(shown) > MOST_CHARACTERS or "value" in one.left_out,
        "mark_start": mark and mark[0],
        "mark_end": mark and mark[1],
    }


def _is_binary(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return True
    return b"\x00" in value


def _mark(one: Rejected, shown: str) -> tuple[int, int] | None:
    """Where in the text is what is wrong; None where one can't say, or it is not shown."""
    try:
        mark = span_of(point_at(one), shown)
    except (ValueError, RecursionError):
        return None  # pointing at what is wrong must not itself go wrong
    return mark if mark and mark[1] <= MOST_CHARACTERS else None


def span_of(pointer: Pointer, shown: str) -> tuple[int, int] | None:
    """First and last character (the last excluded) of what is pointed at."""
    match pointer:
        case InText(_, position, _):
            return (min(position, len(shown)), min(position + 1, len(shown)))
        case AtPath(_, path, _) if path:
            return _span(shown, path)
        case Sizes([(path, _), *_]) if path:
            return _span(shown, path)
        case _:
            return None


_DECODER: Any = JSONDecoder()
_blank: Any = cast(Any, decoder).WHITESPACE
_string: Any = cast(Any, decoder).scanstring


def _span(shown: str, path: Path) -> tuple[int, int]:
    """Where the value at a path stands in a JSON text. Raises ValueError where it is not there."""
    at = _after_blank(shown, 0)
    for step in path:
        at = _child(shown, at, step)
    return at, _DECODER.raw_decode(shown, at)[1]


def _child(shown: str, at: int, step: str | int) -> int:
    """Where an entry of the object or array that begins at `at` begins."""
    found = -1
    index = 0
    at = _after_blank(shown, at + 1)
    while shown[at : at + 1] not in ("]", "}", ""):
        name: str | int = index
        if isinstance(step, str):
            name, at = _string(shown, at + 1, False)
            at = _after_blank(shown, _after_blank(shown, at) + 1)
        if name == step:
            found = at  # of keys that are there twice the last one counts
        at = _after_blank(shown, _DECODER.raw_decode(shown, at)[1])
        if shown[at : at + 1] == ",":
            at = _after_blank(shown, at + 1)
        index += 1
    if found < 0:
        raise ValueError(step)
    return found


def _after_blank(shown: str, at: int) -> int:
    return _blank.match(shown, at).end()
