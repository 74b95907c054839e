"""What becomes of one record: handled, tried again, parked behind its session, or dead."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from topics.dead_letters import Origin, Original
from topics.subscribers.breaker import Breaker
from topics.subscribers.context import Context
from topics.subscribers.outbox import Outbox
from topics.subscribers.parking import Parked, Waiting, dead_letter, parked_record
from topics.subscribers.retry import GiveUp, Retry
from topics.subscriptions.by_session import session_of
from topics.subscriptions.errors import InvalidRecordError, NewerSchemaError
from topics.subscriptions.received import Received
from topics.subscriptions.subscription import as_coroutine

log = logging.getLogger("topics.subscribers")

Handler = Callable[..., Awaitable[object] | object]


class Handling:
    """Deals with the records of one subscriber, one at a time of each session."""

    def __init__(
        self, name: str, handler: Handler, group: str, topics: tuple[str, str], retry: Retry, breaker: Breaker,
        outbox: Outbox,
    ) -> None:  # fmt: skip
        self._name = name
        self._call = as_coroutine(handler)
        self._with_context = takes_context(handler)
        self._group = group
        self._retry_topic, self._dead_topic = topics
        self._retry = retry
        self._breaker = breaker
        self._outbox = outbox
        self._parked = Parked()
        self._tries: dict[tuple[str, int, int], int] = {}
        """Tries made here of records in the retry topic, which itself knows only of those before."""

    def hold(self) -> float:
        """Seconds for which no record is to be handed out."""
        return self._breaker.seconds_left(time.monotonic())

    def queue_of(self, received: Received[Any]) -> Hashable:
        """Records of the retry topic are seen before any that come after them, see `topics.subscriptions.opening`."""
        retried = received.topic == self._retry_topic
        if retried and (waiting := Waiting.of(received)) is not None:
            self._parked.add(session_of(received), waiting.origin)
        return retried, session_of(received)

    def forget(self) -> None:
        """The partitions are gone, and what waits in them is somebody else's."""
        self._parked.clear()
        self._tries.clear()

    async def __call__(self, received: Received[Any]) -> float | None:
        """None: finished. Else seconds until it is to be handed over again."""
        waiting = Waiting.of(received) if received.topic == self._retry_topic else None
        original: Original = received.raw if waiting is None else waiting.origin
        if isinstance(received.record, InvalidRecordError):
            return await self._invalid(received, original, received.record)
        session = session_of(received)
        if waiting is None:
            if session in self._parked:
                if not self._parked.has(session, original):
                    await self._park(received, 0, 0, None)
                return None
        elif (seconds := waiting.not_before_ms / 1000 - time.time()) > 0 and _place(original) not in self._tries:
            return seconds
        if (seconds := self._breaker.ask(time.monotonic())) > 0:
            return seconds
        attempt = 1 + self._tries.get(_place(original), 0 if waiting is None else waiting.attempts)
        context = Context(received, attempt)
        try:
            await (self._call(received.record, context) if self._with_context else self._call(received.record))
        except asyncio.CancelledError:
            self._breaker.given_up()
            raise
        except Exception as error:
            return await self._failed(received, original, waiting, attempt, error)
        if self._breaker.succeeded():
            log.warning("%s works again: its records are handed out", self._name)
        await self._outbox.put(received, context.outgoing)
        self._resolved(received, original, waiting)
        return None

    async def _failed(
        self, received: Received[Any], original: Original, waiting: Waiting | None, attempt: int, error: Exception
    ) -> float | None:
        now = time.monotonic()
        if isinstance(error, GiveUp):
            self._breaker.given_up()  # it says something of the record, not of the handler
        elif self._breaker.failed(now):
            log.error(
                "%s fails (%d of the last %d tries), last with %r at %s: no record is handed to it for %.0f s, then "
                "one; nothing is lost or given up meanwhile",
                self._name,
                self._breaker.failures,
                self._breaker.tries,
                error,
                _told(original),
                self._breaker.seconds_left(now),
            )
        if self._breaker.state != "closed" and not isinstance(error, GiveUp):
            return max(self._breaker.seconds_left(now), 0.01)  # does not count as a try
        seconds = self._retry.seconds_after(attempt, error)
        if seconds is None:
            await self._give_up(received, original, attempt, error)
            self._resolved(received, original, waiting)
            return None
        log.info("%s failed at %s, try %d, next in %.1f s: %r", self._name, _told(original), attempt, seconds, error)
        if waiting is None:
            await self._park(received, attempt, seconds, error)
            return None
        self._tries[_place(original)] = attempt
        return seconds

    async def _invalid(self, received: Received[Any], original: Original, error: InvalidRecordError) -> None:
        if isinstance(error, NewerSchemaError):
            raise error  # an upgrade makes it readable
        await self._give_up(received, original, 0, error)
        if isinstance(original, Origin):
            self._parked.remove(session_of(received), original)

    async def _give_up(self, received: Received[Any], original: Original, attempts: int, error: Exception) -> None:
        log.error("%s gave up %s after %d tries: %r", self._name, _told(original), attempts, error)
        letter = dead_letter(self._dead_topic, self._group, received, original, attempts, error)
        await self._outbox.put(received, [letter])

    async def _park(self, received: Received[Any], attempts: int, seconds: float, error: Exception | None) -> None:
        self._parked.add(session_of(received), received.raw)
        not_before = int((time.time() + seconds) * 1000) if error is not None else 0
        record = parked_record(self._retry_topic, received, attempts, not_before, error)
        await self._outbox.put(received, [record])

    def _resolved(self, received: Received[Any], original: Original, waiting: Waiting | None) -> None:
        if waiting is not None:
            self._parked.remove(session_of(received), original)
            self._tries.pop(_place(original), None)


def takes_context(handler: Handler) -> bool:
    """Whether the handler has a second parameter for the context."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [one for one in inspect.signature(handler).parameters.values() if one.kind in kinds]
    needed = [one for one in parameters if one.default is inspect.Parameter.empty]
    if not parameters or len(needed) > 2:
        raise TypeError(f"{handler!r} must take the record, or the record and a Context")
    return len(needed) == 2


def _place(original: Original) -> tuple[str, int, int]:
    return original.topic, original.partition, original.offset


def _told(original: Original) -> str:
    return f"{original.topic}[{original.partition}] offset {original.offset}"
