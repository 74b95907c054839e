"""One input partition this process owns: its state, its writer, and the commit in flight."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine, Iterable
from typing import Any

from aiokafka import TopicPartition

from pipeline.core.records import BatchResult, Counts
from pipeline.streaming.core_interface import PartitionCore
from pipeline.streaming.fetched_batches import FetchedBatch, Records
from pipeline.streaming.writer import PartitionWriter
from topics.fetched_records import FetchedRecord

REST_RATIO = 0.25
MAX_REST_SECONDS = 0.02
MOST_BYTES = 8_388_608
"""Records of so many bytes are a full batch, however few they are: with audio in them five thousand would be 200 MB."""


class InputPartition:
    """The partition from the moment records may flow until it is revoked or fails.

    Records wait in `queue` while the batch before them is committed, so that a partition that waits holds up no other.
    At most one commit is in flight. That task is the lock between a batch and the revoke callback: a commit begins only
    while the partition is not `closed`, and `close` waits for the one that has begun.
    """

    def __init__(
        self, source: TopicPartition, epoch: int, core: PartitionCore, writer: PartitionWriter, position: int
    ) -> None:
        self.source = source
        self.epoch = epoch
        self.core = core
        self.writer = writer
        self.position = position
        """Offset after the last record taken into `queue`."""
        self.queue: deque[FetchedBatch] = deque()
        self._count = self._size = 0
        """Of what is in the queue: records, at most, and bytes."""
        self.held: tuple[BatchResult, int] | None = None
        """A batch processed ahead, with the offset after it: the next to commit."""
        self.committed = position
        """Offset after the last record that is durable."""
        self.closed = False
        self.failed = False
        self.deferred = Counts()
        """Counts of records that changed nothing and whose offset is not committed yet."""
        self.deferred_offset = position
        self.deferred_since: float | None = None
        now = time.monotonic()
        self.last_traffic = now
        self.last_idle_check = now
        self.last_progress = now
        self.wall = (time.time_ns() // 1_000_000, now)
        """The wall clock (ms) and the monotonic one (s) when the core was last told the time."""
        self.known_end = position
        """Where the log ended when Kafka was last asked, beside what fetches say."""
        self.asked_at = now
        self.rests_until = now
        """Until then a batch begins only if it is full."""
        self._commit: asyncio.Task[None] | None = None
        self._taken: deque[tuple[int, int | None]] = deque()
        """Offset and timestamp of the first record of each batch that is not durable yet."""

    def told_ms(self) -> int:
        """The wall clock, for a batch."""
        self.wall = (time.time_ns() // 1_000_000, time.monotonic())
        return self.wall[0]

    def idle_ms(self, now: float) -> int:
        """The wall clock as if it had not been set since: a jump of it is no time that passed."""
        wall_ms, at = self.wall
        return wall_ms + round((now - at) * 1000)

    @property
    def oldest_ms(self) -> int | None:
        """Timestamp of the first record that was read and is not durable; None where there is none."""
        return self._taken[0][1] if self._taken else self.queue[0].timestamp if self.queue else None

    @property
    def committing(self) -> bool:
        return self._commit is not None and not self._commit.done()

    def start_commit(self, commit: Coroutine[Any, Any, None]) -> None:
        """Run `commit`, which ends with the last commit that follows it; nothing else may be in flight."""
        assert not self.committing, "a partition commits one batch at a time"
        assert not self.closed, "a closed partition commits nothing"
        self._commit = asyncio.create_task(commit, name=f"commit-{self.source.partition}")

    async def settled(self) -> None:
        """Wait until no commit is in flight; whether it went well shows in `closed`."""
        if self._commit is not None and not self._commit.done():
            await asyncio.wait({self._commit})

    def enqueue(self, batches: Iterable[FetchedBatch]) -> None:
        """Take fetched record batches in; there is at least one."""
        for batch in batches:
            self.queue.append(batch)
            self._count += batch.count
            self._size += batch.size
        self.position = self.queue[-1].next_offset
        self.last_traffic = time.monotonic()

    def is_full(self, most: int) -> bool:
        """Whether as many records wait as a transaction may have, or as many bytes."""
        return self._count >= most or self._size >= MOST_BYTES

    def next_records(self, most: int) -> Records | None:
        """The records to process now, at most so many; None while it is better to wait.

        While a commit is in flight, and while the partition rests, only a full batch is processed, and ahead of the
        commit only one: more records gather meanwhile, and a transaction costs the same for many.
        """
        if self.closed or self.held is not None or not self.queue:
            return None
        if not self.is_full(most) and (self.committing or time.monotonic() < self.rests_until):
            return None
        front = self.queue[0]
        self._taken.append((front.offset, front.timestamp))
        parts: list[Iterable[FetchedRecord]] = []
        count = size = next_offset = 0
        while self.queue and count < most and size < MOST_BYTES:
            batch = self.queue[0]
            before = batch.count
            part, number = batch.take(most - count)
            parts.append(part)
            count += number
            size += batch.size
            next_offset = batch.offset
            self._count -= before - batch.count
            if not batch.count:
                self._size -= batch.size
                self.queue.popleft()
        return Records(parts, count, next_offset) if count else None

    def take_held(self) -> tuple[BatchResult, int] | None:
        """The batch processed ahead, which is about to be committed."""
        held, self.held = self.held, None
        return held

    def defer(self, result: BatchResult, next_offset: int) -> None:
        """Nothing came of the batch: leave its offset to the next commit."""
        self.deferred.add(result.counts)
        self.deferred_offset = next_offset
        if self.deferred_since is None:
            self.deferred_since = time.monotonic()

    def skip_to(self, offset: int) -> None:
        """What was before `offset` is gone from the log. Left to the next commit, so that it is found missing once."""
        self.position = offset
        if offset > self.committed and not (self.queue or self.committing):  # else their commit would be behind it
            self.defer(BatchResult([], [], Counts()), offset)

    def take_deferred(self) -> Counts:
        """The deferred counts, which the commit about to be made covers."""
        deferred, self.deferred, self.deferred_since = self.deferred, Counts(), None
        return deferred

    def has_committed(self, next_offset: int, seconds: float) -> float:
        """Note that all before `next_offset` is durable, after so many seconds; for how many the partition now rests.

        Kafka writes the markers of a transaction after it has answered, so one begun at once waits for them, asking
        again and again. The longer commits take the busier Kafka is: it then gets fewer and larger ones.
        """
        self.committed = next_offset
        while self._taken and self._taken[0][0] < next_offset:
            self._taken.popleft()
        self.last_progress = time.monotonic()
        rest = min(REST_RATIO * seconds, MAX_REST_SECONDS)
        self.rests_until = self.last_progress + rest
        return rest
