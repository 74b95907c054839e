"""What the live stream does not tell it says it does not, and it ends where one may not listen any more."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

import pytest
from fastapi.sse import ServerSentEvent

from pipeline.console import stream
from pipeline.console.projection import Changed
from pipeline.console.store import StoreQueries
from pipeline.console.store.store import Store
from pipeline.console.stream import Live
from tests.console.projection.support import Writing, fetched_of
from tests.examples.support import simulated

SECONDS = 60.0
PREFIX = "p"


class Nothing:
    """Neither a pipeline nor replays to tell of: only what is in the store."""

    async def now(self) -> Any:
        raise TimeoutError

    async def all(self) -> list[Any]:
        return []


class Following:
    """A live stream over a store, told of changes as by the projection."""

    def __init__(self, store: Store) -> None:
        self._waiting: asyncio.Queue[Changed] = asyncio.Queue()
        self.live = Live(StoreQueries(store), self._listen, Nothing(), Nothing())  # pyright: ignore[reportArgumentType]

    async def _listen(self) -> AsyncGenerator[Changed]:
        while True:
            yield await self._waiting.get()
            self._waiting.task_done()

    async def tell(self, *changes: Changed) -> None:
        """Each by itself; returns when the stream has taken them."""
        for changed in changes:
            self._waiting.put_nowait(changed)
        async with asyncio.timeout(SECONDS):
            await self._waiting.join()


@pytest.fixture
async def following(store: Store) -> AsyncGenerator[Following]:
    made = Following(store)
    task = asyncio.create_task(made.live.run())
    yield made
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def written(store: Store, sessions: int) -> dict[str, set[Any]]:
    return dict(Writing(store, PREFIX).write(fetched_of(simulated(PREFIX, sessions))).changed.sessions)


async def told(listening: Any, upto: str) -> list[ServerSentEvent]:
    """Events up to the first of this name."""
    found: list[ServerSentEvent] = []
    async with asyncio.timeout(SECONDS):
        async for event in listening:
            found.append(event)
            if event.event == upto:
                break
    return found


def names(events: list[ServerSentEvent]) -> list[str | None]:
    return [event.event for event in events]


async def test_what_is_told_whole_has_no_gap(store: Store, following: Following) -> None:
    changed = written(store, 3)
    name = next(iter(changed))
    async with aclosing(following.live.events(name, None, lambda: True)) as listening:
        first = asyncio.ensure_future(told(listening, "rejected"))
        await asyncio.sleep(0)
        await following.tell(Changed(changed, rejected=1))
        found = names(await first)
    assert found.count("session") == len(changed)
    assert found.count("entry") == len(changed[name])
    assert "gap" not in found


async def test_more_sessions_than_are_told_are_a_gap(
    store: Store, following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_SESSIONS", 2)
    changed = written(store, 5)
    async with aclosing(following.live.events(None, None, lambda: True)) as listening:
        first = asyncio.ensure_future(told(listening, "rejected"))
        await asyncio.sleep(0)
        await following.tell(Changed(changed, rejected=1))
        found = await first
    sessions = [event.data for event in found if event.event == "session"]
    assert {one.session_id for one in sessions} == set([*changed][-2:])
    assert names(found).count("gap") == 1


async def test_more_entries_than_are_told_are_a_gap(
    store: Store, following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "MOST_ENTRIES", 1)
    changed = written(store, 2)
    name = max(changed, key=lambda one: len(changed[one]))
    async with aclosing(following.live.events(name, None, lambda: True)) as listening:
        first = asyncio.ensure_future(told(listening, "rejected"))
        await asyncio.sleep(0)
        await following.tell(Changed(changed, rejected=1))
        found = names(await first)
    assert "entry" not in found
    assert found.count("gap") == 1


async def test_a_listener_who_is_too_slow_is_told_of_the_gap(
    store: Store, following: Following, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "KEPT", 3)
    monkeypatch.setattr(stream, "PAUSE_SECONDS", 0.0)
    [(name, entries), *_] = written(store, 1).items()
    one = Changed({name: entries})
    async with aclosing(following.live.events(None, None, lambda: True)) as listening:
        first = asyncio.ensure_future(told(listening, "session"))
        await asyncio.sleep(0)
        await following.tell(one)
        assert names(await first) == ["session"]
        await following.tell(one, one, one, one)  # and it asks for none of them
        assert names(await told(listening, "session")) == ["gap", "session"]
        await following.tell(one, one, one)
        assert names(await told(listening, "session")) == ["session"]


async def test_it_ends_when_one_may_not_listen_any_more(following: Following, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while nothing happens that it would tell of."""
    monkeypatch.setattr(stream, "ASK_SECONDS", 0.01)
    asked = iter([True, True, True, False])
    async with asyncio.timeout(SECONDS):
        assert [event async for event in following.live.events(None, None, lambda: next(asked))] == []
    assert next(asked, "asked as often as that") == "asked as often as that"
