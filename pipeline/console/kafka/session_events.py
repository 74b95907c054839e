"""The server events of a session, out of the input topic: to look at, and as a fixture for `itemstream process`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import orjson

from pipeline.console.kafka.event_span import Span, session_records, span_of, traces_of
from pipeline.console.models import Entry, RawEvent, RawEvents
from pipeline.console.queries import Queries
from pipeline.console.services import NotFoundError
from pipeline.core import InputRecord
from pipeline.core.event import leading_type
from pipeline.core.values import object_or_none
from pipeline.export.json_lines import event_fields
from pipeline.ingest.redact import REDACTED, Redaction, RedactionFailed
from pipeline.rejected.read import Reader, reader
from pipeline.settings import Settings

MOST_EVENTS = 10_000
MOST_CHARACTERS = 8 * 1024 * 1024
"""Of all values of one answer."""
PAGE = 1000


class KafkaSessionEvents:
    """Implements `SessionEvents`. redaction: as of the store; an event to which it can't be applied is not shown."""

    def __init__(self, settings: Settings, queries: Queries, redaction: Redaction | None) -> None:
        self._settings = settings
        self._queries = queries
        self._redaction = redaction

    async def events(self, session_id: str, item_id: str | None) -> RawEvents:
        """All there are within reach, or those behind one item or response."""
        entries = await asyncio.to_thread(self._entries, session_id)
        found: list[RawEvent] = []
        characters = 0
        notes: list[str] = []
        async with reader(self._settings) as consumer:
            for span in await self._spans(consumer, session_id, entries):
                async for record in session_records(consumer, span, session_id.encode()):
                    if item_id is not None and not is_about(record.value or b"", item_id):
                        continue
                    event = self._event(record)
                    characters += len(event.value)
                    if len(found) >= MOST_EVENTS or characters > MOST_CHARACTERS:
                        notes.append(f"these are the first {len(found):,}; there are more")
                        break
                    found.append(event)
                if span.note:
                    notes.append(span.note)
        return RawEvents(events=found, complete=not notes, note="; ".join(notes) or None)

    async def fixture(self, session_id: str) -> AsyncIterator[bytes]:
        """A line an event. Raises NotFoundError before the first."""
        entries = await asyncio.to_thread(self._entries, session_id)
        async with reader(self._settings) as consumer:
            for span in await self._spans(consumer, session_id, entries):
                async for record in session_records(consumer, span, session_id.encode()):
                    yield self._line(record)

    def _entries(self, session_id: str) -> list[Entry]:
        entries: list[Entry] = []
        while (page := self._queries.timeline(session_id, len(entries), PAGE)) is not None:
            entries += page.entries
            if not page.entries or len(entries) >= page.total:
                return entries
        raise NotFoundError(f"there is no session {session_id} in the console's store")

    async def _spans(self, consumer: Reader, session_id: str, entries: list[Entry]) -> list[Span]:
        retention_ms = round(self._settings.session_retention * 1000)
        return [
            await span_of(consumer, source, traces, session_id.encode(), retention_ms)
            for source, traces in sorted(traces_of(entries).items())
        ]

    def _event(self, record: InputRecord) -> RawEvent:
        headers = dict(record.headers)
        value = self._shown(record.value or b"")
        body = _parsed(value) or {}
        told: dict[str, Any] = event_fields(record)
        type_ = headers.get("ce_type") or leading_type(value)
        event_id = body.get("event_id") or (headers.get("ce_id") or b"").decode(errors="backslashreplace")
        return RawEvent(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            at=told["time"],
            event_type=type_.decode(errors="backslashreplace") if type_ else _text(body.get("type")),
            event_id=_text(event_id),
            value=value.decode(errors="backslashreplace"),
        )

    def _line(self, record: InputRecord) -> bytes:
        value = self._shown(record.value or b"")
        line = {name: told for name, told in event_fields(record).items() if told is not None}
        if _parsed(value) is not None:
            line["event"] = orjson.Fragment(value.replace(b"\n", b" ").replace(b"\r", b" "))
        else:
            line["raw"] = value.decode(errors="backslashreplace")
        return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)

    def _shown(self, value: bytes) -> bytes:
        if self._redaction is None:
            return value
        try:
            return self._redaction.apply(value)
        except RedactionFailed:
            return REDACTED.encode()


def is_about(value: bytes, name: str) -> bool:
    """Whether an event tells of this item or response: by its ids, not by what was said."""
    if name.encode() not in value:
        return False
    body = _parsed(value) or {}
    item = object_or_none(body.get("item")) or {}
    response = object_or_none(body.get("response")) or {}
    output: object = response.get("output")
    parts = cast(list[Any], output) if isinstance(output, list) else []
    # Of any type: a list, for it is compared and never hashed.
    ids: list[Any] = [body.get("item_id"), item.get("id"), *((object_or_none(part) or {}).get("id") for part in parts)]
    # Every delta of a response names it too; of a response itself, what began and what ended it.
    return name in ids or response.get("id") == name


def _parsed(value: bytes) -> dict[str, Any] | None:
    try:
        return object_or_none(orjson.loads(value))
    except orjson.JSONDecodeError:
        return None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
