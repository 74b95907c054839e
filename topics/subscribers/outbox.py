"""Where a subscriber's records go: results, records that wait for another try, dead letters."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Protocol, cast

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError

from topics.subscribers.context import Outgoing
from topics.subscriptions.clients import connection_of
from topics.subscriptions.errors import CommitError, SubscriptionError
from topics.subscriptions.options import Options
from topics.subscriptions.received import Received

MOST_BYTES = 20 * 1024 * 1024
CLOSE_SECONDS = 3.0


class Producer(Protocol):
    """The part of AIOKafkaProducer that is used."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def send(
        self,
        topic: str,
        value: bytes | None,
        key: bytes | None,
        partition: int | None,
        timestamp_ms: int | None,
        headers: Sequence[tuple[str, bytes | None]],
    ) -> asyncio.Future[Any]: ...
    async def begin_transaction(self) -> None: ...
    async def commit_transaction(self) -> None: ...
    async def abort_transaction(self) -> None: ...
    async def send_offsets_to_transaction(self, offsets: dict[TopicPartition, int], group_id: str) -> None: ...


class Outbox(Protocol):
    """Takes what a record led to; the record is finished right after."""

    async def put(self, received: Received[Any], outgoing: Sequence[Outgoing]) -> None: ...
    async def close(self) -> None: ...


def new_producer(options: Options, **more: Any) -> Producer:
    """A producer that loses nothing and keeps its order."""
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=options.servers,
        client_id=f"itemstream-{options.group}",
        enable_idempotence=True,
        acks="all",
        max_request_size=MOST_BYTES,
        **connection_of(options),
        **more,
    )
    return cast(Producer, producer)


async def send_all(producer: Producer, outgoing: Sequence[Outgoing]) -> list[asyncio.Future[Any]]:
    """Hand the records over, in their order; the futures end with Kafka's acknowledgements."""
    return [
        await producer.send(one.topic, one.value, one.key, one.partition, one.timestamp, one.headers)
        for one in outgoing
    ]


async def all_acknowledged(sent: Sequence[asyncio.Future[Any]]) -> None:
    """Wait for every one, then raise the first failure."""
    for result in await asyncio.gather(*sent, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


async def close_producer(producer: Producer) -> None:
    """Never raises."""
    with contextlib.suppress(Exception):
        async with asyncio.timeout(CLOSE_SECONDS):
            await producer.stop()


class AtLeastOnceOutbox:
    """Records are acknowledged by Kafka before what led to them counts as finished."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._producer: Producer | None = None
        self._starting = asyncio.Lock()

    async def put(self, received: Received[Any], outgoing: Sequence[Outgoing]) -> None:
        if not outgoing:
            return
        try:
            await all_acknowledged(await send_all(await self._started(), outgoing))
        except KafkaError as error:
            names = ", ".join(sorted({one.topic for one in outgoing}))
            away = error.retriable or isinstance(error, (KafkaTimeoutError, KafkaConnectionError))
            kind = CommitError if away else SubscriptionError
            raise kind(f"Kafka did not take records for {names}: {error!r}") from error

    async def _started(self) -> Producer:
        async with self._starting:
            if self._producer is None:
                producer = new_producer(self._options)
                await producer.start()
                self._producer = producer
            return self._producer

    async def close(self) -> None:
        if self._producer is not None:
            await close_producer(self._producer)
