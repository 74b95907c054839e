"""Reading a span of a partition, `read_committed`, in the batches Kafka sends."""

from __future__ import annotations

from collections.abc import AsyncIterator

from aiokafka import TopicPartition

from pipeline.core import InputRecord
from pipeline.rejected.read import POLL_MS, Reader


async def batches(consumer: Reader, source: TopicPartition, begin: int, end: int) -> AsyncIterator[list[InputRecord]]:
    """The records from offset `begin` on, before `end`. The consumer is the caller's alone meanwhile."""
    if begin >= end:
        return
    consumer.assign([source])
    consumer.seek(source, begin)
    # The position, since a log may end with the markers of transactions, which are never seen as records.
    while await consumer.position(source) < end:
        records = (await consumer.getmany(source, timeout_ms=POLL_MS)).get(source, [])
        if records and records[-1].offset >= end:
            records = [record for record in records if record.offset < end]
        if records:
            yield records


async def ends(consumer: Reader, topic: str, partitions: range) -> dict[int, tuple[int, int]]:
    """Where each partition begins and ends now, for a `read_committed` reader."""
    sources = [TopicPartition(topic, number) for number in partitions]
    begin, end = await consumer.beginning_offsets(sources), await consumer.end_offsets(sources)
    return {source.partition: (begin[source], end[source]) for source in sources}


async def offset_at(consumer: Reader, source: TopicPartition, ms: int, otherwise: int) -> int:
    """The first offset whose record is as late as `ms`, or later; `otherwise` where there is none."""
    found = (await consumer.offsets_for_times({source: max(ms, 0)}))[source]
    return otherwise if found is None else min(found.offset, otherwise)


async def time_at(consumer: Reader, source: TopicPartition, offset: int, end: int) -> int | None:
    """The timestamp of the first record from `offset` on, before `end`; None where there is none."""
    async for records in batches(consumer, source, offset, end):
        return records[0].timestamp
    return None
