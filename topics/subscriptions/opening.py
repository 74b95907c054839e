"""Lanes that are held still at first: their owner is to be the only one, and what waits from before comes first.

A lane is one partition number over all topics. After an assignment, strictly: (1) the lane is fenced, where it has a
fence; (2) only now the committed offsets are read, and (3) reading goes there; (4) the topic that comes first is read
to its end; (5) the others flow.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from aiokafka import TopicPartition
from aiokafka import errors as kafka

from topics.subscriptions.clients import Consumer
from topics.subscriptions.errors import CommitError

Fence = Callable[[int], Awaitable[None]]


class Openings(Protocol):
    """What happens to partitions between their assignment and their first record."""

    def begin(self, partitions: Iterable[TopicPartition]) -> None:
        """They were assigned."""
        ...

    def flows(self, partition: TopicPartition) -> bool:
        """Whether its records may be taken in."""
        ...

    async def check(self) -> None:
        """Let go of what is ready. Raises CommitError where it failed."""
        ...

    async def cancel(self) -> None:
        """They were revoked."""
        ...


class OpenAtOnce:
    """Everything flows."""

    def begin(self, partitions: Iterable[TopicPartition]) -> None: ...

    def flows(self, partition: TopicPartition) -> bool:
        return True

    async def check(self) -> None: ...

    async def cancel(self) -> None: ...


class OpenInOrder:
    """The steps above. `first`: the topic that comes first."""

    def __init__(self, consumer: Consumer, first: str, fence: Fence | None) -> None:
        self._consumer = consumer
        self._first = first
        self._fence = fence
        self._flowing: set[TopicPartition] = set()
        self._lanes: dict[int, list[TopicPartition]] = {}
        self._ends: dict[int, int] = {}
        """Lanes whose first topic is being read, and up to where."""
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, partitions: Iterable[TopicPartition]) -> None:
        # Only started here: the group's heartbeats stand still while the callback of an assignment runs.
        partitions = list(partitions)
        if not partitions:
            return
        self._consumer.pause(*partitions)
        for partition in partitions:
            self._lanes.setdefault(partition.partition, []).append(partition)
        for number, lane in self._lanes.items():
            self._tasks.add(asyncio.create_task(self._open(number, lane)))

    def flows(self, partition: TopicPartition) -> bool:
        return partition in self._flowing

    async def _open(self, number: int, lane: list[TopicPartition]) -> None:
        if self._fence is not None:
            await self._fence(number)
        starts = await self._consumer.beginning_offsets(lane)
        for partition in lane:
            committed = await self._consumer.committed(partition)
            self._consumer.seek(partition, starts[partition] if committed is None else committed)
        first = TopicPartition(self._first, number)
        end = (await self._consumer.end_offsets([first]))[first]
        self._flowing.add(first)
        self._consumer.resume(first)
        self._ends[number] = end

    async def check(self) -> None:
        for task in [task for task in self._tasks if task.done()]:
            self._tasks.discard(task)
            try:
                await task
            except kafka.IllegalStateError:
                pass  # revoked meanwhile
            except kafka.KafkaError as error:
                raise CommitError(f"partitions could not be opened: {error!r}") from error
        for number, end in list(self._ends.items()):
            with contextlib.suppress(kafka.IllegalStateError):
                if await self._consumer.position(TopicPartition(self._first, number)) >= end:
                    del self._ends[number]
                    rest = [partition for partition in self._lanes[number] if partition not in self._flowing]
                    self._flowing.update(rest)
                    if rest:
                        self._consumer.resume(*rest)

    async def cancel(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._flowing.clear()
        self._lanes.clear()
        self._ends.clear()
