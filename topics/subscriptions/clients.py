"""The aiokafka clients of subscriptions, typed: only what is used of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from topics.admin import BrokerUnreachableError, RefusedError, connect
from topics.subscriptions import errors
from topics.subscriptions.options import Options
from topics.subscriptions.received import RawRecord

NEVER_MS = 2**31 - 1


class Consumer(Protocol):
    """The part of AIOKafkaConsumer that is used."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def subscribe(self, topics: Sequence[str], *, listener: Any) -> None: ...
    def assign(self, partitions: Sequence[TopicPartition]) -> None: ...
    def assignment(self) -> set[TopicPartition]: ...
    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int
    ) -> Mapping[TopicPartition, list[RawRecord]]: ...
    async def committed(self, partition: TopicPartition) -> int | None: ...
    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None: ...
    async def beginning_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def end_offsets(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]: ...
    async def offsets_for_times(self, timestamps: dict[TopicPartition, int]) -> dict[TopicPartition, Any]: ...
    async def position(self, partition: TopicPartition) -> int: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    def pause(self, *partitions: TopicPartition) -> None: ...
    def resume(self, *partitions: TopicPartition) -> None: ...


def new_consumer(options: Options, group: str | None, **more: Any) -> Consumer:
    """A consumer that commits nothing by itself.

    Range is the assignor: it gives the same partition numbers of all topics to the same member, which the order across
    topics needs. Where to begin is always said: a position that is gone is an error here, not a silent jump.
    """
    settings: dict[str, Any] = {
        "bootstrap_servers": options.servers,
        "group_id": group,
        "client_id": f"itemstream-{group}" if group else "itemstream-reader",
        "isolation_level": "read_committed",
        "enable_auto_commit": False,
        "auto_offset_reset": "none",
        "partition_assignment_strategy": (RangePartitionAssignor,),
        # A slow handler keeps its partitions; a process that is gone is told by its missing heartbeats.
        "max_poll_interval_ms": NEVER_MS,
        "heartbeat_interval_ms": 1_000,
        "fetch_max_wait_ms": 100,
        **options.client,
        **more,
    }
    consumer: Any = AIOKafkaConsumer(**settings)
    return cast(Consumer, consumer)


@asynccontextmanager
async def running(consumer: Consumer) -> AsyncGenerator[Consumer]:
    """The consumer, started, and stopped at the end."""
    try:
        await consumer.start()
        yield consumer
    finally:
        await stop_consumer(consumer)


async def stop_consumer(consumer: Consumer) -> None:
    """Leave the group and close the connections; what Kafka says to that changes nothing.

    While brokers are away aiokafka lets out the cancellation of its own fetching, with the connections still open.
    """
    try:
        await consumer.stop()
    except KafkaError:
        return
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():  # it is meant for the caller
            raise
        client: Any = getattr(consumer, "_client", None)
        if client is not None:
            with contextlib.suppress(KafkaError):
                await client.close()


def connection_of(options: Options) -> dict[str, Any]:
    """Of the client options those that any client takes, not a consumer alone."""
    return {
        key: value for key, value in options.client.items() if key.startswith(("ssl", "sasl", "security", "request"))
    }


async def partitions_of(options: Options, topics: Sequence[str]) -> dict[str, int]:
    """How many partitions each topic has. Raises MissingTopicError, UnreachableError."""
    try:
        async with connect(options.servers, **connection_of(options)) as admin:
            # All of them: to ask for a name creates it where brokers auto-create topics.
            found = {one["topic"]: len(one["partitions"]) for one in await admin.describe_topics()}
    except BrokerUnreachableError as error:
        text = (
            f"no Kafka broker answers at {options.servers}; start one, or say where it is (bootstrap_servers=…, or "
            "ITEMSTREAM_BOOTSTRAP_SERVERS)"
        )
        raise errors.UnreachableError(text) from error
    except (KafkaError, RefusedError) as error:
        raise errors.RefusedError(f"the cluster does not tell its topics: {error!r}") from error
    if missing := [topic for topic in topics if topic not in found]:
        text = (
            f"topic {missing[0]} does not exist at {options.servers}; make it with `itemstream topics apply`, or name "
            "another prefix (prefix=…, or ITEMSTREAM_PREFIX)"
        )
        raise errors.MissingTopicError(text)
    return {topic: found[topic] for topic in topics}
