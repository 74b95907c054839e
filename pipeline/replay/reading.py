"""Reading a span of a partition, `read_committed`, in the batches Kafka sends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from aiokafka import TopicPartition

from pipeline.core import InputRecord
from pipeline.rejected.read import POLL_MS, Reader


async def batches(consumer: Reader, source: TopicPartition, begin: int, end: int) -> AsyncIterator[list[InputRecord]]:
    """The records from offset `begin` on, before `end`. The consumer is the caller's alone meanwhile."""
    async for records in batches_of(consumer, {source: (begin, end)}):
        yield records


async def batches_of(
    consumer: Reader, spans: Mapping[TopicPartition, tuple[int, int]]
) -> AsyncIterator[list[InputRecord]]:
    """The records of several partitions, each batch of one of them; within a partition in order."""
    left = {source: end for source, (begin, end) in spans.items() if begin < end}
    if not left:
        return
    consumer.assign([*left])
    for source in left:
        consumer.seek(source, spans[source][0])
    while left:
        for source, records in (await consumer.getmany(timeout_ms=POLL_MS)).items():
            end = left.get(source, 0)
            if records and records[-1].offset >= end:
                records = [record for record in records if record.offset < end]
            if records:
                yield records
        for source, end in [*left.items()]:
            # The position, since a log may end with the markers of transactions, which are never seen as records.
            if await consumer.position(source) >= end:
                del left[source]
                consumer.pause(source)


async def ends(consumer: Reader, topic: str, partitions: range) -> dict[int, tuple[int, int]]:
    """Where each partition begins and ends now, for a `read_committed` reader."""
    found = await spans_of(consumer, [TopicPartition(topic, number) for number in partitions])
    return {source.partition: span for source, span in found.items()}


async def spans_of(consumer: Reader, sources: Sequence[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
    """The same of partitions of any topics."""
    begin, end = await consumer.beginning_offsets(sources), await consumer.end_offsets(sources)
    return {source: (begin[source], end[source]) for source in sources}


async def offset_at(consumer: Reader, source: TopicPartition, ms: int, otherwise: int) -> int:
    """The first offset whose record is as late as `ms`, or later; `otherwise` where there is none."""
    found = (await consumer.offsets_for_times({source: max(ms, 0)}))[source]
    return otherwise if found is None else min(found.offset, otherwise)


async def time_at(consumer: Reader, source: TopicPartition, offset: int, end: int) -> int | None:
    """The timestamp of the first record from `offset` on, before `end`; None where there is none."""
    async for records in batches(consumer, source, offset, end):
        return records[0].timestamp
    return None
