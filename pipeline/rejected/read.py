"""Reading a rejected topic: `read_committed`, partition by partition, up to where it ends now."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.core import InputRecord
from pipeline.errors import ItemstreamError
from pipeline.rejected.record import Rejected, rejected_record
from pipeline.rejected.selection import Selection
from pipeline.settings import Settings
from pipeline.streaming import aiokafka_fixes

POLL_MS = 200
_FETCH_BYTES = 4 * 1024 * 1024


class Reader(Protocol):
    """What is used of AIOKafkaConsumer."""

    def assign(self, partitions: Sequence[TopicPartition]) -> None: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    def pause(self, *partitions: TopicPartition) -> None: ...
    async def position(self, partition: TopicPartition) -> int: ...
    async def getmany(self, *partitions: TopicPartition, timeout_ms: int) -> Mapping[Any, list[InputRecord]]: ...
    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def offsets_for_times(self, times: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]: ...


@asynccontextmanager
async def reader(settings: Settings) -> AsyncGenerator[Reader]:
    """A started consumer outside of any group. Raises ItemstreamError where no Kafka answers."""
    # What matters of its log comes as an error of ours.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    aiokafka_fixes.apply()  # header keys that are not UTF-8 can be read
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=_FETCH_BYTES,
        fetch_max_wait_ms=100,
        **settings.connection(),
    )
    try:
        await consumer.start()
    except (KafkaError, OSError) as error:
        await consumer.stop()
        raise ItemstreamError(
            f"no Kafka at {settings.bootstrap_servers} ({type(error).__name__}); start one with itemstream kafka "
            "start, or name another with --bootstrap-servers"
        ) from error
    try:
        yield cast(Reader, consumer)
    finally:
        await consumer.stop()


async def read_rejected(
    consumer: Reader, topic: str, partitions: Sequence[int], selection: Selection
) -> AsyncIterator[Rejected]:
    """The records meant, in the order of their partitions and offsets, as far as each partition goes now."""
    for partition in selection.partitions(partitions):
        async for record in read_partition(consumer, TopicPartition(topic, partition), selection):
            if selection.matches(rejected := rejected_record(record)):
                yield rejected


async def read_partition(
    consumer: Reader, source: TopicPartition, selection: Selection | None = None
) -> AsyncIterator[InputRecord]:
    """Every record of a partition from the first to where it ends now; `selection` may leave out what lies outside."""
    consumer.assign([source])
    begin = (await consumer.beginning_offsets([source]))[source]
    end = (await consumer.end_offsets([source]))[source]
    if selection is not None:
        first, last = selection.offsets(source.partition)
        begin, end = max(begin, first), end if last is None else min(end, last)
        if selection.since_ms is not None:
            # No record before the first that is as late can be.
            found = (await consumer.offsets_for_times({source: selection.since_ms}))[source]
            begin = end if found is None else max(begin, found.offset)
    consumer.seek(source, begin)
    while begin < end and await consumer.position(source) < end:
        for record in (await consumer.getmany(source, timeout_ms=POLL_MS)).get(source, ()):
            if record.offset < end:
                yield record
