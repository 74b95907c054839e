"""Many records at a time, those of a session one after another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from topics.subscriptions.reader import Reader
from topics.subscriptions.received import Received

WAITING_PER_WORKER = 16
"""Records read ahead for each of the workers: enough that a slow session leaves the others something to do."""

LOOK_SECONDS = 0.1

Handle = Callable[[Received[Any]], Awaitable[float | None]]
"""Deals with one record. None: it is finished; else the seconds after which it is to be handed over again."""

Queue = Callable[[Received[Any]], Hashable]
"""Records of one queue are handled one after another."""


def session_of(received: Received[Any]) -> Hashable:
    """The session of a record; a record without a key belongs to none and stands alone."""
    raw = received.raw
    return (raw.partition, raw.key) if raw.key is not None else (raw.topic, raw.partition, raw.offset)


class BySession:
    """Hands the records of a reader to `handle`, at most `concurrency` at a time, a queue's in their order.

    The first exception ends the run: what is being handled may finish, and the exception is raised.
    delayed: how many records may wait for another try before nothing more is read.
    hold: seconds for which nothing is to be handed over.
    """

    def __init__(
        self,
        reader: Reader,
        handle: Handle,
        concurrency: int,
        *,
        queue_of: Queue = session_of,
        delayed: int = 10_000,
        hold: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._reader = reader
        self._handle = handle
        self._concurrency = concurrency
        self._queue_of = queue_of
        self._hold = hold
        self._most = concurrency * WAITING_PER_WORKER
        self._most_delayed = delayed
        self._queues: dict[Hashable, deque[Received[Any]]] = {}
        self._delays: dict[Hashable, asyncio.TimerHandle] = {}
        """Queues whose first record waits for another try."""
        self._ready: asyncio.Queue[Hashable] = asyncio.Queue()
        self._waiting = 0
        self._delayed = 0
        self._changed = asyncio.Event()
        self._failure: BaseException | None = None
        reader.on_stop.append(self._changed.set)

    async def run(self) -> None:
        """Until the reader ends."""
        workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        try:
            try:
                await self._take_all()
            finally:  # what was read before an error is handled
                await self._until(0, 0)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    async def _take_all(self) -> None:
        while self._failure is None and (chunk := await self._reader.take()) is not None:
            for received in chunk:
                await self._until(self._most - 1, self._most_delayed)
                if self._reader.stopping:
                    return
                self._put(received)

    def wake(self) -> None:
        """Partitions went: what waits for another try need not wait any longer, its next owner tries it."""
        for queue, delay in list(self._delays.items()):
            delay.cancel()
            self._wake(queue)

    async def _until(self, waiting: int, delayed: int) -> None:
        while True:
            if self._reader.stopping:
                self._drop()
            if (self._waiting <= waiting and self._delayed <= delayed) or self._failure is not None:
                return
            self._changed.clear()
            await self._changed.wait()

    def _drop(self) -> None:
        """A stop: what nobody is busy with is left unfinished, and comes again."""
        for name, queue in self._queues.items():
            keep = 0 if name in self._delays else 1
            while len(queue) > keep:
                queue.pop()
                self._waiting -= 1
        for delay in self._delays.values():
            delay.cancel()
            self._delayed -= 1
        self._waiting += len(self._delays)
        for name in self._delays:
            del self._queues[name]
        self._delays.clear()

    def _put(self, received: Received[Any]) -> None:
        if not received.flowing:
            return
        name = self._queue_of(received)
        self._waiting += 1
        queue = self._queues.get(name)
        if queue is None:
            self._queues[name] = deque((received,))
            self._ready.put_nowait(name)
        else:
            queue.append(received)

    async def _work(self) -> None:
        reader = self._reader
        while self._failure is None:
            while (seconds := self._hold()) > 0 and not reader.stopping:  # noqa: ASYNC110 - time is all that is waited for
                await asyncio.sleep(min(seconds, LOOK_SECONDS))
            name = await self._ready.get()
            if (queue := self._queues.get(name)) is None:
                continue
            received = queue[0]
            again: float | None = None
            if received.flowing and not reader.stopping:
                reader.in_hand += 1
                try:
                    again = await self._handle(received)
                    if again is None:
                        received.finish()
                except Exception as error:
                    self._failure = self._failure or error
                    reader.stop()
                finally:
                    reader.in_hand -= 1
            if again is not None and received.flowing and not reader.stopping:
                self._delay(name, again)
            else:
                self._next(name, queue)

    def _delay(self, name: Hashable, seconds: float) -> None:
        self._waiting -= 1
        self._delayed += 1
        self._delays[name] = asyncio.get_running_loop().call_later(seconds, self._wake, name)
        self._changed.set()

    def _wake(self, name: Hashable) -> None:
        del self._delays[name]
        self._waiting += 1
        self._delayed -= 1
        self._ready.put_nowait(name)

    def _next(self, name: Hashable, queue: deque[Received[Any]]) -> None:
        queue.popleft()
        self._waiting -= 1
        if queue:
            self._ready.put_nowait(name)
        else:
            del self._queues[name]
        self._changed.set()
