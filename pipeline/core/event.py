"""One input record read as a Realtime server event, as little of it as the event needs."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from pipeline.core.records import InputRecord
from pipeline.core.reject import Rejection
from pipeline.core.rfc3339 import milliseconds
from pipeline.core.values import MAX_DEPTH, digest, text_or_none, too_deep

_LEADING_TYPE = re.compile(rb'\s*\{\s*(?:"event_id"\s*:\s*"[^"\\]*"\s*,\s*)?"type"\s*:\s*"([^"\\]+)"')


def leading_type(value: bytes) -> bytes | None:
    """The event's type where it stands first, or right after `event_id`: where providers write it. None elsewhere."""
    found = _LEADING_TYPE.match(value)
    return found[1] if found is not None else None


class Event:
    """A parsed event with what its headers say. All of it lazily: most events need little."""

    __slots__ = ("_identity", "_ms", "_source", "_time", "body", "headers", "record", "size", "type")

    def __init__(
        self, record: InputRecord, size: int, headers: dict[str, bytes | None], body: dict[str, Any], type_: str
    ) -> None:
        self.record = record
        self.size = size
        """Bytes of the record's value."""
        self.headers = headers
        self.body = body
        self.type = type_
        self._identity: int | None = None
        self._ms: int | None = None
        self._time: str | None = None
        self._source: bytes | None = None

    @property
    def id(self) -> str | None:
        """The event's id: header `ce_id`, else `event_id` of the JSON."""
        return header_text(self.headers.get("ce_id")) or text_or_none(self.body.get("event_id"))

    @property
    def identity(self) -> int:
        """What makes this event the same as a repeated one: its `event_id`, or its bytes where it has none."""
        if self._identity is None:
            event_id = self.body.get("event_id")
            if not event_id or not isinstance(event_id, str):
                event_id = header_text(self.headers.get("ce_id"))
            self._identity = digest(event_id.encode("utf-8", "replace") if event_id else self.record.value or b"")
        return self._identity

    @property
    def time(self) -> str:
        """When the collector received the event, RFC 3339: `ce_time` as it stands, else the record's timestamp."""
        return self._read_clock() if self._time is None else self._time

    @property
    def ms(self) -> int | None:
        """`time` in milliseconds since the epoch; None where the record has no timestamp (-1): no span is made up."""
        if self._time is None:
            self._read_clock()
        return self._ms

    @property
    def source(self) -> bytes:
        """The `source` field of records that this event causes, as JSON."""
        if self._source is None:
            record, sequence = self.record, self.headers.get("ce_sequence")
            self._source = orjson.dumps(
                {
                    "topic": record.topic,
                    "partition": record.partition,
                    "offset": record.offset,
                    "event_id": self.id,
                    "event_type": self.type,
                    "sequence": int(sequence)
                    if sequence and sequence.isdigit() and len(sequence) < 19
                    else record.offset,
                    "received_at": self.time,
                }
            )
        return self._source

    def _read_clock(self) -> str:
        timestamp, told = self.record.timestamp, self.headers.get("ce_time")
        ms = milliseconds(told) if told else None
        if told and ms is not None:
            time, self._ms = told.decode(), ms if timestamp >= 0 else None
        else:  # no such time: the record's own timestamp stands in
            time, self._ms = rfc3339(max(timestamp, 0)), timestamp if timestamp >= 0 else None
        self._time = time
        return time


def header_text(value: bytes | None) -> str | None:
    """A header's value as text; None where it is missing or empty. Bytes that are not UTF-8 are kept readable."""
    return value.decode("utf-8", "backslashreplace") if value else None


def rfc3339(ms: int) -> str:
    """Milliseconds since the epoch as RFC 3339 in UTC. Times outside of years 1 to 9999 become the epoch."""
    seconds, rest = divmod(ms, 1000)
    try:
        return f"{_to_the_second(seconds)}.{rest:03}Z"
    except (ValueError, OverflowError, OSError):
        return f"{_to_the_second(0)}.000Z"


@lru_cache(maxsize=128)  # most events are of the second of the one before
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def parse(record: InputRecord, headers: dict[str, bytes | None], max_bytes: int) -> Event:
    """The event in `record`. Raises `Rejection` where it is none."""
    value = record.value or b""
    if len(value) > max_bytes:
        raise Rejection("too_large", f"the event has {len(value)} bytes; the limit max_event_bytes is {max_bytes}")
    try:
        body: Any = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Rejection("not_json", f"the value is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise Rejection("not_object", f"the value is JSON, but {_json_name(body)} and not an object")
    event: dict[str, Any] = body  # pyright: ignore[reportUnknownVariableType]
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH and too_deep(event):
        raise Rejection("item_invalid", f"the event nests deeper than {MAX_DEPTH} levels")
    type_: Any = event.get("type")
    if not isinstance(type_, str) or not type_:
        header = headers.get("ce_type")
        if type_ is not None or not header:
            raise Rejection("type_missing", "the event has no `type` (a text), and there is no header ce_type")
        type_ = header.decode(errors="backslashreplace")
    return Event(record, len(value), headers, event, type_)


def _json_name(value: object) -> str:
    names: dict[type, str] = {list: "an array", str: "a text", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")
