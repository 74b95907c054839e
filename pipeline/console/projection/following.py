"""What one consumer reads, batch after batch, and where it is."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from pipeline.console.projection.batch import Written
from pipeline.console.projection.positions import Place, Position
from pipeline.console.projection.reading import Consumer, assign, check
from pipeline.core import InputRecord

_LOG = logging.getLogger(__name__)

BATCH = 2_000
"""Records of one transaction."""
BATCH_BYTES = 16 * 1024 * 1024
POLL_MS = 200

Positions = Mapping[Place, Position]
Write = Callable[[Sequence[InputRecord], Positions, Positions], Awaitable[Written]]
"""A batch, the positions it begins at, and others to be written with it; see `BatchWriter.write`."""


@dataclass(slots=True)
class Status:
    """How the projection stands.

    lag: offsets of the topics that are not in the store; None where it is not known: before Kafka told the end of
    every partition, and while it does not answer. behind_ms: how old the newest record in the store was when it was
    written, while there is a lag. error: why nothing is read at the moment. lost: what Kafka deleted unread.
    """

    lag: int | None = None
    behind_ms: int = 0
    records: int = 0
    unreadable: int = 0
    error: str | None = None
    lost: list[str] = field(default_factory=list[str])


class Following:
    """Reads partitions into the store through `write`."""

    def __init__(self, consumer: Consumer, positions: dict[Place, Position], write: Write, status: Status) -> None:
        self._consumer = consumer
        self._positions = positions
        self._write_batch = write
        self._status = status
        self._places: list[Place] = []
        self._unchecked: set[Place] = set()

    async def assign(self, places: Sequence[Place]) -> None:
        """Read these from now on. Raises RecreatedError."""
        if not places or list(places) == self._places:
            return
        found, lost = await assign(self._consumer, places, self._positions)
        self._positions.update(found)
        self._places = list(places)
        self._unchecked = set(found)
        self._status.lag = None
        self._status.lost += lost
        for line in lost:
            _LOG.warning("%s", line)

    async def catch_up(self) -> None:
        """Read to where the partitions end now."""
        partitions = [TopicPartition(*place) for place in self._places]
        ends = await self._consumer.end_offsets(partitions) if partitions else {}
        while any([await self._consumer.position(one) < ends[one] for one in partitions]):
            await self._take()

    async def read(self) -> None:
        """Take what is there, or wait a moment for it. Raises RecreatedError."""
        if not self._places:
            await asyncio.sleep(POLL_MS / 1000)
            return
        await self._take()
        self._status.lag = await self._lag()
        if self._status.lag == 0:
            self._status.behind_ms = 0

    async def _take(self) -> None:
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS)
        places = sorted(fetched, key=self._places.index)
        for place in places:
            if place in self._unchecked and fetched[place]:
                check(fetched[place], self._positions[place])
                self._unchecked.discard(place)
        for batch in batches([fetched[place] for place in places]):
            await self._write(batch)

    async def settle(self) -> None:
        """Write positions that moved without records: behind the marks of transactions."""
        moved: dict[Place, Position] = {}
        for place in self._places:
            known = self._positions[place]
            at = await self._consumer.position(TopicPartition(*place))
            if at > known.next:
                moved[place] = Position(at, known.last, known.told)
        if moved:
            await self._write([], moved)

    async def _write(self, batch: Sequence[InputRecord], moved: Positions | None = None) -> None:
        before = {place: self._positions[place] for place in {(one.topic, one.partition) for one in batch}}
        before |= {place: self._positions[place] for place in moved or ()}
        written = await self._write_batch(batch, before, moved or {})
        self._positions.update(written.after)
        self._status.records += len(batch)
        self._status.unreadable += written.unreadable
        if batch:
            now_ms = time.time_ns() // 1_000_000
            self._status.behind_ms = max(0, now_ms - max(one.timestamp for one in batch))

    async def _lag(self) -> int | None:
        lag = 0
        for place in self._places:
            partition = TopicPartition(*place)
            end = self._consumer.last_stable_offset(partition)
            if end is None:
                return None
            lag += max(0, end - await self._consumer.position(partition))
        return lag


def batches(fetched: Sequence[Sequence[InputRecord]]) -> Iterator[list[InputRecord]]:
    """Records of several partitions, in parts that a transaction takes."""
    batch: list[InputRecord] = []
    size = 0
    for records in fetched:
        for record in records:
            batch.append(record)
            size += len(record.value or b"")
            if len(batch) == BATCH or size > BATCH_BYTES:
                yield batch
                batch, size = [], 0
    if batch:
        yield batch
