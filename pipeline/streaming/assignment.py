"""Which partitions this process owns, through rebalances and failures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition

from pipeline.streaming.clients import Consumer
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.core_interface import CoreFactory
from pipeline.streaming.failures import (
    StreamError,
    is_batch_too_large,
    is_fenced,
    is_future_refused,
    is_surprise,
    unrecoverable,
)
from pipeline.streaming.fault_points import FaultHook
from pipeline.streaming.opening import Opened, open_partition
from pipeline.streaming.partition import InputPartition
from pipeline.streaming.stats import StreamStats
from pipeline.streaming.writer import AtLeastOnceWriter, ExactlyOnceWriter, PartitionWriter

MAX_BACKOFF_SECONDS = 5.0
MIN_BATCH_BYTES = 16_384

log = structlog.get_logger(__name__)


class Assignment(ConsumerRebalanceListener):
    """The rebalance listener: opens what comes, closes what goes, starts again what fails.

    `epoch` counts both callbacks. Records fetched under an older epoch belong to nobody.

    aiokafka stops heartbeats while the callback for assigned partitions runs, so that one only starts the openings; and
    it swallows exceptions of callbacks, so they are given to `park`, and the stream's loop raises them.
    """

    def __init__(
        self,
        config: StreamConfig,
        consumer: Consumer,
        new_core: CoreFactory,
        stats: StreamStats,
        fault: FaultHook,
        park: Callable[[BaseException], None],
        close_partition: Callable[[InputPartition], Any],
    ) -> None:
        self.epoch = 0
        self.partitions: dict[TopicPartition, InputPartition] = {}
        """Those that flow."""
        self._config = config
        self._consumer = consumer
        self._new_core = new_core
        self._stats = stats
        self._fault = fault
        self._park = park
        self._close_partition = close_partition
        self._openings: set[asyncio.Task[None]] = set()
        self._failures: dict[TopicPartition, int] = {}
        """Failures since the last commit."""
        self._batch_bytes: dict[TopicPartition, int] = {}
        self._clamp_timestamps = False
        self._last: frozenset[TopicPartition] = frozenset()
        self.opening_since: dict[TopicPartition, float] = {}
        """Partitions that are ours but do not flow yet, and since when (time.monotonic)."""
        self.rebalancing_since: float | None = time.monotonic()
        """Since when this process waits for an assignment; None while it has one."""

    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, revoked: Iterable[TopicPartition]
    ) -> None:
        """Everything goes (the protocol is eager): finish what is in flight, then let go."""
        try:
            self.epoch += 1
            self.rebalancing_since = time.monotonic()
            await self.close()
        except Exception as error:
            self._park(error)

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        """Hold all partitions still and start opening them."""
        try:
            self.epoch += 1
            self.rebalancing_since = None
            self._stats.rebalances += 1
            sources = frozenset(assigned)
            if sources:
                self._consumer.pause(*sources)
            self._start(self._open_all(sources, self.epoch))
        except Exception as error:
            self._park(error)

    async def close(self) -> None:
        """Stop openings, wait for commits in flight, close every partition."""
        openings = list(self._openings)
        for task in openings:
            task.cancel()
        await asyncio.gather(*openings, return_exceptions=True)
        self.opening_since.clear()
        partitions, self.partitions = list(self.partitions.values()), {}
        self._stats.partitions.clear()
        await asyncio.gather(*(self._close_partition(partition) for partition in partitions))

    def is_stale(self, partition: InputPartition, epoch: int, first_offset: int) -> bool:
        """Whether records fetched under `epoch` must not be processed: they may have been, by another owner."""
        return epoch != partition.epoch or first_offset < partition.position

    async def failed(self, partition: InputPartition, error: BaseException) -> None:
        """A commit failed: abort, drop the state, start the partition again from the fence; or end the process."""
        source = partition.source
        partition.closed = partition.failed = True
        self._stats.aborted += 1
        if self.partitions.get(source) is partition:
            del self.partitions[source]
        if partition.epoch == self.epoch:
            self._consumer.pause(source)
        await partition.writer.abort()
        await partition.writer.close()
        if partition.epoch == self.epoch and not self._give_up(source, error):
            self._stats.restarts += 1
            self._start(self._open(source, self.epoch, error))

    def succeeded(self, source: TopicPartition) -> None:
        """A commit went well: failures count from zero again."""
        if self._failures:
            self._failures.pop(source, None)

    def _start(self, opening: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(opening)
        self._openings.add(task)
        task.add_done_callback(self._opening_done)

    def _opening_done(self, task: asyncio.Task[None]) -> None:
        self._openings.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._park(error)

    async def _open_all(self, sources: frozenset[TopicPartition], epoch: int) -> None:
        started = time.monotonic()
        opened = [one for one in await asyncio.gather(*(self._open(source, epoch) for source in sources)) if one]
        log.info(
            "rebalance",
            epoch=epoch,
            came=_numbers(sources - self._last),
            went=_numbers(self._last - sources),
            assigned=_numbers(sources),
            seconds=round(time.monotonic() - started, 3),
            restored_records=sum(one.restored.records for one in opened),
            restore_seconds=round(max((one.restored.seconds for one in opened), default=0.0), 3),
        )
        self._last = sources

    async def _open(self, source: TopicPartition, epoch: int, error: BaseException | None = None) -> Opened | None:
        """Open until it works, the tries are used up or the partition is revoked (this task is cancelled)."""
        self.opening_since[source] = time.monotonic()
        while True:
            if error is not None:
                await asyncio.sleep(self._backoff(source, error))
            writer = self._new_writer(source)
            writer.clamp_timestamps = self._clamp_timestamps
            try:
                opened = await open_partition(
                    self._config, source, epoch, self._consumer, self._new_core, writer, self._fault
                )
            except asyncio.CancelledError:
                await writer.close()
                raise
            except Exception as failure:
                await writer.close()
                if self._give_up(source, failure):
                    return None
                error = failure
                continue
            if epoch != self.epoch:  # the revoke callback has begun; it can't see this writer
                await writer.close()
                return None
            self._flow(opened)
            return opened

    def _flow(self, opened: Opened) -> None:
        """Step 4 and 5: seek, let records flow."""
        partition = opened.partition
        source = partition.source
        self._consumer.seek(source, partition.position)
        self._consumer.resume(source)
        self.partitions[source] = partition
        self.opening_since.pop(source, None)
        self._stats.opened(source.partition, partition.position, opened.restored.records, opened.restored.seconds)
        if opened.committed is not None and partition.position > opened.committed:
            log.info(
                "resumes_ahead_of_offset",
                partition=source.partition,
                committed=opened.committed,
                position=partition.position,
                reason="the state already includes these records",
            )

    def _give_up(self, source: TopicPartition, error: BaseException) -> bool:
        """Count a failure; park the end of the process where another try can't help. Returns whether it does."""
        failures = self._failures[source] = self._failures.get(source, 0) + 1
        if is_batch_too_large(error) and self._smaller_batches(source):
            pass
        elif is_future_refused(error) and not self._clamp_timestamps:
            # The input topic takes timestamps that an output topic does not: one such record must not stop the worker.
            self._clamp_timestamps = True
        elif (end := unrecoverable(error)) is not None:
            end.__cause__ = error
            self._park(end)
            return True
        elif failures > self._config.restart_tries:
            end = StreamError(
                f"partition {source.topic}[{source.partition}] failed {failures} times in a row, last with: {error!r}"
            )
            end.__cause__ = error
            self._park(end)
            return True
        trace = error if is_surprise(error) else None
        log.warning(
            "partition_restarts", partition=source.partition, failures=failures, error=repr(error), exc_info=trace
        )
        return False

    def _smaller_batches(self, source: TopicPartition) -> bool:
        """A topic takes smaller batches than configured: halve them for this partition."""
        size = self._batch_bytes.get(source, self._config.produce_batch_bytes) // 2
        self._batch_bytes[source] = size
        return size >= MIN_BATCH_BYTES

    def _backoff(self, source: TopicPartition, error: BaseException) -> float:
        if is_fenced(error):
            # Somebody else owns the partition, or did. Fencing him in turn would only help if we still belong to the
            # group, which the next heartbeat tells; if not, a rebalance ends this wait.
            return self._config.heartbeat_interval_ms / 1000 + 0.5
        doubled = self._config.restart_backoff_seconds * 2 ** (self._failures.get(source, 1) - 1)
        return min(doubled, MAX_BACKOFF_SECONDS)

    def _new_writer(self, source: TopicPartition) -> PartitionWriter:
        size = self._batch_bytes.get(source, self._config.produce_batch_bytes)
        if self._config.delivery == "exactly-once":
            return ExactlyOnceWriter(self._config, source, self._fault, size)
        return AtLeastOnceWriter(self._config, source, self._fault, size, self._commit_offset)

    async def _commit_offset(self, source: TopicPartition, offset: int) -> None:
        await self._consumer.commit({source: offset})


def _numbers(sources: Iterable[TopicPartition]) -> list[int]:
    return sorted(source.partition for source in sources)
