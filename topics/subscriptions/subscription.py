"""What `subscribe` returns."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

from topics.subscriptions.by_session import BySession
from topics.subscriptions.errors import SubscriptionError
from topics.subscriptions.intake import FEW
from topics.subscriptions.reader import Reader, finish_all
from topics.subscriptions.received import Received

if TYPE_CHECKING:
    from topics.subscriptions.sync import SyncSubscription

T = TypeVar("T")


class Subscription(Generic[T]):
    """Records of some topics, as they come. Read it once, in one of its ways:

    - `async for record in subscription`: one after another;
    - `async for received in subscription.received()`: the same with topic, offset, headers, bytes;
    - `async for records in subscription.batches()`: lists;
    - `await subscription.for_each(handler, concurrency=32)`: many at a time, a session's one after another;
    - `for record in subscription.sync()`: without asyncio.

    A record is finished, and its offset may be committed, when the loop comes back for the next one (when the handler
    returns). A loop that is left by `break` or an exception leaves its last record unfinished: the group gets it
    again. It needs no `async with`, but that frees the connections at a certain place instead of at the end of the
    event loop.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._open = False

    async def __aenter__(self) -> Self:
        self._claim()
        try:
            await self._reader.start()
        except BaseException:
            await self._reader.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reader.close()

    def __aiter__(self) -> AsyncIterator[T]:
        return self._records()

    def stop(self) -> None:
        """End the loop after the record in hand; its offset is committed. To be called in the loop's thread."""
        self._reader.stop()

    async def _records(self) -> AsyncGenerator[T]:
        # As `received`, without a second generator between: that would cost a tenth.
        reader = self._reader
        async with self._running():
            while (chunk := await reader.take(FEW)) is not None:
                reader.in_hand = 1
                for received in chunk:
                    place = received.place
                    if place.flowing and not reader.stopping:
                        yield received.record
                        place.finish(received.raw.offset)
                reader.in_hand = 0

    async def received(self) -> AsyncGenerator[Received[T]]:
        """The records with all that Kafka has of them."""
        reader = self._reader
        async with self._running():
            while (chunk := await reader.take(FEW)) is not None:
                for received in chunk:
                    if received.flowing and not reader.stopping:
                        reader.in_hand = 1
                        yield received
                        received.finish()
                        reader.in_hand = 0

    async def batches(self, *, max_records: int = 500, max_seconds: float = 1.0) -> AsyncGenerator[list[T]]:
        """Lists of at most `max_records`, what has come within `max_seconds` of the first; never empty.

        A batch is finished as a whole, when the loop comes back for the next.
        """
        reader = self._reader
        waiting: list[Received[Any]] = []
        failure: SubscriptionError | None = None
        async with self._running():
            more = True
            while more or waiting:
                try:
                    more = more and await self._fill(waiting, max_records, max_seconds)
                except SubscriptionError as error:  # after what was read before it
                    more, failure = False, error
                waiting = [received for received in waiting if received.flowing]
                batch, waiting = waiting[:max_records], waiting[max_records:]
                if batch and not reader.stopping:
                    reader.in_hand = len(batch)
                    yield [received.record for received in batch]
                    finish_all(batch)
                    reader.in_hand = 0
            if failure is not None:
                raise failure

    async def _fill(self, waiting: list[Received[Any]], most: int, seconds: float) -> bool:
        """Read until there are enough; whether there may be more."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds if waiting else None
        while len(waiting) < most and (end is None or loop.time() < end):
            # Told when to end, and not cancelled: records it had just let go of would be lost.
            chunk = await self._reader.take(most, end)
            if chunk is None:
                return False
            if chunk and end is None:
                end = loop.time() + seconds
            waiting += chunk
        return True

    async def for_each(
        self, handler: Callable[[T], Awaitable[object] | object], *, concurrency: int | None = None
    ) -> None:
        """Call `handler` with every record, `concurrency` at a time; records of one session one after another.

        A plain function runs in a thread. The first exception of a handler ends the run: what is being handled may
        finish, and the exception is raised; the record comes again.
        """
        async with self._running():
            call = as_coroutine(handler)

            async def handle(received: Received[Any]) -> None:
                await call(received.record)

            await BySession(self._reader, handle, concurrency or self._reader.options.concurrency).run()

    def sync(self) -> SyncSubscription[T]:
        """The same for programs without asyncio."""
        from topics.subscriptions.sync import SyncSubscription

        self._claim()
        return SyncSubscription(self._reader)

    def _claim(self) -> None:
        if self._open:
            raise RuntimeError("a subscription is read once; call subscribe() again")
        self._open = True

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[None]:
        if self._open:  # `async with` around the loop ends it
            try:
                yield
            finally:
                self._reader.in_hand = 0
        else:
            async with self:
                yield


def as_coroutine(handler: Callable[..., Awaitable[object] | object]) -> Callable[..., Awaitable[object]]:
    """`handler` as a coroutine function; a plain function runs in a thread."""
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None)):  # noqa: B004
        return cast(Callable[..., Awaitable[object]], handler)
    return functools.partial(asyncio.to_thread, handler)
