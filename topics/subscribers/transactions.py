"""Results and offsets in one transaction, with a fence for every lane.

aiokafka lacks the fencing of KIP-447, so every lane (a partition number over all topics of the subscriber) has a
producer of its own, whose `transactional.id` is the fence: starting it ends the open transaction of a former owner,
whose later commits Kafka refuses. Offsets are read only after that (`topics.subscriptions.opening`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from topics.subscribers.context import Outgoing
from topics.subscribers.outbox import Producer, all_acknowledged, close_producer, new_producer, send_all
from topics.subscriptions.by_session import session_of
from topics.subscriptions.errors import CommitError
from topics.subscriptions.options import Options
from topics.subscriptions.received import Received

COMMIT_SECONDS = 60.0
ABORT_SECONDS = 5.0


class Done(NamedTuple):
    """A record that has been handled and is not committed yet."""

    partition: TopicPartition
    offset: int
    session: Hashable
    outgoing: Sequence[Outgoing]


def limit(done: Sequence[Done], offsets: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
    """How far the offsets may go, at most `offsets`, so that a session's results become visible in their order.

    done: in the order of handling. Where a record can't go yet, for an earlier one of its partition is unfinished,
    later ones of its session in other topics wait for it.
    """
    limits = dict(offsets)
    while True:
        blocked: set[Hashable] = set()
        lowered = False
        for one in done:
            most = limits.get(one.partition, 0)
            if one.offset >= most:
                blocked.add(one.session)
            elif one.session in blocked:
                limits[one.partition] = one.offset
                lowered = True
        if not lowered:
            return limits


class _Lane:
    def __init__(self, producer: Producer) -> None:
        self.producer = producer
        self.done: list[Done] = []
        self.committed: dict[TopicPartition, int] = {}


class TransactionalOutbox:
    """The lanes' producers. Implements both `Outbox` and `Transactions`."""

    def __init__(self, options: Options) -> None:
        assert options.group is not None
        self._options = options
        self._group = options.group
        self._lanes: dict[int, _Lane] = {}

    async def fence(self, lane: int) -> None:
        producer = new_producer(
            self._options,
            transactional_id=f"{self._group}-subscriber-{lane}",
            transaction_timeout_ms=int(COMMIT_SECONDS * 1000),
        )
        try:
            await producer.start()
        except BaseException:
            await close_producer(producer)
            raise
        self._lanes[lane] = _Lane(producer)

    async def put(self, received: Received[Any], outgoing: Sequence[Outgoing]) -> None:
        """Keep it until its offset may go. What is `gone` is handed out anew, and counts there."""
        if received.gone:
            return
        if (lane := self._lanes.get(received.partition)) is not None:
            partition = TopicPartition(received.topic, received.partition)
            lane.done.append(Done(partition, received.offset, session_of(received), outgoing))

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        """Raises CommitError."""
        lanes: dict[int, dict[TopicPartition, int]] = {}
        for partition, offset in offsets.items():
            lanes.setdefault(partition.partition, {})[partition] = offset
        committed: dict[TopicPartition, int] = {}
        results = await asyncio.gather(
            *(self._commit_lane(number, wanted) for number, wanted in lanes.items()), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                raise CommitError(f"a transaction failed: {result!r}") from result
            committed |= result
        return committed

    async def _commit_lane(self, number: int, offsets: dict[TopicPartition, int]) -> dict[TopicPartition, int]:
        lane = self._lanes.get(number)
        if lane is None:
            return {}
        # Of partitions without anything new, too: what is done in them may be held up by others.
        limits = limit(lane.done, lane.committed | offsets)
        going = [one for one in lane.done if one.offset < limits.get(one.partition, 0)]
        moved = {place: offset for place, offset in limits.items() if lane.committed.get(place) != offset}
        if not moved:
            return {}
        producer = lane.producer
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await producer.begin_transaction()
                sent = await send_all(producer, [record for one in going for record in one.outgoing])
                # All of them first: aiokafka commits a transaction although a record of it was refused.
                await all_acknowledged(sent)
                await producer.send_offsets_to_transaction(moved, self._group)
                await producer.commit_transaction()
        except BaseException:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(ABORT_SECONDS):
                    await producer.abort_transaction()
            raise
        lane.committed |= moved
        gone = set(map(id, going))
        lane.done = [one for one in lane.done if id(one) not in gone]
        return moved

    async def lost(self) -> None:
        lanes, self._lanes = self._lanes, {}
        await asyncio.gather(*(close_producer(lane.producer) for lane in lanes.values()))

    async def close(self) -> None:
        await self.lost()
