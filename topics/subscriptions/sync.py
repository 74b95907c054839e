"""A subscription for programs without asyncio: the event loop runs in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from topics.subscriptions.reader import Reader, finish_all
from topics.subscriptions.received import Received

T = TypeVar("T")
R = TypeVar("R")

TELL_SECONDS = 0.2
"""How long a finished record may be unknown to the event loop, which commits."""


class SyncSubscription(Generic[T]):
    """Out of `Subscription.sync()`: `for record in …`. What counts as finished is the same."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._loop is not None:
            raise RuntimeError("a subscription is read once; call subscribe() again")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="itemstream-subscription", daemon=True)
        self._thread.start()
        try:
            self._call(self._reader.start())
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[T]:
        return (received.record for received in self.received())

    def received(self) -> Iterator[Received[T]]:
        """The records with all that Kafka has of them."""
        if self._loop is not None:
            yield from self._received()
            return
        with self:
            yield from self._received()

    def stop(self) -> None:
        """End the loop after the record in hand; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._reader.stop)

    def close(self) -> None:
        """Commit what is finished, leave the group, end the thread."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None or loop.is_closed():
            return
        self._call(self._reader.close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    def _received(self) -> Iterator[Received[T]]:
        reader = self._reader
        while (chunk := self._call(reader.take())) is not None:
            reader.in_hand = 1
            finished: list[Received[Any]] = []
            told = time.monotonic()
            try:
                for received in chunk:
                    if not received.flowing or reader.stopping:
                        break
                    yield received
                    finished.append(received)
                    if (now := time.monotonic()) - told > TELL_SECONDS:
                        told = now
                        self._tell(finished)
                        finished = []
            finally:
                self._tell(finished)
                reader.in_hand = 0

    def _tell(self, finished: list[Received[Any]]) -> None:
        self._call(_finish(finished))

    def _call(self, coroutine: Coroutine[Any, Any, R]) -> R:
        assert self._loop is not None, "enter the subscription first"
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


async def _finish(finished: list[Received[Any]]) -> None:
    finish_all(finished)
