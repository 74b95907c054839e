"""The worker's stream over the windows of a job: it stops at the end of each."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import cast
from weakref import WeakSet

from aiokafka import TopicPartition

from pipeline.core import BatchResult, Counts
from pipeline.replay.core import ReplayCore
from pipeline.replay.window import Window
from pipeline.streaming import Batch, StreamConfig, TransactionalStream
from pipeline.streaming.fault_points import FaultHook, no_fault
from pipeline.streaming.fetched_batches import FetchedBatch
from pipeline.streaming.partition import InputPartition


class BoundedStream(TransactionalStream):
    """A transactional stream whose partitions end.

    Where a partition has come to its window's end, its committed offset is that end: whoever looks at the offsets of
    the group knows what is done, also of partitions that other processes have.
    """

    def __init__(
        self,
        config: StreamConfig,
        new_core: Callable[[int], ReplayCore],
        windows: Mapping[int, Window],
        max_rate: float | None = None,
        fault: FaultHook = no_fault,
    ) -> None:
        super().__init__(config, new_core, handler=Pace(max_rate).process, fault=fault)
        self._windows = windows
        self._over: WeakSet[InputPartition] = WeakSet()
        """Partitions of whose end the group knows, or is being told."""

    def _accept(self, source: TopicPartition, epoch: int, batches: list[FetchedBatch]) -> InputPartition | None:
        partition = super()._accept(source, epoch, batches)
        if partition is None:
            return None
        end = self._end(source)
        if batches[-1].next_offset >= end:
            self._consumer.pause(source)
            del batches[bisect_left(batches, end, key=attrgetter("offset")) :]
            if batches and batches[-1].next_offset > end:
                batches[-1].end_before(end)
        return partition if batches else None

    async def _keep_house(self, partition: InputPartition, now: float) -> None:
        if await self._reached(partition) < self._end(partition.source):
            await super()._keep_house(partition, now)
            return
        if partition.closed or partition.committing or partition.queue or partition.held is not None:
            return
        partition.last_progress = now
        if (view := self.stats.partitions.get(partition.source.partition)) is not None:
            view.lag = 0
        if partition not in self._over and partition.source.partition in self._windows:
            self._over.add(partition)
            # Its core may have ended with its last record; the offset may be behind all the same, where the log has
            # no record at the window's end.
            core = cast(ReplayCore, partition.core)
            result = BatchResult([], [], Counts()) if core.summary.finished else core.finish()
            self._commit(partition, result, self._end(partition.source))

    def _end(self, source: TopicPartition) -> int:
        window = self._windows.get(source.partition)
        return 0 if window is None else window.end


class Pace:
    """Holds a rate over all partitions of this process: after n events at least n / rate seconds have gone by."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._due = 0.0

    async def wait(self, count: int) -> None:
        """Until so many more may be processed."""
        if self._rate is not None:
            now = time.monotonic()
            pause = self._due - now
            self._due = max(self._due, now) + count / self._rate
            if pause > 0:
                await asyncio.sleep(pause)

    async def process(self, batch: Batch) -> BatchResult:
        """A stream's handler."""
        await self.wait(len(batch.records))
        return batch.process()


def batch_limit(rate: float | None, most: int) -> int:
    """Records of a batch: a few batches a second, whatever the rate."""
    return most if rate is None else max(1, min(most, round(rate / 4)))
