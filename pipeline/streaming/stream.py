"""The transactional stream: fetch, process, commit, for every partition this process owns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping

import structlog
from aiokafka import TopicPartition
from aiokafka import errors as kafka

from pipeline.core.records import BatchResult, Counts, InputRecord
from pipeline.streaming.assignment import Assignment
from pipeline.streaming.batch import Batch, Handler, process_directly
from pipeline.streaming.clients import close_consumer, input_consumer
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.core_interface import CoreFactory
from pipeline.streaming.failures import StreamError, unrecoverable
from pipeline.streaming.fault_points import FaultHook, no_fault
from pipeline.streaming.partition import InputPartition
from pipeline.streaming.progress import Waiting, check_progress
from pipeline.streaming.stats import StreamStats

POLL_MS = 200
HOUSEKEEPING_SECONDS = 0.2
FETCH_ERROR_PAUSE_SECONDS = 0.2
STOP_SECONDS = 8.0
"""For the commits in flight when the stream stops; Kafka answers in milliseconds, or is gone."""

BeforeCommit = Callable[[BatchResult], None]
"""Sees every result before it is committed; may raise to stop the stream, and nothing of the batch is committed."""

Fetched = Mapping[TopicPartition, list[InputRecord]]

log = structlog.get_logger(__name__)


class TransactionalStream:
    """Runs a core over the input topic; outputs, state and offsets are committed together.

    handler: takes a batch to the core and brings the result back (an agent; by default a plain call).
    before_commit: see `BeforeCommit`.
    assignment_type, fault: for tests that break rules or things.
    """

    def __init__(
        self,
        config: StreamConfig,
        new_core: CoreFactory,
        *,
        handler: Handler = process_directly,
        before_commit: BeforeCommit | None = None,
        stats: StreamStats | None = None,
        fault: FaultHook = no_fault,
        assignment_type: type[Assignment] = Assignment,
    ) -> None:
        self.config = config
        self.stats = stats or StreamStats()
        self._new_core = new_core
        self._handler = handler
        self._before_commit = before_commit
        self._fault = fault
        self._assignment_type = assignment_type
        self._stopping = False
        self._parked: BaseException | None = None
        self._fetching: asyncio.Task[tuple[int, Fetched]] | None = None
        self._housekept = 0.0

    def stop(self) -> None:
        """Let `run` end: what is in flight is committed, the group is left."""
        self._stopping = True
        self._wake()

    async def run(self) -> None:
        """Until `stop`, or until an error ends it: StreamError (one line), or whatever the handler raised."""
        self._consumer = input_consumer(self.config)
        self._assignment = self._assignment_type(
            self.config, self._consumer, self._new_core, self.stats, self._fault, self._park, self._close
        )
        watch: asyncio.Task[None] | None = None
        try:
            await self._consumer.start()
            self._consumer.subscribe([self.config.input_topic], listener=self._assignment)
            watch = asyncio.create_task(self._watch())
            while not self._stopping and self._parked is None:
                await self._round()
        finally:
            if watch is not None:
                watch.cancel()
            try:
                async with asyncio.timeout(STOP_SECONDS):
                    await self._assignment.close()
            except TimeoutError:
                self._park(
                    StreamError("Kafka did not acknowledge the last batches in time; their records are processed again")
                )
            await close_consumer(self._consumer)
        if self._parked is not None:
            raise self._parked

    def _park(self, error: BaseException) -> None:
        """Keep an error of a callback or a task for the loop to raise; the first one counts."""
        if self._parked is None:
            self._parked = error
        self._wake()

    def _wake(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()

    async def _round(self) -> None:
        """One fetch of all partitions: processed one after another (that is CPU), committed side by side."""
        epoch, fetched = await self._fetch()
        for source, records in fetched.items():
            partition = self._accept(source, epoch, records)
            if partition is not None:
                for some in _cut(records, self.config.max_batch_records):
                    if not self._stopping:  # what is left is not committed, and read again
                        await self._process(partition, some, epoch)
        now = time.monotonic()
        if now - self._housekept >= HOUSEKEEPING_SECONDS:
            self._housekept = now
            for partition in list(self._assignment.partitions.values()):
                await self._keep_house(partition, now)

    async def _fetch(self) -> tuple[int, Fetched]:
        # Outside of any lock: getmany itself waits for a rebalance to end.
        self._fetching = asyncio.create_task(self._get_records())
        try:
            return await self._fetching
        except asyncio.CancelledError:
            if self._stopping or self._parked is not None:
                return self._assignment.epoch, {}
            raise
        except kafka.OffsetOutOfRangeError as error:
            for source, offset in dict(error.args[0]).items():
                await self._skip_deleted(source, offset)
        except kafka.NoOffsetForPartitionError:
            pass  # a partition that is still being opened: the opening seeks
        except kafka.KafkaError as error:
            if (end := unrecoverable(error)) is not None:
                raise end from error
            if not error.retriable and not isinstance(error, kafka.CorruptRecordException):
                raise StreamError(f"reading {self.config.input_topic} failed: {error!r}") from error
            log.warning("fetch_failed", error=repr(error))
            await asyncio.sleep(FETCH_ERROR_PAUSE_SECONDS)
        finally:
            self._fetching = None
        return self._assignment.epoch, {}

    async def _get_records(self) -> tuple[int, Fetched]:
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS)
        # In the same step in which the fetcher let go of the records: no rebalance can be in between.
        return self._assignment.epoch, fetched

    def _accept(self, source: TopicPartition, epoch: int, records: list[InputRecord]) -> InputPartition | None:
        """The partition the records belong to; None where they must be dropped."""
        partition = self._assignment.partitions.get(source)
        if partition is None:
            return None  # being opened, and its opening seeks to where it begins
        if self._assignment.is_stale(partition, epoch, records[0].offset):
            self.stats.stale += len(records)
            self._consumer.seek(source, partition.position)
            return None
        return partition

    async def _process(self, partition: InputPartition, records: list[InputRecord], epoch: int) -> None:
        """Run the core, wait for the partition's commit before, start this one; do not wait for it."""
        if partition.closed:
            return
        started = time.perf_counter()
        batch = Batch(partition.core, records, epoch, time.time_ns() // 1_000_000)
        result = await self._handler(batch)
        partition.position = batch.next_offset
        partition.last_traffic = time.monotonic()
        self.stats.process_seconds += time.perf_counter() - started
        if self._before_commit is not None:
            self._before_commit(result)
        self._fault("processed", partition.source.partition)
        await partition.settled()
        if partition.closed:
            return  # revoked or failed meanwhile: state and result go together
        if result.outputs or result.changes:
            self._commit(partition, result, partition.position)
        else:
            partition.defer(result)

    def _commit(self, partition: InputPartition, result: BatchResult, next_offset: int) -> None:
        partition.start_commit(self._commit_now(partition, result, next_offset))

    async def _commit_now(self, partition: InputPartition, result: BatchResult, next_offset: int) -> None:
        started = time.perf_counter()
        counts = partition.take_deferred()
        counts.add(result.counts)
        try:
            async with asyncio.timeout(self.config.transaction_timeout_ms / 1000):
                await partition.writer.commit(result, next_offset)
        except Exception as error:
            try:
                await self._assignment.failed(partition, error)
            except Exception as failure:
                self._park(failure)
            return
        partition.has_committed(next_offset)
        self._assignment.succeeded(partition.source)
        stats = self.stats
        stats.committed(time.perf_counter() - started)
        stats.counts.add(counts)
        stats.changes += len(result.changes)
        stats.outputs.update(output.topic for output in result.outputs)
        if (view := stats.partitions.get(partition.source.partition)) is not None:
            view.position = next_offset

    async def _keep_house(self, partition: InputPartition, now: float) -> None:
        """What happens by time: lag, deferred offsets, sessions that expire while nothing comes in."""
        if partition.closed or partition.committing:
            return
        end = self._consumer.last_stable_offset(partition.source)
        behind = max(0, end - partition.position) if end is not None else 0
        if (view := self.stats.partitions.get(partition.source.partition)) is not None:
            view.lag = behind
        if not behind:
            partition.last_progress = now
        if partition.deferred_since is not None and now - partition.deferred_since >= self.config.lazy_commit_seconds:
            self._commit(partition, BatchResult([], [], Counts()), partition.deferred_offset)
            return
        idle_check = self.config.idle_check_seconds
        quiet = min(now - partition.last_traffic, now - partition.last_idle_check)
        if quiet >= idle_check and end is not None and await self._consumer.position(partition.source) >= end:
            partition.last_idle_check = now
            result = partition.core.idle(time.time_ns() // 1_000_000)
            if result.outputs or result.changes:
                self._commit(partition, result, partition.position)

    async def _close(self, partition: InputPartition) -> None:
        """Finish what is in flight and let the partition go."""
        partition.closed = True
        await partition.settled()
        if partition.failed:
            return
        if partition.deferred_since is not None:
            # Not `position`: a batch may have been processed whose result is dropped now.
            await self._commit_now(partition, BatchResult([], [], Counts()), partition.deferred_offset)
        await partition.writer.close()

    async def _skip_deleted(self, source: TopicPartition, offset: int) -> None:
        """The offset is not in the log (any more): go on at the log's start, and say so."""
        start = (await self._consumer.beginning_offsets([source]))[source]
        log.warning(
            "input_deleted_before_it_was_read",
            topic=source.topic,
            partition=source.partition,
            offset=offset,
            continues_at=start,
            records_lost=max(0, start - offset),
            advice="lengthen the input topic's retention or add workers",
        )
        if (partition := self._assignment.partitions.get(source)) is not None:
            partition.position = start
        if source in self._consumer.assignment():
            self._consumer.seek(source, start)

    async def _watch(self) -> None:
        """End the process where something stands still for too long."""
        while True:
            await asyncio.sleep(1.0)
            try:
                check_progress(self._waiting(), time.monotonic(), self.config.progress_limit_seconds)
            except StreamError as error:
                self._park(error)
                return

    def _waiting(self) -> Iterator[Waiting]:
        assignment = self._assignment
        if assignment.rebalancing_since is not None:
            yield Waiting(f"group {self.config.group} gives this worker no assignment", assignment.rebalancing_since)
        for source, since in list(assignment.opening_since.items()):
            yield Waiting(f"{source.topic}[{source.partition}] could not be started", since)
        for source, partition in list(assignment.partitions.items()):
            view = self.stats.partitions.get(source.partition)
            if partition.committing or (view is not None and view.lag):
                what = f"records wait in {source.topic}[{source.partition}] after offset {partition.committed}"
                yield Waiting(what, partition.last_progress)


def _cut(records: list[InputRecord], most: int) -> Iterator[list[InputRecord]]:
    if len(records) <= most:
        yield records
        return
    for start in range(0, len(records), most):
        yield records[start : start + most]
