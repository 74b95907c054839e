"""The topics, read from where the store is: `read_committed`, outside of any consumer group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.console.projection.positions import Place, Position, digest, recreated
from pipeline.core import InputRecord
from pipeline.settings import Settings
from pipeline.streaming import aiokafka_fixes
from topics.admin.cluster import AdminClient
from topics.subscriptions.fast_records import make_fast

_PARTITION_BYTES = 1024 * 1024
_FETCH_BYTES = 8 * 1024 * 1024


class Consumer(Protocol):
    """What is used of AIOKafkaConsumer."""

    def assign(self, partitions: Sequence[TopicPartition]) -> None: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    def last_stable_offset(self, partition: TopicPartition) -> int | None: ...
    async def position(self, partition: TopicPartition) -> int: ...
    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int
    ) -> Mapping[TopicPartition, list[InputRecord]]: ...
    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...


@asynccontextmanager
async def open_consumer(settings: Settings) -> AsyncGenerator[Consumer]:
    """A started consumer. Raises KafkaError, OSError where no Kafka answers."""
    aiokafka_fixes.apply()  # header keys that are not UTF-8 can be read
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers,
        client_id="itemstream-console",
        isolation_level="read_committed",
        enable_auto_commit=False,
        # A position that is gone is to be told, and not passed over.
        auto_offset_reset="none",
        max_partition_fetch_bytes=_PARTITION_BYTES,
        fetch_max_bytes=_FETCH_BYTES,
        fetch_max_wait_ms=100,
        **settings.connection(),
    )
    try:
        await consumer.start()
        make_fast(consumer)
        # aiokafka can't stop a consumer whose tasks never ran.
        await asyncio.sleep(0)
        yield cast(Consumer, consumer)
    finally:
        await consumer.stop()


async def places_of(admin: AdminClient, topics: Sequence[str]) -> list[Place]:
    """The partitions there are of these topics; a topic that does not exist has none."""
    # All topics: to ask for one by name creates it where brokers auto-create topics.
    there = {one["topic"]: [each["partition"] for each in one["partitions"]] for one in await admin.describe_topics()}
    return [(name, partition) for name in topics for partition in sorted(there.get(name, ()))]


async def assign(
    consumer: Consumer, places: Sequence[Place], positions: Mapping[Place, Position]
) -> tuple[dict[Place, Position], list[str]]:
    """Read these from where they are: where from, and what was lost on the way, as lines for people.

    A partition is read from the last record that was read before: `check` looks whether it is still that one. Raises
    RecreatedError where a partition ends before it.
    """
    partitions = [TopicPartition(*place) for place in places]
    begins = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    consumer.assign(partitions)
    found: dict[Place, Position] = {}
    lost: list[str] = []
    for place, partition in zip(places, partitions, strict=True):
        begin, end = begins[partition], ends[partition]
        position = positions.get(place, Position(0))
        if position.next > end:
            raise recreated(*place, f"it was read up to offset {position.next} and ends at {end} now")
        if position.next < begin:
            if position.next > 0:
                lost.append(f"{place[0]}-{place[1]}: Kafka deleted offsets {position.next} to {begin - 1} before the "
                            "console read them")  # fmt: skip
            consumer.seek(partition, begin)
        else:
            from_last = position.last is not None and position.last >= begin
            consumer.seek(partition, position.last if from_last and position.last is not None else position.next)
        found[place] = position
    return found, lost


def check(records: Sequence[InputRecord], position: Position) -> None:
    """Whether the last record that was read before is the one that is there now, where these have it."""
    first = records[0]
    if first.offset == position.last and digest(first) != position.told:
        raise recreated(first.topic, first.partition, f"offset {first.offset} is another record now")
