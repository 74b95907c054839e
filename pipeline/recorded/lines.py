"""Lines of recorded events as input records.

A line is an event; or `{"direction", "event"}`, where what was sent to the server is skipped; or a line of an export:
`{"time", "session_id", "sequence", "provider", "tenant", "event"}`, with `raw` (text) in place of `event` where the
value was no JSON. Whatever else a line is goes to the core as it stands, which says what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import orjson

NO_TIMESTAMP = -1
"""Kafka's word for a record without a timestamp."""

DEFAULT_TIME = "1970-01-01T00:00:00Z"

_ENVELOPE = {
    "time": "ce_time",
    "session_id": "ce_sessionid",
    "sequence": "ce_sequence",
    "provider": "ce_provider",
    "tenant": "ce_tenant",
}
"""Fields of an export's line -> the headers they were."""


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An input record made of a line; see `pipeline.core.InputRecord`."""

    topic: str
    offset: int
    """Number of the line, from 1."""
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes]]
    timestamp: int
    partition: int = 0
    timestamp_type: int = 0


def read_lines(
    lines: Iterable[bytes], name: str, session_id: str, provider: str | None = None, start_time: str | None = None
) -> Iterator[RecordedEvent]:
    """The events of a recording.

    `name` stands in for the topic's. Each `session.created` starts a new connection whose session is its `session.id`;
    events before the first one belong to `session_id`; a line of an export names its session itself. Events without a
    time are all taken to be at `start_time`: a recording without a clock tells of no spans of time.
    """
    current = session_id
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text:
            continue
        value, event, envelope = _unwrap(text)
        if value is None:
            continue
        current = _session_of(event) or current
        told = {header: str(envelope[field]) for field, header in _ENVELOPE.items() if envelope.get(field) is not None}
        headers = {"ce_time": start_time or DEFAULT_TIME, "ce_sequence": str(number)} | told
        if provider is not None:
            headers["ce_provider"] = provider
        yield RecordedEvent(
            topic=name,
            offset=number,
            key=headers.get("ce_sessionid", current).encode(errors="replace"),
            value=value,
            headers=[(header, content.encode(errors="replace")) for header, content in headers.items()],
            timestamp=_milliseconds(told.get("ce_time")),
        )


def _unwrap(text: bytes) -> tuple[bytes | None, object, dict[str, Any]]:
    """The event's bytes (None: nothing received), the event, and what is told beside it."""
    try:
        parsed: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text, None, {}
    if not isinstance(parsed, dict):
        return text, None, {}
    line = cast(dict[str, Any], parsed)
    if "type" in line or not ("event" in line or isinstance(line.get("raw"), str)):
        return text, line, {}
    if line.get("direction", "received") != "received":
        return None, None, {}
    if line.get("event") is None and isinstance(line.get("raw"), str):
        return cast(str, line["raw"]).encode(errors="replace"), None, line
    return orjson.dumps(line.get("event")), line.get("event"), line


def _session_of(event: object) -> str | None:
    if not isinstance(event, dict) or cast(dict[str, Any], event).get("type") != "session.created":
        return None
    session: object = cast(dict[str, Any], event).get("session")
    told: object = cast(dict[str, Any], session).get("id") if isinstance(session, dict) else None
    return told if isinstance(told, str) and told else None


def _milliseconds(time: str | None) -> int:
    if time is None:
        return NO_TIMESTAMP
    try:
        moment = datetime.fromisoformat(time)
        return int(moment.timestamp() * 1000) if moment.tzinfo is not None else NO_TIMESTAMP
    except (ValueError, OverflowError):
        return NO_TIMESTAMP
