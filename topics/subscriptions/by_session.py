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

Handle = Callable[[Received[Any]], Awaitable[object]]


class BySession:
    """Hands the records of a reader to `handle`, at most `concurrency` at a time, a session's in their order.

    A record is finished when `handle` returns. The first exception ends the run: what is being handled may finish,
    and the exception is raised.
    """

    def __init__(self, reader: Reader, handle: Handle, concurrency: int) -> None:
        self._reader = reader
        self._handle = handle
        self._concurrency = concurrency
        self._most = concurrency * WAITING_PER_WORKER
        self._sessions: dict[Hashable, deque[Received[Any]]] = {}
        self._ready: asyncio.Queue[Hashable] = asyncio.Queue()
        self._waiting = 0
        self._changed = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Until the reader ends."""
        workers = [asyncio.create_task(self._work()) for _ in range(self._concurrency)]
        try:
            while self._failure is None and (chunk := await self._reader.take()) is not None:
                for received in chunk:
                    await self._until(self._most - 1)
                    self._put(received)
            self._drop_waiting()
            await self._until(0)
        except Exception:
            await self._until(0)  # what was read before it is handled
            raise
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    async def _until(self, waiting: int) -> None:
        while self._waiting > waiting and self._failure is None:
            self._changed.clear()
            await self._changed.wait()

    def _drop_waiting(self) -> None:
        """A stop: what nobody has begun comes again."""
        if self._reader.stopping:
            for queue in self._sessions.values():
                while len(queue) > 1:
                    queue.pop()
                    self._waiting -= 1

    def _put(self, received: Received[Any]) -> None:
        if not received.flowing:
            return
        raw = received.raw
        # A record without a key belongs to no session.
        session = (raw.partition, raw.key) if raw.key is not None else (raw.topic, raw.partition, raw.offset)
        self._waiting += 1
        queue = self._sessions.get(session)
        if queue is None:
            self._sessions[session] = deque((received,))
            self._ready.put_nowait(session)
        else:
            queue.append(received)

    async def _work(self) -> None:
        reader = self._reader
        while self._failure is None:
            session = await self._ready.get()
            queue = self._sessions[session]
            received = queue[0]
            if received.flowing:
                reader.in_hand += 1
                try:
                    await self._handle(received)
                    received.finish()
                except Exception as error:
                    self._failure = self._failure or error
                    reader.stop()
                finally:
                    reader.in_hand -= 1
            queue.popleft()
            self._waiting -= 1
            if queue:
                self._ready.put_nowait(session)
            else:
                del self._sessions[session]
            self._changed.set()
