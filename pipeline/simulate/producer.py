"""Events into the input topic: an idempotent producer that is handed whole record batches."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from aiokafka import AIOKafkaProducer, partitioner
from aiokafka.errors import KafkaError

from pipeline.errors import ItemstreamError
from pipeline.simulate.model import SimulatedEvent

_murmur2: Callable[[bytes], int] = cast(Any, partitioner).murmur2

BATCH_BYTES = 256 * 1024
IN_FLIGHT = 32
"""Batches given to the producer and not yet acknowledged; more would only fill memory."""


class KafkaWriter:
    """Writes events to a topic, keyed by session id, in the order given within a session.

    Acknowledged by all replicas before `close` returns. Raises `ItemstreamError` where Kafka cannot be reached, the
    topic is missing, or a record is refused.
    """

    def __init__(self, bootstrap_servers: str, topic: str, connection: Mapping[str, Any] | None = None) -> None:
        self.name = topic
        self._servers = bootstrap_servers
        self._connection = dict(connection or {})
        self._producer: Any = None
        self._partitions: list[int] = []
        self._of_session: dict[str, int] = {}
        self._batches: dict[int, Any] = {}
        self._sent: deque[asyncio.Future[Any]] = deque()

    async def start(self) -> None:
        """Connects, and learns the topic's partitions."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._servers,
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            **self._connection,
        )
        try:
            await self._producer.start()
            # `partitions_for` would ask for a missing topic for a minute.
            metadata = await self._producer.client.fetch_all_metadata()
            found: set[int] | None = metadata.partitions_for_topic(self.name)
        except KafkaError as error:
            raise ItemstreamError(
                f"no Kafka at {self._servers} ({type(error).__name__}); start one with itemstream kafka start, or name "
                "another with --bootstrap-servers"
            ) from error
        if not found:
            raise ItemstreamError(f"the topic {self.name} does not exist; make it with itemstream topics apply --yes")
        self._partitions = sorted(found)

    async def write(self, events: Sequence[SimulatedEvent]) -> None:
        """Hands these events over; they are on their way when it returns, not yet acknowledged."""
        for event in events:
            partition = self._partition(event.session_id)
            key = event.session_id.encode()
            if not self._append(partition, key, event):
                await self._send(partition)
                self._append(partition, key, event)
        for partition in list(self._batches):
            await self._send(partition)

    async def close(self) -> None:
        """Waits until all is acknowledged, then disconnects."""
        if self._producer is None:
            return
        try:
            while self._sent:
                await self._acknowledged()
        finally:
            await self._producer.stop()

    def _partition(self, session_id: str) -> int:
        # As Kafka's default partitioner places a key.
        partition = self._of_session.get(session_id)
        if partition is None:
            if len(self._of_session) > 100_000:
                self._of_session.clear()
            place = (_murmur2(session_id.encode()) & 0x7FFFFFFF) % len(self._partitions)
            partition = self._of_session[session_id] = self._partitions[place]
        return partition

    def _append(self, partition: int, key: bytes, event: SimulatedEvent) -> bool:
        batch = self._batches.get(partition)
        if batch is None:
            batch = self._batches[partition] = self._producer.create_batch()
        taken = batch.append(key=key, value=event.value, timestamp=event.time_ms, headers=event.headers)
        return taken is not None

    async def _send(self, partition: int) -> None:
        batch = self._batches.pop(partition)
        self._sent.append(await self._producer.send_batch(batch, self.name, partition=partition))
        while len(self._sent) > IN_FLIGHT or (self._sent and self._sent[0].done()):
            await self._acknowledged()

    async def _acknowledged(self) -> None:
        try:
            await self._sent.popleft()
        except KafkaError as error:
            raise ItemstreamError(f"Kafka refused events for {self.name}: {error}") from error
