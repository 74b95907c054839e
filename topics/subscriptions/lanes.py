"""The lanes of a subscription to several types: a `Merge` a partition number, and the ends they ask for."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Any

from aiokafka import TopicPartition
from aiokafka import errors as kafka

from topics.subscriptions.clients import Consumer, new_consumer, stop_consumer
from topics.subscriptions.merge import Merge
from topics.subscriptions.options import Options
from topics.subscriptions.received import Received

ASK_SECONDS = 0.05
"""Ends are asked for at most that often while records keep coming."""
MOST_WAITING = 2_000
"""Records of a topic that may wait for another one before its reading pauses."""

log = logging.getLogger("topics.subscriptions")


class Lane:
    """One partition number over all topics."""

    def __init__(self, number: int, topics: Iterable[str]) -> None:
        self.number = number
        self.merge: Merge[Received[Any]] = Merge(topics)
        self.waited = 0.0
        """Seconds in which nothing moved while records waited."""

    def add(self, received: Received[Any]) -> None:
        record = received.record
        idle = getattr(record, "cause", None) == "session_idle"
        self.merge.add(
            received.topic,
            received,
            received.key,
            record.session_sequence,
            None if idle else record.source.offset,
        )


class Lanes:
    """All lanes, and a client of their own that asks for the topics' ends."""

    def __init__(self, options: Options, topics: list[str]) -> None:
        self._options = options
        self._topics = topics
        self._lanes: dict[int, Lane] = {}
        # What is not committed yet counts here: an end that leaves it out proves nothing.
        self._ends: Consumer = new_consumer(options, None, isolation_level="read_uncommitted")
        self._asking: asyncio.Task[None] | None = None
        self._asked = 0.0
        self._paused: set[TopicPartition] = set()

    async def start(self) -> None:
        await self._ends.start()

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._asking
        await stop_consumer(self._ends)

    @property
    def waiting(self) -> bool:
        """Whether anything is held back."""
        return any(lane.merge.waiting for lane in self._lanes.values())

    def lane(self, number: int, assignment: Iterable[TopicPartition]) -> Lane:
        found = self._lanes.get(number)
        if found is None:
            topics = [partition.topic for partition in assignment if partition.partition == number]
            found = self._lanes[number] = Lane(number, topics)
        return found

    def clear(self) -> None:
        """The partitions are gone, and what waited with them."""
        self._lanes.clear()
        self._paused.clear()

    def release(self) -> list[Received[Any]]:
        """What may be handed on, of all lanes."""
        released: list[Received[Any]] = []
        for lane in self._lanes.values():
            if some := lane.merge.release():
                lane.waited = 0.0
                released += some
        return released

    def complete(self) -> bool:
        """Nothing more comes: let go of everything. Returns whether anything waited."""
        return sum(lane.merge.give_up_waiting() for lane in self._lanes.values()) > 0

    def concerned(self, assignment: Iterable[TopicPartition]) -> list[TopicPartition]:
        """The partitions of lanes in which something waits."""
        return [
            partition
            for partition in assignment
            if (lane := self._lanes.get(partition.partition)) is not None and lane.merge.waiting
        ]

    def read_to(self, partition: TopicPartition, position: int) -> None:
        if (lane := self._lanes.get(partition.partition)) is not None:
            lane.merge.read_to(partition.topic, position)

    def tick(self, seconds: float, moved: bool) -> None:
        """Time passed while records were waited for; ask for ends, and give up what has waited for too long."""
        waiting = [lane for lane in self._lanes.values() if lane.merge.waiting]
        for lane in waiting:
            lane.waited = 0.0 if moved else lane.waited + seconds
            if lane.waited > self._options.order_wait:
                lane.waited = 0.0
                count = lane.merge.give_up_waiting()
                log.warning(
                    "partition %d: %d records waited %.1f s for what might come before them in other topics (a "
                    "transaction that does not end?); they go on without",
                    lane.number,
                    count,
                    self._options.order_wait,
                )
        now = asyncio.get_running_loop().time()
        if waiting and (self._asking is None or self._asking.done()) and (not moved or now - self._asked > ASK_SECONDS):
            self._asked = now
            self._asking = asyncio.create_task(self._ask(waiting))

    async def _ask(self, lanes: list[Lane]) -> None:
        arrived = [lane.merge.arrived for lane in lanes]
        partitions = [TopicPartition(topic, lane.number) for lane in lanes for topic in self._topics]
        try:
            ends = await self._ends.end_offsets(partitions)
        except kafka.KafkaError as error:
            log.info("the topics' ends are not known: %r", error)
            return
        for lane, number in zip(lanes, arrived, strict=True):
            lane.merge.ends({topic: ends[TopicPartition(topic, lane.number)] for topic in self._topics}, number)

    def hold_back(self, consumer: Consumer) -> None:
        """Pause the topics that are far ahead of others of their lane."""
        ahead = {
            partition
            for partition in consumer.assignment()
            if (lane := self._lanes.get(partition.partition)) is not None
            and lane.merge.is_ahead(partition.topic, MOST_WAITING)
        }
        if ahead != self._paused:
            consumer.resume(*(self._paused - ahead))
            consumer.pause(*(ahead - self._paused))
            self._paused = ahead
