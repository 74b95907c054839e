"""Finding sessions of old on the output topics, whose records say which events made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from aiokafka import TopicPartition
from aiokafka.partitioner import murmur2  # pyright: ignore[reportUnknownVariableType]

from pipeline.rejected.read import Reader
from pipeline.replay.reading import batches_of, spans_of
from topics.catalogue import CATALOGUE, REJECTED


@dataclass(slots=True)
class Traces:
    """What the records of some sessions tell of the input, in one partition."""

    first_offset: int
    last_offset: int
    last_ms: int


async def find_sessions(
    consumer: Reader, prefix: str, partitions: range, sessions: frozenset[str]
) -> Mapping[int, Traces] | None:
    """Where in the input the sessions are, by partition; None where one of them is nowhere.

    Records lie in the partition of their input, and that is where Kafka's own partitioner puts the key, unless the
    collector has another: so the others are read only where a session is not found there.
    """
    names = frozenset(session.encode() for session in sessions)
    first = {_home(key, len(partitions)) for key in names}
    found: dict[int, Traces] = {}
    seen: set[bytes] = set()
    for number in sorted(first):
        await _look(consumer, prefix, number, names, seen, found)
    for number in partitions:
        if len(seen) < len(names) and number not in first:
            await _look(consumer, prefix, number, names, seen, found)
    return found if len(seen) == len(names) else None


async def _look(
    consumer: Reader, prefix: str, number: int, names: frozenset[bytes], seen: set[bytes], found: dict[int, Traces]
) -> None:
    """Take note of every record of the sessions in one partition of the output topics."""
    topics = [spec.full_name(prefix) for spec in CATALOGUE if spec is not REJECTED]
    spans = await spans_of(consumer, [TopicPartition(topic, number) for topic in topics])
    async for records in batches_of(consumer, spans):
        for record in records:
            if record.key in names:
                seen.add(record.key)
                offset = orjson.loads(record.value or b"{}")["source"]["offset"]
                traces = found.setdefault(number, Traces(offset, offset, record.timestamp))
                traces.first_offset = min(traces.first_offset, offset)
                traces.last_offset = max(traces.last_offset, offset)
                traces.last_ms = max(traces.last_ms, record.timestamp)


def _home(key: bytes, partitions: int) -> int:
    """The partition in which Kafka's default partitioner puts a key."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions
