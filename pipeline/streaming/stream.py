"""The transactional stream: fetch, process, commit, for every partition this process owns."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping

import structlog
from aiokafka import TopicPartition
from aiokafka import errors as kafka

from pipeline.core.records import BatchResult, Counts
from pipeline.streaming.assignment import Assignment
from pipeline.streaming.batch import Batch, Handler, process_directly
from pipeline.streaming.clients import close_consumer, input_consumer
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.core_interface import CoreFactory
from pipeline.streaming.failures import StreamError, unrecoverable
from pipeline.streaming.fault_points import FaultHook, no_fault
from pipeline.streaming.fetched_batches import FetchedBatch, Records
from pipeline.streaming.observer import Observer
from pipeline.streaming.partition import InputPartition
from pipeline.streaming.progress import Waiting, check_progress
from pipeline.streaming.standing import PartitionStanding, Standing
from pipeline.streaming.stats import StreamStats

POLL_MS = 200
HOUSEKEEPING_SECONDS = 0.2
WATCH_SECONDS = 1.0
ASK_SECONDS = 5.0
FETCH_ERROR_PAUSE_SECONDS = 0.2
FETCH_REST_SECONDS = 0.001
FEW_RECORDS = 100
STOP_SECONDS = 8.0
"""For the commits in flight when the stream stops; Kafka answers in milliseconds, or is gone."""

BeforeCommit = Callable[[BatchResult], None]
"""Sees every result before it is committed; may raise to stop the stream, and nothing of the batch is committed."""

Fetched = Mapping[TopicPartition, list[FetchedBatch]]

log = structlog.get_logger(__name__)


class TransactionalStream:
    """Runs a core over the input topic; outputs, state and offsets are committed together.

    handler: takes a batch to the core and brings the result back (an agent; by default a plain call).
    before_commit: see `BeforeCommit`. observer: see `Observer`.
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
        observer: Observer | None = None,
        fault: FaultHook = no_fault,
        assignment_type: type[Assignment] = Assignment,
    ) -> None:
        self.config = config
        self.stats = stats or StreamStats()
        self._new_core = new_core
        self._handler = handler
        self._before_commit = before_commit
        self._observer = observer
        self._turned: float | None = None
        self._fault = fault
        self._assignment_type = assignment_type
        self._stopping = False
        self._parked: BaseException | None = None
        self._fetching: asyncio.Task[tuple[int, Fetched]] | None = None
        self._work = asyncio.Event()
        """Set when there may be something to do: records, a commit that ended, time that passed."""
        self._housekept = 0.0

    def stop(self) -> None:
        """Let `run` end: what is in flight is committed, the group is left."""
        self._stopping = True
        self._work.set()

    async def run(self) -> None:
        """Until `stop`, or until an error ends it: StreamError (one line), or whatever the handler raised."""
        self._consumer = input_consumer(self.config)
        self._assignment = self._assignment_type(
            self.config, self._consumer, self._new_core, self.stats, self._fault, self._park, self._close
        )
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._consumer.start()
            self._consumer.subscribe([self.config.input_topic], listener=self._assignment)
            tasks = [asyncio.create_task(self._tick()), asyncio.create_task(self._watch())]
            while not self._stopping and self._parked is None:
                await self._work.wait()
                self._work.clear()
                await self._round()
        finally:
            for task in (*tasks, *([self._fetching] if self._fetching else ())):
                task.cancel()
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
        self._work.set()

    async def _round(self) -> None:
        """Take what was fetched, process it partition by partition (that is CPU); commits go on side by side."""
        await self._take_fetched()
        for partition in list(self._assignment.partitions.values()):
            while (records := partition.next_records(self.config.max_batch_records)) and not self._stopping:
                await self._process(partition, records)
        self._turned = now = time.monotonic()
        if now - self._housekept >= HOUSEKEEPING_SECONDS:
            self._housekept = now
            for partition in list(self._assignment.partitions.values()):
                await self._keep_house(partition, now)

    async def _take_fetched(self) -> None:
        rest = 0.0
        if self._fetching is not None and self._fetching.done():
            fetching, self._fetching = self._fetching, None
            epoch, fetched = await self._fetched(fetching)
            for source, batches in fetched.items():
                if (partition := self._accept(source, epoch, batches)) is not None:
                    partition.enqueue(batches)
            # A fetch costs both sides about as much for one record as for many, and a trickle would ask for each of
            # its records alone, while most of them wait for a commit anyway.
            few = sum(batch.count for batches in fetched.values() for batch in batches) < FEW_RECORDS
            rest = FETCH_REST_SECONDS if fetched and few else 0
        if self._fetching is None and not self._is_full():
            self._fetching = asyncio.create_task(self._get_records(rest))
            self._fetching.add_done_callback(lambda _: self._work.set())
            await asyncio.sleep(0)  # the next fetch is on its way while these records are processed

    def _is_full(self) -> bool:
        """Whether a partition has the next batch waiting: then nothing more is fetched."""
        most = self.config.max_batch_records
        return any(partition.is_full(most) for partition in self._assignment.partitions.values())

    async def _get_records(self, rest: float) -> tuple[int, Fetched]:
        await asyncio.sleep(rest)
        # Outside of any lock: getmany itself waits for a rebalance to end.
        fetched = await self._consumer.getmany(timeout_ms=POLL_MS)
        # In the same step in which the fetcher let go of the records: no rebalance can be in between.
        return self._assignment.epoch, fetched

    async def _fetched(self, fetching: asyncio.Task[tuple[int, Fetched]]) -> tuple[int, Fetched]:
        """The result of a fetch that is done; nothing where it failed in a way that passes."""
        try:
            return fetching.result()
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
        return self._assignment.epoch, {}

    def _accept(self, source: TopicPartition, epoch: int, batches: list[FetchedBatch]) -> InputPartition | None:
        """The partition the batches belong to; None where they must be dropped."""
        partition = self._assignment.partitions.get(source)
        if partition is None:
            return None  # being opened, and its opening seeks to where it begins
        if self._assignment.is_stale(partition, epoch, batches[0].offset):
            self.stats.stale += sum(batch.count for batch in batches)
            self._consumer.seek(source, partition.position)
            return None
        return partition

    async def _process(self, partition: InputPartition, records: Records) -> None:
        """Run the core and start the commit, or hold the result while the one before is in flight."""
        started = time.perf_counter()
        batch = Batch(partition.core, records, partition.epoch, partition.told_ms())
        result = await self._handler(batch)
        self.stats.process_seconds += time.perf_counter() - started
        if self._before_commit is not None:
            self._before_commit(result)
        self._fault("processed", partition.source.partition)
        if partition.closed:
            return  # revoked or failed meanwhile: state and result go together
        if not result.outputs and not result.changes:
            partition.defer(result, batch.next_offset)
        elif partition.committing:
            partition.held = result, batch.next_offset
        else:
            self._commit(partition, result, batch.next_offset)

    def _commit(self, partition: InputPartition, result: BatchResult, next_offset: int) -> None:
        partition.start_commit(self._commit_in_turn(partition, result, next_offset))

    async def _commit_in_turn(self, partition: InputPartition, result: BatchResult, next_offset: int) -> None:
        await self._commit_now(partition, result, next_offset)
        while not partition.closed and (held := partition.take_held()) is not None:
            self._work.set()  # the next batch can be processed ahead
            await self._commit_now(partition, *held)
        asyncio.get_running_loop().call_soon(self._work.set)  # when this task is done

    async def _commit_now(self, partition: InputPartition, result: BatchResult, next_offset: int) -> None:
        counts = partition.take_deferred()
        counts.add(result.counts)
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self.config.transaction_timeout_ms / 1000):
                await partition.writer.commit(result, next_offset)
        except Exception as error:
            if self._observer is not None:
                self._observer.failed(partition.source.partition, error)
            try:
                await self._assignment.failed(partition, error)
            except Exception as failure:
                self._park(failure)
            return
        seconds = time.perf_counter() - started
        rest = partition.has_committed(next_offset, seconds)
        asyncio.get_running_loop().call_later(rest, self._work.set)
        self._assignment.succeeded(partition.source)
        stats = self.stats
        stats.committed(seconds, counts, result, time.time_ns() // 1_000_000)
        if self._observer is not None:
            self._observer.committed(partition.source.partition, next_offset, result, seconds)
        if (view := stats.partitions.get(partition.source.partition)) is not None:
            view.position = next_offset

    async def _keep_house(self, partition: InputPartition, now: float) -> None:
        """What happens by time: lag, deferred offsets, sessions that expire while nothing comes in."""
        if partition.closed or partition.committing or partition.queue:
            return
        end = max(self._consumer.last_stable_offset(partition.source) or 0, partition.known_end)
        behind = max(0, end - await self._reached(partition))
        if (view := self.stats.partitions.get(partition.source.partition)) is not None:
            view.lag = behind
        if not behind:
            partition.last_progress = now
        if partition.deferred_since is not None and now - partition.deferred_since >= self.config.lazy_commit_seconds:
            self._commit(partition, BatchResult([], [], Counts()), partition.deferred_offset)
            return
        idle_check = self.config.idle_check_seconds
        quiet = min(now - partition.last_traffic, now - partition.last_idle_check)
        if quiet >= idle_check and not behind and partition.asked_at > partition.last_traffic:
            partition.last_idle_check = now
            result = partition.core.idle(partition.idle_ms(now))
            if result.outputs or result.changes:
                self._commit(partition, result, partition.position)

    async def _reached(self, partition: InputPartition) -> int:
        """The consumer's position goes over the markers of transactions, which are never seen as records."""
        try:
            return max(partition.position, await self._consumer.position(partition.source))
        except kafka.IllegalStateError:  # revoked meanwhile
            return partition.position

    async def _close(self, partition: InputPartition) -> None:
        """Finish what is in flight and let the partition go."""
        partition.closed = True
        try:
            await partition.settled()
            if partition.failed:
                return
            if partition.deferred_since is not None:
                # Not `position`: a batch may have been processed whose result is dropped now.
                await self._commit_now(partition, BatchResult([], [], Counts()), partition.deferred_offset)
        finally:  # also where Kafka does not answer and the stop's time is up
            await partition.writer.close()

    async def _skip_deleted(self, source: TopicPartition, offset: int) -> None:
        """The offset is not in the log (any more): go on at the log's start, and say so."""
        partition = self._assignment.partitions.get(source)
        start = (await self._consumer.beginning_offsets([source]))[source]
        if partition is None or self._assignment.partitions.get(source) is not partition or offset < partition.position:
            return  # fetched under an older assignment: whoever opens the partition seeks to where it begins
        lost = max(0, start - offset)
        self.stats.lost[source.partition] += lost
        log.warning(
            "input_deleted_before_it_was_read",
            topic=source.topic,
            partition=source.partition,
            offset=offset,
            continues_at=start,
            records_lost=lost,
            advice="lengthen the input topic's retention or add workers",
        )
        partition.skip_to(start)
        if source in self._consumer.assignment():
            self._consumer.seek(source, start)

    async def _tick(self) -> None:
        while True:
            self._work.set()
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    async def _watch(self) -> None:
        """End the process where something stands still for too long."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await self._ask_ends()
            try:
                check_progress(self._waiting(), time.monotonic(), self.config.progress_limit_seconds)
            except StreamError as error:
                self._park(error)
                return

    async def _ask_ends(self) -> None:
        """Ask Kafka where partitions end that have no traffic: fetches that bring nothing may be none."""
        now = time.monotonic()
        quiet = [
            partition
            for partition in self._assignment.partitions.values()
            if now - max(partition.last_traffic, partition.asked_at) >= self.config.idle_check_seconds
        ]
        if not quiet:
            return
        try:
            async with asyncio.timeout(ASK_SECONDS):
                ends = await self._consumer.end_offsets([partition.source for partition in quiet])
        except (kafka.KafkaError, TimeoutError):
            return  # it does not say; then no session goes idle by the wall's clock
        for partition in quiet:
            partition.known_end, partition.asked_at = ends[partition.source], now

    def standing(self) -> Standing:
        """Where it stands now; for whoever asks from outside, seldom."""
        if self._turned is None:
            return Standing()
        assignment = self._assignment
        return Standing(
            partitions=[self._standing_of(partition) for partition in list(assignment.partitions.values())],
            opening=sorted(source.partition for source in assignment.opening_since),
            assigned=assignment.rebalancing_since is None,
            waiting=list(self._waiting()),
            turned=self._turned,
        )

    def _standing_of(self, partition: InputPartition) -> PartitionStanding:
        number, oldest = partition.source.partition, partition.oldest_ms
        view = self.stats.partitions.get(number)
        lag = view.lag if view is not None else 0
        if oldest is not None:  # then housekeeping, which knows better, has not looked
            end = max(self._consumer.last_stable_offset(partition.source) or 0, partition.known_end, partition.position)
            lag = end - partition.committed
        elif lag:  # what waits was not read yet: at least so old, as far as is known here
            oldest = (time.time_ns() // 1_000_000) - round((time.monotonic() - partition.last_progress) * 1000)
        return PartitionStanding(number, partition.committed, lag, oldest, partition.core)

    def _waiting(self) -> Iterator[Waiting]:
        assignment = self._assignment
        if assignment.rebalancing_since is not None:
            yield Waiting(f"group {self.config.group} gives this worker no assignment", assignment.rebalancing_since)
        for source, since in list(assignment.opening_since.items()):
            yield Waiting(f"{source.topic}[{source.partition}] could not be started", since)
        for source, partition in list(assignment.partitions.items()):
            view = self.stats.partitions.get(source.partition)
            if partition.committing or partition.queue or (view is not None and view.lag):
                what = f"records wait in {source.topic}[{source.partition}] after offset {partition.committed}"
                yield Waiting(what, partition.last_progress)
