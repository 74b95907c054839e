"""A topic to be exported: its partitions, where they begin and end, and what is committed in them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from pipeline.errors import ItemstreamError
from pipeline.export.names import missing
from pipeline.settings import Settings
from pipeline.streaming import aiokafka_fixes
from topics.admin import connect
from topics.fetched_records import FetchedRecord

POLL_MS = 200
FETCH_BYTES = 4 * 1024 * 1024
STALL_SECONDS = 60.0
"""Without a record, though there are more: then Kafka is taken to be gone."""


class _Consumer(Protocol):
    """What is used of AIOKafkaConsumer."""

    def assign(self, partitions: Sequence[TopicPartition]) -> None: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    async def position(self, partition: TopicPartition) -> int: ...
    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int
    ) -> Mapping[TopicPartition, list[FetchedRecord]]: ...
    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def offsets_for_times(self, times: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]: ...


class Fetch(NamedTuple):
    """Records of a partition; all before `next` has been read with them."""

    records: Sequence[FetchedRecord]
    next: int
    lost: tuple[int, int] | None = None
    """Offsets (the second one excluded) that Kafka deleted before they were read."""


@dataclass(frozen=True, slots=True)
class Source:
    """A topic, being read `read_committed`, outside of any group."""

    topic: str
    partitions: tuple[int, ...]
    cluster: str | None
    _consumer: _Consumer

    async def begins(self, partitions: Sequence[int]) -> dict[int, int]:
        """The first offset of each that Kafka still has."""
        found = await self._consumer.beginning_offsets(self._places(partitions))
        return {place.partition: offset for place, offset in found.items()}

    async def ends(self, partitions: Sequence[int]) -> dict[int, int]:
        """The offset behind the last committed record of each: transactions that are open come later."""
        found = await self._consumer.end_offsets(self._places(partitions))
        return {place.partition: offset for place, offset in found.items()}

    async def since(self, partition: int, ms: int) -> int | None:
        """The offset before which no record is as late; None where none is."""
        place = TopicPartition(self.topic, partition)
        found = (await self._consumer.offsets_for_times({place: ms}))[place]
        return None if found is None else found.offset

    async def read(self, partition: int, start: int, end: int) -> AsyncIterator[Fetch]:
        """What is committed from `start` up to, and not with, `end`."""
        place = TopicPartition(self.topic, partition)
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        position, moved = start, time.monotonic()
        while position < end:
            try:
                fetched = await self._consumer.getmany(place, timeout_ms=POLL_MS)
            except OffsetOutOfRangeError:
                begin = min((await self.begins([partition]))[partition], end)
                self._consumer.seek(place, begin)
                yield Fetch((), begin, (position, begin))
                position, moved = begin, time.monotonic()
                continue
            at = min(await self._consumer.position(place), end)
            if at > position:
                records = fetched.get(place, [])
                if records and records[-1].offset >= end:
                    records = [record for record in records if record.offset < end]
                position, moved = at, time.monotonic()
                yield Fetch(records, at)
                # The time between is the caller's.
                moved = time.monotonic()
            elif time.monotonic() - moved > STALL_SECONDS:
                raise ItemstreamError(
                    f"Kafka has sent nothing of {self.topic}-{partition} for {STALL_SECONDS:.0f} s, at offset "
                    f"{position} of {end}; run the same command again, it goes on where it was"
                )

    def _places(self, partitions: Sequence[int]) -> list[TopicPartition]:
        return [TopicPartition(self.topic, partition) for partition in partitions]


@asynccontextmanager
async def open_source(settings: Settings, topic: str) -> AsyncGenerator[Source]:
    """Raises ItemstreamError, or TopicsError, where no Kafka answers, it refuses, or the topic does not exist."""
    # What matters of its log comes as an error of ours.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    aiokafka_fixes.apply()  # header keys that are not UTF-8 can be read
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        cluster: str | None = (await admin.describe_cluster()).get("cluster_id")
        # All of them: to ask for one by name creates it where brokers auto-create topics.
        found = [one for one in await admin.describe_topics() if one["topic"] == topic]
    if not found:
        raise ItemstreamError(missing(settings, topic))
    partitions = tuple(sorted(partition["partition"] for partition in found[0]["partitions"]))
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        # Where the offset is gone, what is lost is to be told.
        auto_offset_reset="none",
        max_partition_fetch_bytes=FETCH_BYTES,
        fetch_max_wait_ms=100,
        **settings.connection(),
    )
    try:
        await consumer.start()
        # aiokafka can't stop a consumer whose tasks never ran.
        await asyncio.sleep(0)
        yield Source(topic, partitions, cluster, cast(_Consumer, consumer))
    except KafkaError as error:
        raise ItemstreamError(
            f"Kafka at {settings.bootstrap_servers} failed while {topic} was read "
            f"({' '.join(str(error).split())}); what is complete stays, run the same command again"
        ) from error
    finally:
        await consumer.stop()
