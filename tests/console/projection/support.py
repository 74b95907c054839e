"""Records as they are fetched, and a projection that runs for a while."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from pipeline.console.projection.batch import BatchWriter, Written
from pipeline.console.projection.positions import Position
from pipeline.console.projection.projection import Projection
from pipeline.console.store.store import Store
from pipeline.core import CoreSettings, Partition
from pipeline.core.records import Output
from pipeline.ingest.redact import Redaction
from tests.core.events import Record
from topics.fetched_records import FetchedRecord

PARTITIONS = 2


def fetched_of(outputs: Iterable[Output]) -> list[FetchedRecord]:
    """The outputs as a reader of their topics gets them, in partitions as `tests.examples.support` has them."""
    ends: Counter[tuple[str, int]] = Counter()
    records: list[FetchedRecord] = []
    for one in outputs:
        place = (one.topic, sum(one.key or b"") % PARTITIONS)
        headers = [(name, value) for name, value in one.headers]
        records.append(FetchedRecord(*place, ends[place], one.timestamp or 0, 0, one.key, one.value, headers))
        ends[place] += 1
    return records


def rejected_outputs(prefix: str, values: Iterable[bytes | None], session: str = "s") -> list[Output]:
    """What the core makes of events that can't be used: records of the rejected topic."""
    core = Partition(CoreSettings(prefix=prefix, max_event_bytes=2048))
    events = [Record(value, session.encode(), offset=number, timestamp=1_000) for number, value in enumerate(values)]
    return core.process(events).outputs


class Writing:
    """Batches into a store, without Kafka."""

    def __init__(self, store: Store, prefix: str, redaction: Redaction | None = None) -> None:
        self._writer = BatchWriter(store, prefix, redaction)
        self._positions: dict[tuple[str, int], Position] = {}

    def write(self, batch: Sequence[Any]) -> Written:
        places = {(one.topic, one.partition) for one in batch}
        before = {place: self._positions.get(place, Position(0)) for place in places}
        written = self._writer.write(batch, before, {})
        self._positions |= written.after
        return written


@asynccontextmanager
async def projecting(projection: Projection) -> AsyncGenerator[Projection]:
    """The projection while it runs; what it raises is raised here."""
    task = asyncio.create_task(projection.run())
    try:
        yield projection
    finally:
        if not task.done():
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool], seconds: float = 60, task: asyncio.Task[Any] | None = None) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        assert task is None or not task.done()
        await asyncio.sleep(0.02)
