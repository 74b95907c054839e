"""The aiokafka clients the stream uses, typed: consumer, changelog reader, producer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Protocol, cast

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.structs import OffsetAndMetadata

from pipeline.core.records import InputRecord
from pipeline.streaming import aiokafka_fixes
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.fetched_batches import FetchedBatch, undecoded

CLOSE_SECONDS = 3.0
LEAVE_SECONDS = 0.3
"""A consumer that has not stopped by then hangs in a rebalance."""


class Consumer(Protocol):
    """The part of AIOKafkaConsumer that is used."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def subscribe(self, topics: Sequence[str], *, listener: Any) -> None: ...
    def assign(self, partitions: Sequence[TopicPartition]) -> None: ...
    def assignment(self) -> set[TopicPartition]: ...
    async def committed(self, partition: TopicPartition) -> int | None: ...
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...
    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def position(self, partition: TopicPartition) -> int: ...
    def last_stable_offset(self, partition: TopicPartition) -> int | None: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    def pause(self, *partitions: TopicPartition) -> None: ...
    def resume(self, *partitions: TopicPartition) -> None: ...


class BatchConsumer(Consumer, Protocol):
    """It gives whole record batches."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int
    ) -> Mapping[TopicPartition, list[FetchedBatch]]: ...


class RecordConsumer(Consumer, Protocol):
    """It gives records."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int
    ) -> Mapping[TopicPartition, list[InputRecord]]: ...


class BatchBuilder(Protocol):
    """The part of aiokafka's BatchBuilder that is used."""

    def append(
        self, *, timestamp: int, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> object | None: ...
    def close(self) -> None: ...
    def size(self) -> int: ...
    def record_count(self) -> int: ...


class Producer(Protocol):
    """The part of AIOKafkaProducer that is used."""

    client: Any

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def partitions_for(self, topic: str) -> set[int]: ...
    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> Awaitable[Any]: ...
    async def begin_transaction(self) -> None: ...
    async def commit_transaction(self) -> None: ...
    async def abort_transaction(self) -> None: ...
    async def send_offsets_to_transaction(
        self, offsets: Mapping[TopicPartition, int | OffsetAndMetadata], group_id: str
    ) -> None: ...


def _common(config: StreamConfig, client_id: str) -> dict[str, Any]:
    aiokafka_fixes.apply()
    return {
        "bootstrap_servers": config.bootstrap_servers,
        "client_id": client_id,
        "request_timeout_ms": config.request_timeout_ms,
        **config.client_options,
    }


def input_consumer(config: StreamConfig) -> BatchConsumer:
    """The group's consumer of the input.

    Range is the assignor: with one topic it balances as well as any, and its result can be told from the member list.
    aiokafka's sticky assignor never learns the generation (it sends -1 for ever) and keeps its memory on the class; and
    as every partition is started anew after a rebalance, stickiness would save nothing.
    """
    consumer: Any = AIOKafkaConsumer(
        **_common(config, config.client_id),
        group_id=config.group,
        isolation_level="read_committed",
        key_deserializer=undecoded,
        enable_auto_commit=False,
        # Where to read is always said by a seek; where the offset is gone the stream decides and warns.
        auto_offset_reset="none",
        partition_assignment_strategy=(RangePartitionAssignor,),
        session_timeout_ms=config.session_timeout_ms,
        heartbeat_interval_ms=config.heartbeat_interval_ms,
        rebalance_timeout_ms=config.session_timeout_ms,
        max_partition_fetch_bytes=config.fetch_partition_bytes,
        fetch_max_bytes=config.fetch_max_bytes,
        # A partition that starts to flow waits for the poll of the others: keep that short.
        fetch_max_wait_ms=100,
    )
    return cast(BatchConsumer, consumer)


def partition_reader(config: StreamConfig, partition: int) -> RecordConsumer:
    """A reader of one partition of the state topic, or of the input, outside of any group."""
    consumer: Any = AIOKafkaConsumer(
        **_common(config, f"{config.client_id}-restore-{partition}"),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=config.restore_fetch_bytes,
        fetch_max_wait_ms=50,
    )
    return cast(RecordConsumer, consumer)


def partition_producer(config: StreamConfig, partition: int, batch_bytes: int) -> Producer:
    """The producer of one input partition; starting it fences any other of the same partition."""
    producer: Any = AIOKafkaProducer(
        **_common(config, f"{config.client_id}-{partition}"),
        transactional_id=config.transactional_id(partition),
        transaction_timeout_ms=config.transaction_timeout_ms,
        acks="all",
        linger_ms=0,
        max_batch_size=batch_bytes,
        retry_backoff_ms=20,
    )
    return cast(Producer, producer)


async def close_producer(producer: Producer) -> None:
    """Stop it; where Kafka does not answer, cut its connections. Never raises."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await producer.stop()
            return
    with contextlib.suppress(Exception):
        await producer.client.close()


async def close_consumer(consumer: Consumer) -> None:
    """Stop it and leave the group, also while the group waits for a member that is gone. Never raises."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            stopping = asyncio.ensure_future(consumer.stop())
            done, _ = await asyncio.wait({stopping}, timeout=LEAVE_SECONDS)
            if not done:
                await aiokafka_fixes.leave_group_beside(consumer)
            await stopping
