"""Which partitions are this process's, what of them is finished, and its commits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka import errors as kafka

from topics.subscriptions.clients import Consumer
from topics.subscriptions.errors import CommitError
from topics.subscriptions.frontier import Frontier
from topics.subscriptions.opening import Openings
from topics.subscriptions.received import RawRecord

Commit = Callable[[Mapping[TopicPartition, int]], Awaitable[Mapping[TopicPartition, int]]]
"""Makes offsets durable; returns those that were."""

log = logging.getLogger("topics.subscriptions")


class Reading:
    """One partition while it is assigned here; a new one after every rebalance."""

    __slots__ = ("committed", "end", "ended", "flowing", "frontier", "gone", "partition")

    def __init__(self, partition: TopicPartition) -> None:
        self.partition = partition
        self.frontier: Frontier | None = None
        self.flowing = True
        """Whether records of it may still be handed out."""
        self.gone = False
        """Whether the last commit of it has been made."""
        self.committed: int | None = None
        """What was last committed here."""
        self.end: int | None = None
        """Where a bounded read ends."""
        self.ended = False

    def read(self, raws: Sequence[RawRecord]) -> None:
        """These records have come and are unfinished."""
        if not raws:
            return
        if self.frontier is None:
            self.frontier = Frontier(raws[0].offset)
        self.frontier.read([raw.offset for raw in raws], raws[-1].offset + 1)

    def finish(self, offset: int) -> None:
        """Nothing more is to be done with the record at `offset`."""
        if self.frontier is not None:
            self.frontier.finish(offset)


class Assignment(ConsumerRebalanceListener):
    """The rebalance listener. With every revocation all partitions go (the protocol is eager).

    What was handed out before a revocation and finishes after it counts for nothing: the reading it belongs to is
    gone, and the next owner begins at what was committed.
    """

    def __init__(
        self,
        consumer: Consumer,
        openings: Openings,
        *,
        commit: Commit | None,
        revoke_wait: float,
        lost: Callable[[], Awaitable[None]],
    ) -> None:
        self.readings: dict[TopicPartition, Reading] = {}
        self.known = False
        """Whether there has been an assignment, if an empty one."""
        self.in_hand = 0
        """Records the application is busy with."""
        self.failure: Exception | None = None
        """Of a commit that nothing may follow."""
        self._consumer = consumer
        self._openings = openings
        self._commit = commit
        self._revoke_wait = revoke_wait
        self._lost = lost
        self._committing = asyncio.Lock()

    def reading(self, partition: TopicPartition) -> Reading:
        """The reading of a partition; records may come before the callback that announces them."""
        found = self.readings.get(partition)
        if found is None:
            found = self.readings[partition] = Reading(partition)
        return found

    def assigned(self, partitions: Iterable[TopicPartition]) -> None:
        """These partitions are ours."""
        for partition in partitions:
            self.reading(partition)
        self.known = True

    def hold(self) -> None:
        """Nothing of what is assigned is handed out any more."""
        for reading in self.readings.values():
            reading.flowing = False

    async def on_partitions_assigned(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, assigned: Iterable[TopicPartition]
    ) -> None:
        partitions = list(assigned)
        self.assigned(partitions)
        self._openings.begin(partitions)

    async def on_partitions_revoked(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, revoked: Iterable[TopicPartition]
    ) -> None:
        """Hand out nothing more, give what is in hand time to finish, commit, let go."""
        self.hold()
        await self._openings.cancel()
        try:
            async with asyncio.timeout(self._revoke_wait):
                while self.in_hand:  # noqa: ASYNC110 - the application may finish in another thread
                    await asyncio.sleep(0.01)
        except TimeoutError:
            log.info("%d records are still being handled while their partitions go; they come again", self.in_hand)
        await self.commit()
        for reading in self.readings.values():
            reading.gone = True
        self.readings.clear()
        await self._lost()
        self.known = False

    async def commit(self) -> None:
        """Commit what is finished since the last time."""
        commit = self._commit
        if commit is None or self.failure is not None:
            return
        async with self._committing:
            offsets = await self._to_commit()
            if not offsets:
                return
            try:
                offsets = await commit(offsets)
            except CommitError as error:
                self.failure = error
                return
            except (kafka.CommitFailedError, kafka.IllegalStateError) as error:
                # The group has moved on without us: what comes next is a revocation, and the next owner reads it again.
                log.info("offsets were not committed: %s", error)
                return
            except kafka.KafkaError as error:
                log.warning("offsets could not be committed, trying again: %r", error)
                return
            for partition, offset in offsets.items():
                if (reading := self.readings.get(partition)) is not None:
                    reading.committed = offset

    async def _to_commit(self) -> Mapping[TopicPartition, int]:
        offsets: dict[TopicPartition, int] = {}
        for partition, reading in list(self.readings.items()):
            frontier = reading.frontier
            if frontier is None:
                continue
            if frontier.committable != reading.committed:
                offsets[partition] = frontier.committable
        return offsets
