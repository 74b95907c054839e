"""A read_committed reader that looks on while things break."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from tests.faults.harness.topics import Topics

Place = tuple[str, int, int]
"""Topic, partition, offset."""


class Watch:
    """When which output became visible. `arrived` keeps what was seen, also if it should vanish later."""

    def __init__(self, bootstrap_servers: str, topics: Topics) -> None:
        self._servers = bootstrap_servers
        self._partitions = [TopicPartition(name, n) for name in topics.outputs for n in range(topics.partitions)]
        self._positions: dict[TopicPartition, int] = dict.fromkeys(self._partitions, 0)
        self._moved: dict[int, float] = {}
        self.arrived: dict[Place, float] = {}
        """time.monotonic() at which the reader was given the record."""

    def all_moved_since(self, since: float, partitions: int) -> bool:
        """Whether every input partition has brought out something after `since`."""
        return all(self._moved.get(number, 0.0) > since for number in range(partitions))

    async def run(self) -> None:
        """Until cancelled. A broker that goes away is waited for."""
        while True:
            consumer = _reader(self._servers, committed=True)
            try:
                await consumer.start()
                consumer.assign(self._partitions)
                for partition, position in self._positions.items():
                    consumer.seek(partition, position)
                while True:
                    self._take(await consumer.getmany(timeout_ms=100))
            except (KafkaError, OSError, TimeoutError):
                await asyncio.sleep(0.2)
            finally:
                with contextlib.suppress(Exception):
                    await consumer.stop()

    def _take(self, fetched: Mapping[TopicPartition, list[Any]]) -> None:
        now = time.monotonic()
        for partition, records in fetched.items():
            for record in records:
                self.arrived[partition.topic, partition.partition, record.offset] = now
            self._positions[partition] = records[-1].offset + 1
            self._moved[partition.partition] = now


async def read_all(
    bootstrap_servers: str, topic: str, partitions: int, *, committed: bool = True, seconds: float = 60.0
) -> dict[int, list[Any]]:
    """Every record of a topic up to its end, by partition."""
    sources = [TopicPartition(topic, number) for number in range(partitions)]
    found: dict[int, list[Any]] = {number: [] for number in range(partitions)}
    consumer = _reader(bootstrap_servers, committed=committed)
    await consumer.start()
    try:
        consumer.assign(sources)
        ends = await consumer.end_offsets(sources)
        for source in sources:
            consumer.seek(source, 0)
        async with asyncio.timeout(seconds):
            for source in sources:
                while await consumer.position(source) < ends[source]:
                    for partition, records in (await consumer.getmany(timeout_ms=100)).items():
                        found[partition.partition] += records
        return found
    finally:
        await consumer.stop()


def _reader(bootstrap_servers: str, *, committed: bool) -> Any:
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        isolation_level="read_committed" if committed else "read_uncommitted",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4_194_304,
        fetch_max_wait_ms=50,
    )
