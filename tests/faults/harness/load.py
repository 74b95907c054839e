"""A steady load of simulated sessions, and when Kafka acknowledged which record of it."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, cast

from aiokafka import AIOKafkaProducer, partitioner

from pipeline.simulate import Faults, SimulatedEvent, interleave, sessions
from pipeline.simulate.clock import Pace
from pipeline.simulate.playing import EVENTS_PER_SESSION

_murmur2: Callable[[bytes], int] = cast(Any, partitioner).murmur2

TICK_SECONDS = 0.02
CHUNK = 2_000
HASTE = 10
"""Sessions' time runs so much faster than the wall's: in a run of minutes sessions go idle and are forgotten."""
AGO_MS = 7_200_000
"""The first event is so long ago: none of them comes from the future, which the core would take as now."""
REPEAT_RATIO = 0.01
"""Part of the events at which a delivery is repeated, as a collector does."""


class Load:
    """Plays sessions of all dialects, some events repeated and some broken, into a topic.

    Broken records are what shows best that a record was taken twice: a repeated event is known by its id and changes
    nothing; of a broken one nothing can be known.
    """

    def __init__(
        self, bootstrap_servers: str, topic: str, partitions: int, rate: int, bad_ratio: float, seed: int = 1
    ) -> None:
        self._topic = topic
        self._partitions = partitions
        self._rate = rate
        self._producer: Any = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=120_000,  # until which a record is tried again: brokers are away for a while
            max_batch_size=262_144,
        )
        self._events = self._make(rate, Faults(REPEAT_RATIO, bad_ratio), seed)
        self._sent: set[asyncio.Future[Any]] = set()
        self._acked: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        self._stopping = False
        self.records = 0
        """Handed to the producer."""
        self.failed = 0
        """Batches Kafka never acknowledged; whether they are in the topic shows when it is read back."""

    @staticmethod
    def _make(rate: int, faults: Faults, seed: int) -> Iterator[SimulatedEvent]:
        every_ms = max(1, round(1000 * HASTE * EVENTS_PER_SESSION / rate))
        start_ms = time.time_ns() // 1_000_000 - AGO_MS
        return interleave(sessions(seed, None, start_ms=start_ms, every_ms=every_ms, faults=faults))

    async def start(self, backlog: int = 0) -> None:
        """Connect, and write `backlog` records at once."""
        await self._producer.start()
        while self.records < backlog:
            await self._write(min(CHUNK, backlog - self.records))
            await asyncio.gather(*self._sent, return_exceptions=True)

    async def play(self) -> None:
        """Hold the rate until `stop`."""
        pace = Pace(self._rate)
        sent = 0
        while not self._stopping:
            if allowed := pace.allowed(sent, CHUNK):
                await self._write(allowed)
                sent += allowed
            await asyncio.sleep(max(TICK_SECONDS, pace.wait(sent)))

    def stop(self) -> None:
        """Let `play` end."""
        self._stopping = True

    async def close(self) -> None:
        """Wait for the last acknowledgements."""
        try:
            await asyncio.gather(*self._sent, return_exceptions=True)
        finally:
            await self._producer.stop()

    def acknowledged_at(self, partition: int, offset: int) -> float | None:
        """When the record was known to be in the topic, time.monotonic(); None where nobody was told."""
        batches = self._acked[partition]
        place = bisect_right(batches, (offset, float("inf"))) - 1
        return batches[place][1] if place >= 0 else None

    async def _write(self, count: int) -> None:
        batches: dict[int, Any] = {}
        for event in islice(self._events, count):
            key = event.session_id.encode()
            partition = (_murmur2(key) & 0x7FFFFFFF) % self._partitions
            batch = batches.get(partition)
            told: dict[str, Any] = {
                "key": key, "value": event.value, "timestamp": event.time_ms, "headers": event.headers,
            }  # fmt: skip
            if batch is None or batch.append(**told) is None:
                if batch is not None:
                    await self._send(partition, batch)
                batch = batches[partition] = self._producer.create_batch()
                batch.append(**told)
            self.records += 1
        for partition, batch in batches.items():
            await self._send(partition, batch)

    async def _send(self, partition: int, batch: Any) -> None:
        sent: asyncio.Future[Any] = await self._producer.send_batch(batch, self._topic, partition=partition)
        self._sent.add(sent)

        def acknowledged(done: asyncio.Future[Any]) -> None:
            self._sent.discard(done)
            if done.cancelled() or done.exception() is not None:
                self.failed += 1
            else:
                self._acked[partition].append((done.result().offset, time.monotonic()))

        sent.add_done_callback(acknowledged)
