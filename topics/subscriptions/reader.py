"""Reads the topics of one subscription: fetch, decode, put in order, hand out, commit what is finished."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import TopicPartition
from aiokafka import errors as kafka

from topics.subscriptions.assignment import Assignment, Reading
from topics.subscriptions.clients import Consumer, new_consumer, partitions_of, stop_consumer
from topics.subscriptions.errors import RefusedError, SubscriptionError
from topics.subscriptions.extras import Extras, Grave
from topics.subscriptions.fast_records import make_fast
from topics.subscriptions.intake import CHUNK, Intake, Source
from topics.subscriptions.lanes import Lanes
from topics.subscriptions.latest import LatestOnly
from topics.subscriptions.opening import OpenAtOnce, Openings, OpenInOrder
from topics.subscriptions.options import Options
from topics.subscriptions.received import RawRecord, Received
from topics.subscriptions.starting import move_group, offsets_at, start_offsets

POLL_MS = 200
ORDER_POLL_MS = 5
ERROR_PAUSE_SECONDS = 0.2
TURN_SECONDS = 0.02
"""How long records may be handed out before the group's heartbeats get their turn."""

log = logging.getLogger("topics.subscriptions")


class Reader:
    """One consumer and what it has handed out. `take` is for one caller at a time."""

    def __init__(
        self, options: Options, sources: Mapping[str, Source], extras: Extras | None = None, grave: Grave | None = None
    ) -> None:
        self.options = options
        self._extras = extras
        self._grave = grave
        self._moved = frozenset(sources)
        """The topics for which `start` holds."""
        self._ordered = list(sources) if len(sources) > 1 else []
        """Topics that come in the order of their sessions, across topics."""
        self._sources = {**sources, **({extras.first: Source(extras.decode, None)} if extras is not None else {})}
        self._intake = Intake(self._sources, options.on_invalid)
        self._latest = LatestOnly(bounded=options.until is not None) if options.latest_revision else None
        self.stopping = False
        self.on_stop: list[Callable[[], None]] = []
        self._polling: asyncio.Timeout | None = None
        self._turn = 0.0
        self._committer: asyncio.Task[None] | None = None
        self._started = False

    async def start(self) -> None:
        """Connect, join the group, find the beginning. Raises SubscriptionError."""
        options = self.options
        counts = await partitions_of(options, list(self._sources))
        if len(counts) > 1 and len(set(counts.values())) > 1:
            told = ", ".join(f"{topic}: {count}" for topic, count in counts.items())
            raise SubscriptionError(
                f"topics differ in their number of partitions ({told}), so that there is no order across them; "
                "`itemstream topics plan` shows what to change"
            )
        partitions = [TopicPartition(topic, number) for topic, count in counts.items() for number in range(count)]
        if options.group is not None and options.start != "committed":
            await move_group(options, options.group, [one for one in partitions if one.topic in self._moved])
        self._consumer: Consumer = new_consumer(options, options.group)
        extras = self._extras
        transactions = extras.transactions if extras is not None else None
        self._openings: Openings = OpenAtOnce()
        if extras is not None:
            fence = transactions.fence if transactions is not None else None
            self._openings = OpenInOrder(self._consumer, extras.first, fence)
        self._assignment = Assignment(
            self._consumer,
            self._openings,
            commit=None if options.group is None else transactions.commit if transactions else self._commit_to_group,
            revoke_wait=options.revoke_wait,
            lost=self._forget,
        )
        self._lanes = Lanes(options, self._ordered) if self._ordered else None
        self._started = True
        await self._consumer.start()
        make_fast(self._consumer)
        if self._lanes is not None:
            await self._lanes.start()
        if options.group is not None:
            self._consumer.subscribe(list(self._sources), listener=self._assignment)
            self._committer = asyncio.create_task(self._commit_at_intervals())
        else:
            await self._assign_all(partitions)

    async def _assign_all(self, partitions: list[TopicPartition]) -> None:
        """Without a group: read every partition, or those that `start` names."""
        start = "earliest" if self.options.start == "committed" else self.options.start
        offsets = await start_offsets(self._consumer, partitions, start)
        self._consumer.assign(list(offsets))
        for partition, offset in offsets.items():
            self._consumer.seek(partition, offset)
        self._assignment.assigned(offsets)

    def stop(self) -> None:
        """Let `take` end."""
        self.stopping = True
        for callback in self.on_stop:
            callback()
        if self._polling is not None:
            self._polling.reschedule(0)

    async def close(self) -> None:
        """Commit what is finished and leave the group."""
        if not self._started:
            return
        self._started = False
        if self._committer is not None:
            self._committer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._committer
        self._assignment.hold()
        await self._openings.cancel()
        await self._assignment.commit()
        if self._extras is not None:
            await self._extras.lost()
        if self._grave is not None:
            await self._grave.close()
        if self._lanes is not None:
            await self._lanes.close()
        await stop_consumer(self._consumer)

    async def _forget(self) -> None:
        """The partitions are gone, and what was fetched of them."""
        self._intake.clear()
        if self._lanes is not None:
            self._lanes.clear()
        if self._extras is not None:
            await self._extras.lost()

    async def _commit_to_group(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        await self._consumer.commit(offsets)
        return offsets

    @property
    def failure(self) -> Exception | None:
        """What a commit failed with after which nothing may be handled."""
        return self._assignment.failure

    @property
    def in_hand(self) -> int:
        """How many records the caller is busy with; a rebalance waits for them."""
        return self._assignment.in_hand

    @in_hand.setter
    def in_hand(self, count: int) -> None:
        self._assignment.in_hand = count

    async def take(self, most: int = CHUNK, deadline: float | None = None) -> list[Received[Any]] | None:
        """The next records, about `most`; None at the end. What is not `flowing` any more must be dropped.

        deadline: by the event loop's clock, after which an empty list says that nothing has come. A `take` that is
        cancelled loses nothing: what it lets go of is returned at once.
        """
        loop = asyncio.get_running_loop()
        if (now := loop.time()) - self._turn > TURN_SECONDS:
            await asyncio.sleep(0)  # however fast the caller comes back
            self._turn = now
        await self._bury()
        while not self.stopping:
            chunk = self._ready(most)
            if chunk and self._latest is not None:
                chunk = self._latest.keep(chunk)
            if chunk:
                return chunk
            await self._bury()
            if self._intake.failure is not None:
                raise self._intake.failure
            if self.options.until is not None and await self._is_at_end():
                if self._lanes is not None and self._lanes.complete():
                    continue
                return self._latest.rest() if self._latest is not None else None
            if deadline is not None and loop.time() >= deadline:
                return []
            await self._poll(deadline)
        return None

    async def _bury(self) -> None:
        """Only what is kept for good among the dead letters is finished."""
        dead = self._intake.dead
        while dead and self._grave is not None:
            received = dead[0]
            await self._grave.put(received)
            received.finish()
            if dead and dead[0] is received:  # else its partition has gone meanwhile
                dead.popleft()

    def _ready(self, most: int) -> list[Received[Any]]:
        chunk = self._intake.take(most)
        if chunk or self._lanes is None:
            return chunk
        return self._intake.keep_wanted(self._lanes.release())

    async def _poll(self, deadline: float | None) -> None:
        """Fetch until about `deadline`, and take in what came."""
        await self._openings.check()
        if self._assignment.failure is not None:
            raise self._assignment.failure
        lanes = self._lanes
        waiting = lanes is not None and lanes.waiting
        loop = asyncio.get_running_loop()
        began = loop.time()
        most = ORDER_POLL_MS if waiting else POLL_MS
        if deadline is not None:
            most = max(min(most, int((deadline - began) * 1000)), 1)
        fetched: Mapping[TopicPartition, list[RawRecord]] = {}
        try:
            # Called as it is and not as a task: nothing can come between its letting go of records and their intake.
            async with asyncio.timeout(None) as self._polling:
                fetched = await self._consumer.getmany(timeout_ms=most)
        except TimeoutError:
            pass
        except kafka.NoOffsetForPartitionError as error:
            await self._begin(error.args[0])
        except kafka.OffsetOutOfRangeError as error:
            for partition, offset in dict(error.args[0]).items():
                if self._openings.flows(partition):
                    await self._skip_deleted(partition, offset)
        except kafka.KafkaError as error:
            if not error.retriable and not isinstance(error, kafka.CorruptRecordException):
                raise RefusedError(f"reading failed: {error!r}") from error
            log.warning("reading failed, trying again: %r", error)
            await asyncio.sleep(ERROR_PAUSE_SECONDS)
        finally:
            self._polling = None
        for partition, raws in fetched.items():
            if self._openings.flows(partition):
                self._take_in(partition, raws)
            else:  # fetched before its assignment was announced
                self._consumer.seek(partition, raws[0].offset)
        if lanes is not None:
            await self._keep_order(lanes, loop.time() - began, bool(fetched))

    def _take_in(self, partition: TopicPartition, raws: Sequence[RawRecord]) -> None:
        reading = self._assignment.reading(partition)
        if reading.end is not None and raws[-1].offset >= reading.end:
            raws = [raw for raw in raws if raw.offset < reading.end]
        reading.read(raws)
        if self._lanes is None or partition.topic not in self._ordered:
            self._intake.put(reading, raws)
            return
        lane = self._lanes.lane(partition.partition, self._consumer.assignment())
        for received in self._intake.decode_now(reading, raws):
            lane.add(received)

    async def _keep_order(self, lanes: Lanes, seconds: float, moved: bool) -> None:
        """Tell the lanes how far the topics have been read, and that time passed."""
        for partition in lanes.concerned(self._consumer.assignment()):
            with contextlib.suppress(kafka.IllegalStateError):
                lanes.read_to(partition, await self._position(partition))
        lanes.tick(seconds, moved)
        lanes.hold_back(self._consumer)

    async def _position(self, partition: TopicPartition) -> int:
        """Where reading goes on; -1 where that is not known yet."""
        try:
            async with asyncio.timeout(0.05):
                return await self._consumer.position(partition)
        except TimeoutError:
            return -1

    async def _is_at_end(self) -> bool:
        """Whether every assigned partition has been read to where the read is to end."""
        if not self._assignment.known:
            return False
        readings = list(self._assignment.readings.values())
        await self._find_ends([reading for reading in readings if reading.end is None])
        for reading in readings:
            if reading.end is None:
                return False
            if not reading.ended:
                try:
                    position = await self._position(reading.partition)
                except kafka.IllegalStateError:  # revoked meanwhile
                    return False
                if position < reading.end:
                    return False
                reading.ended = True
                self._consumer.pause(reading.partition)
        return not self._intake

    async def _find_ends(self, readings: list[Reading]) -> None:
        until = self.options.until
        partitions = [reading.partition for reading in readings]
        if not partitions or (isinstance(until, datetime) and until > datetime.now(UTC)):
            return
        if isinstance(until, datetime):
            ends = await offsets_at(self._consumer, partitions, until)
        else:
            ends = await self._consumer.end_offsets(partitions)
        for reading in readings:
            reading.end = ends[reading.partition]

    async def _commit_at_intervals(self) -> None:
        while True:
            await asyncio.sleep(self.options.commit_interval)
            await self._assignment.commit()

    async def _begin(self, partition: TopicPartition) -> None:
        """The group has not been here before."""
        if not self._openings.flows(partition):
            await asyncio.sleep(0.01)  # its opening says where
            return
        start = (await self._consumer.beginning_offsets([partition]))[partition]
        with contextlib.suppress(kafka.IllegalStateError):
            self._consumer.seek(partition, start)

    async def _skip_deleted(self, partition: TopicPartition, offset: int) -> None:
        start = (await self._consumer.beginning_offsets([partition]))[partition]
        log.warning(
            "%s[%d] was deleted before it was read: offset %d to %d; reading goes on at %d (lengthen the topic's "
            "retention or add members to the group)",
            partition.topic,
            partition.partition,
            offset,
            start - 1,
            start,
        )
        with contextlib.suppress(kafka.IllegalStateError):
            self._consumer.seek(partition, start)


def finish_all(chunk: Iterable[Received[Any]]) -> None:
    """Nothing more is to be done with any of them."""
    for received in chunk:
        received.finish()
