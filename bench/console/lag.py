"""How far the store is behind the topics, looked at from outside while the console works."""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy import func, select

from bench.console.fill import PARTITIONS
from bench.console.records import PREFIX
from pipeline.console.projection.positions import load_positions
from pipeline.console.store.schema import ITEM, entries, records
from pipeline.console.store.store import Store
from topics.catalogue import CATALOGUE

EVERY_SECONDS = 0.5


class Look(NamedTuple):
    """At one moment. lag: offsets of the output topics that are not in the store."""

    seconds: float
    lag: int
    records: int
    """In the store."""
    ends: int
    """Sum of the end offsets."""


class Watch:
    """Looks every half second as long as it is entered."""

    def __init__(self, consumer: AIOKafkaConsumer, store: Store) -> None:
        self._consumer: Any = consumer
        self._store = store
        self._places = [
            TopicPartition(spec.full_name(PREFIX), partition) for spec in CATALOGUE for partition in range(PARTITIONS)
        ]
        self.looks: list[Look] = []

    async def __aenter__(self) -> Watch:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> Look:
        """Now. The ends are asked for after the positions: a lag is rather too large than too small."""
        positions, count = await asyncio.to_thread(self._stored)
        ends = await self._consumer.end_offsets(self._places)
        read = {place: positions[place].next for place in positions}
        lag = sum(max(0, ends[one] - read.get((one.topic, one.partition), 0)) for one in self._places)
        return Look(time.perf_counter(), lag, count, sum(ends.values()))

    def items(self) -> int:
        """In the store."""
        with self._store.reading() as connection:
            return connection.execute(select(func.count()).where(entries.c.kind == ITEM)).scalar_one()

    async def _run(self) -> None:
        while True:
            self.looks.append(await self.look())
            await asyncio.sleep(EVERY_SECONDS)

    def _stored(self) -> tuple[Any, int]:
        with self._store.reading() as connection:
            highest = connection.execute(select(func.max(records.c.id))).scalar()
            return load_positions(connection), highest or 0


def quarters(looks: list[Look]) -> list[float]:
    """The lag's median in each quarter of the time."""
    size = max(1, len(looks) // 4)
    return [median(one.lag for one in looks[place * size : (place + 1) * size]) for place in range(4)]
