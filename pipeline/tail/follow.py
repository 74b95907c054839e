"""The records of some topics as they come: a session's in the order of their `session_sequence`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from pipeline.settings import Settings
from topics import Received, Subscription, subscribe, subscribe_topic
from topics.catalogue import REJECTED, TopicSpec

ORDER_SECONDS = 1.0
"""So long a record waits for one of another topic that is to come before it, and may never come."""
_AHEAD = 1_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read."""

    specs: Sequence[TopicSpec]
    session: str | None = None
    since: datetime | None = None
    follow: bool = False
    """Go on with what comes; without `since`, from now on."""


class Tail:
    """Reads what is wanted; `stop` ends it after the record in hand."""

    def __init__(self, settings: Settings, wanted: Wanted) -> None:
        models: list[Any] = [spec.model for spec in wanted.specs if spec.model is not None]
        options: dict[str, Any] = {
            "bootstrap_servers": settings.bootstrap_servers,
            "start": wanted.since or ("latest" if wanted.follow else "earliest"),
            "until": None if wanted.follow else "now",
            "client_options": settings.connection(),
        }
        self._subscriptions: list[Subscription[Any]] = []
        if models:
            many = cast(Any, subscribe)  # as many models as were named, which no overload can say
            self._subscriptions.append(
                many(
                    *models,
                    prefix=settings.prefix,
                    session=wanted.session,
                    order_wait=ORDER_SECONDS,
                    on_invalid="skip",
                    **options,
                )
            )
        self._rejected = REJECTED.full_name(settings.prefix)
        if REJECTED in wanted.specs:
            self._subscriptions.append(subscribe_topic(self._rejected, **options))
        self._session = wanted.session

    def stop(self) -> None:
        """End it. To be called in the loop's thread."""
        for subscription in self._subscriptions:
            subscription.stop()

    async def received(self) -> AsyncGenerator[Received[Any]]:
        """The records; between `rejected` and the others there is no order."""
        async with self._merged() as queue:
            left = len(self._subscriptions)
            while left:
                one = await queue.get()
                if one is None:
                    left -= 1
                elif isinstance(one, Exception):
                    raise one
                elif self._session is None or one.topic != self._rejected or session_of(one) == self._session:
                    yield one

    @asynccontextmanager
    async def _merged(self) -> AsyncGenerator[asyncio.Queue[Received[Any] | Exception | None]]:
        queue: asyncio.Queue[Received[Any] | Exception | None] = asyncio.Queue(_AHEAD)
        tasks = [asyncio.create_task(_feed(subscription, queue)) for subscription in self._subscriptions]
        try:
            yield queue
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def _feed(subscription: Subscription[Any], queue: asyncio.Queue[Received[Any] | Exception | None]) -> None:
    try:
        async with aclosing(subscription.received()) as records:
            async for received in records:
                await queue.put(received)
        await queue.put(None)
    except Exception as error:
        await queue.put(error)


def session_of(received: Received[Any]) -> str | None:
    """The session of a rejected record: header `ce_sessionid`, else the key."""
    raw = received.header("ce_sessionid") or received.key
    return raw.decode(errors="backslashreplace") if raw else None
