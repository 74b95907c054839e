"""Everything as it happens, for whoever looks: each listener is told what changed since what it was told last."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress

from aiokafka.errors import KafkaError
from fastapi.sse import ServerSentEvent

from pipeline.console.models import Job, Model, Pipeline, RejectedCount
from pipeline.console.projection import Changed
from pipeline.console.queries import EntryName, Queries
from pipeline.console.services import PipelineView, Replays
from pipeline.errors import ItemstreamError
from topics.admin.errors import TopicsError

TICK_SECONDS = 1.0
QUIET_SECONDS = 5.0
"""Between two looks at replays while none runs."""
PAUSE_SECONDS = 0.25
"""Between two rounds of news for one listener: a thousand changes a second are told together."""
ASK_SECONDS = 5.0
"""Between two questions whether a listener may still listen."""
MOST_SESSIONS = 200
"""Told of one by one in a round; of more only those that changed last, and a `gap`."""
MOST_ENTRIES = 500
"""Of more there is a `gap` alone."""
KEPT = 2_000
"""Changes that a listener who comes back may have missed."""
LIFETIME_SECONDS = 3600.0
"""Of one connection. The browser comes back by itself."""

Event = tuple[str, Model | dict[str, str]]
GAP: Event = ("gap", {})


class Live:
    """Run it as a task. Looks at the pipeline and at replays only while somebody listens."""

    def __init__(
        self,
        queries: Queries,
        changes: Callable[[], AsyncGenerator[Changed]],
        pipeline: PipelineView,
        replays: Replays,
    ) -> None:
        """changes: every change of the store from now on."""
        self._queries = queries
        self._changes = changes
        self._view = pipeline
        self._replays = replays
        # Of this process: an id of another one says nothing.
        self._name = secrets.token_hex(4)
        self._number = 0
        self._kept: deque[tuple[int, Changed]] = deque()
        self._lost = 0
        """The number of the last change that is not kept any more."""
        self._pipeline: tuple[int, Pipeline] | None = None
        self._jobs: dict[str, tuple[int, Job]] = {}
        self._news = asyncio.Event()
        self._listeners = 0
        self._somebody = asyncio.Event()
        self._closed = False

    async def run(self) -> None:
        """Until cancelled; then every listener's connection ends."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._tick(self._look_at_pipeline))
            tasks.create_task(self._tick(self._look_at_replays))

    def close(self) -> None:
        """End every listener's connection."""
        self._closed = True
        self._tell()

    async def events(
        self, session: str | None, last_event_id: str | None, is_allowed: Callable[[], bool]
    ) -> AsyncGenerator[ServerSentEvent]:
        """For one listener, as long as it is allowed to listen, which is asked every few seconds.

        session: also its entries. last_event_id: what it was told last, before it went away.
        """
        told = self._place_of(last_event_id)
        gap = told is None and last_event_id is not None
        told = self._number if told is None else told
        ends, ask_again = time.monotonic() + LIFETIME_SECONDS, 0.0
        self._listeners += 1
        self._somebody.set()
        try:
            if gap:
                yield ServerSentEvent(event="gap", data={}, id=self._id(told))
            while not self._closed and time.monotonic() < ends:
                if time.monotonic() >= ask_again:
                    if not is_allowed():
                        return
                    ask_again = time.monotonic() + ASK_SECONDS
                waiting = self._news
                if self._number == told:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(waiting.wait(), ASK_SECONDS)
                    continue
                upto = self._number
                events = await self._since(told, session)
                told = upto
                for number, (name, data) in enumerate(events, 1):
                    # The last one stands for all: whoever goes away in between is told again.
                    yield ServerSentEvent(event=name, data=data, id=self._id(upto) if number == len(events) else None)
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            self._listeners -= 1
            if not self._listeners:
                self._somebody.clear()

    async def _since(self, told: int, session: str | None) -> list[Event]:
        changed = Changed()
        for number, one in self._kept:
            if number > told:
                changed.add(one)
        events: list[Event] = [GAP] if told < self._lost else []
        if changed:
            events += await asyncio.to_thread(self._read, changed, session)
        events += [("replay", job) for number, job in self._jobs.values() if number > told]
        if self._pipeline is not None and self._pipeline[0] > told:
            events.append(("pipeline", self._pipeline[1]))
        return events

    def _read(self, changed: Changed, session: str | None) -> list[Event]:
        names = list(changed.sessions)[-MOST_SESSIONS:]
        events: list[Event] = []
        events += [("session", summary) for summary in self._queries.summaries(names)]
        events += [("forgotten", {"session_id": name}) for name in changed.forgotten]
        entries = changed.sessions.get(session, set()) if session is not None else set[EntryName]()
        if session is not None and 0 < len(entries) <= MOST_ENTRIES:
            events += [("entry", entry) for entry in self._queries.entries(session, [*entries])]
        if len(changed.sessions) > MOST_SESSIONS or len(entries) > MOST_ENTRIES:
            events.append(GAP)
        if changed.rejected:
            count = sum(reason.count for reason in self._queries.rejected_counts())
            events.append(("rejected", RejectedCount(count=count)))
        return events

    async def _follow(self) -> None:
        async with aclosing(self._changes()) as changes:
            async for changed in changes:
                self._kept.append((self._next(), changed))
                if len(self._kept) > KEPT:
                    self._lost, _ = self._kept.popleft()
                self._tell()

    async def _tick(self, look: Callable[[], Awaitable[float]]) -> None:
        while True:
            await self._somebody.wait()
            seconds = TICK_SECONDS
            # What is wrong with Kafka the pipeline's own view says.
            with suppress(ItemstreamError, TopicsError, KafkaError, OSError):
                seconds = await look()
            await asyncio.sleep(seconds)

    async def _look_at_pipeline(self) -> float:
        now = await self._view.now()
        self._pipeline = (self._next(), now)
        self._tell()
        return TICK_SECONDS

    async def _look_at_replays(self) -> float:
        jobs = await self._replays.all()
        for job in jobs:
            before = self._jobs.get(job.id)
            if before is None or before[1] != job:
                self._jobs[job.id] = (self._next(), job)
                self._tell()
        return TICK_SECONDS if any(job.state == "running" for job in jobs) else QUIET_SECONDS

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _id(self, number: int) -> str:
        return f"{self._name}-{number}"

    def _place_of(self, event_id: str | None) -> int | None:
        """The number of an event of ours, where all that came after it is still known."""
        name, _, number = (event_id or "").partition("-")
        if name != self._name or not number.isdecimal() or int(number) > self._number:
            return None
        return None if int(number) < self._lost else int(number)
