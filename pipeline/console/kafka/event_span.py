"""Where in the input a session's events are: from its first, looked for backwards, to the last that made a record."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition

from pipeline.console.models import Entry
from pipeline.core import InputRecord
from pipeline.core.values import object_or_none
from pipeline.rejected.read import Reader
from pipeline.replay.reading import batches, spans_of

STEP = 2_000
"""Offsets looked at before the first that is known; then ever more."""
MOST_READ = 400_000
"""Offsets read for one session, at most."""
MARGIN_MS = 60_000
"""Before the event that creates a session nothing of it is looked for beyond this."""


@dataclass(slots=True)
class Span:
    """Offsets of a partition that hold a session, the last one not included. note: why some of it may be missing."""

    source: TopicPartition
    begin: int
    end: int
    note: str | None = None


@dataclass(slots=True)
class Traces:
    """What a session's records say of the events they are of."""

    first: int
    last: int


def traces_of(entries: Iterable[Entry]) -> dict[TopicPartition, Traces]:
    """By partition of the input."""
    found: dict[TopicPartition, Traces] = {}
    for entry in entries:
        place = _place_of(object_or_none(entry.record.get("source")) or {})
        if place is None:
            continue
        source, offset = place
        traces = found.setdefault(source, Traces(offset, offset))
        traces.first, traces.last = min(traces.first, offset), max(traces.last, offset)
    return found


def _place_of(source: dict[str, Any]) -> tuple[TopicPartition, int] | None:
    """None where a record that is not the worker's, or a rule that took it out, leaves no place in Kafka."""
    topic, partition, offset = source.get("topic"), source.get("partition"), source.get("offset")
    if not isinstance(topic, str) or type(partition) is not int or type(offset) is not int:
        return None
    return (TopicPartition(topic, partition), offset) if 0 <= partition < 2**31 and 0 <= offset < 2**63 else None


def belongs(record: InputRecord, session: bytes) -> bool:
    """Whether an event is the session's: header `ce_sessionid`, else the key."""
    return (dict(record.headers).get("ce_sessionid") or record.key) == session


async def span_of(consumer: Reader, source: TopicPartition, traces: Traces, session: bytes, retention_ms: int) -> Span:
    """Look for the session's first event.

    It is known once nothing of the session is found for `retention_ms` before it, after which a worker forgets a
    session; or a minute before the event that creates it. What is looked through is bounded.
    """
    ((begin, end),) = (await spans_of(consumer, [source])).values()
    upto = min(traces.last + 1, end)
    if traces.first < begin:
        return Span(source, begin, upto, "Kafka has deleted the beginning of this session")
    first, first_ms, created = traces.first, None, False
    at, step, left = traces.first + 1, STEP, MOST_READ - (upto - traces.first)
    while at > begin:
        if left <= 0:
            return Span(source, first, upto, "the session's beginning lies further back than is looked here")
        start = max(begin, at - min(step, left))
        oldest_ms: int | None = None
        seen: list[InputRecord] = []
        async for records in batches(consumer, source, start, at):
            oldest_ms = records[0].timestamp if oldest_ms is None else oldest_ms
            seen += [record for record in records if belongs(record, session)]
        if seen:
            first, first_ms = seen[0].offset, seen[0].timestamp
            created = b'"session.created"' in (seen[0].value or b"")[:200]
        left -= at - start
        at, step = start, step * 4
        if oldest_ms is not None and first_ms is not None:
            reach = MARGIN_MS if created else retention_ms + MARGIN_MS
            if oldest_ms < first_ms - reach:
                return Span(source, first, upto)
    if begin > 0 and not created:
        return Span(source, first, upto, "Kafka may have deleted the beginning of this session")
    return Span(source, first, upto)


async def session_records(consumer: Reader, span: Span, session: bytes) -> AsyncIterator[InputRecord]:
    """The session's events within a span, in order; of a very long one only the beginning."""
    end = min(span.end, span.begin + MOST_READ)
    async for records in batches(consumer, span.source, span.begin, end):
        for record in records:
            if belongs(record, session):
                yield record
    if end < span.end:
        span.note = "the session is longer than is read here"
