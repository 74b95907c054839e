"""Questions over HTTP, as the page asks them, and how long each takes until its answer is read."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import aiohttp

from bench.console.records import LONG, LONG_SESSION, RARE_WORD

PAGE = 50
TIMELINE = 200
FREQUENT, WORDS, NOT_THERE = ("the", "is", "a"), ("appointment", "bicycle", "order"), ("quetzal", "xylem")

Times = dict[str, list[float]]
Parameters = Mapping[str, str]
Request = tuple[str, Parameters]


@dataclass(frozen=True)
class Known:
    """What one can ask for: sessions and times that are in the store, and values to filter by."""

    sessions: list[str]
    first_ms: int
    last_ms: int
    facets: Mapping[str, list[str]]


class Questions:
    """Each is made anew, about something else, every time: one or more requests, one after another."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._rng = random.Random(2)
        self.cursors: dict[str, str] = {}
        """Of further pages, by what is searched for; empty: of the list."""
        self.newest: list[str] = []
        self.all: Mapping[str, Callable[[], list[Request]]] = {
            "list, newest first": lambda: _list(),
            "list, up to some day": lambda: _list(to=self._moment()),
            "list, of a provider": lambda: _list(provider=self._one("providers")),
            "list, of a tenant, from some day on": lambda: _list(
                tenant=self._one("tenants"), **{"from": self._moment()}
            ),
            "list, with a tool": lambda: _list(tool=self._one("tools")),
            "list, with errors": lambda: _list(error="true"),
            "list, interrupted, with errors, of a tenant": lambda: _list(
                interrupted="true", error="true", tenant=self._one("tenants")
            ),
            "list, next page": lambda: _list(cursor=self.cursors[""]),
            "search, a word most conversations have": lambda: _list(q=self._rng.choice(FREQUENT)),
            "search, a word": lambda: _list(q=self._rng.choice(WORDS)),
            "search, a rare word": lambda: _list(q=RARE_WORD),
            "search, no hit": lambda: _list(q=self._rng.choice(NOT_THERE)),
            "search, two words": lambda: _list(q="appointment Thursday"),
            "search, a phrase": lambda: _list(q='"half past two"'),
            "search, a frequent word, with errors, of a tenant": lambda: _list(
                q=self._rng.choice(FREQUENT), error="true", tenant=self._one("tenants")
            ),
            "search, a frequent word, up to some day": lambda: _list(q=self._rng.choice(FREQUENT), to=self._moment()),
            "search, next page": lambda: _list(q=FREQUENT[0], cursor=self.cursors[FREQUENT[0]]),
            f"open a conversation (summary, first {TIMELINE} entries)": lambda: _open(
                self._rng.choice(self._known.sessions)
            ),
            "open the newest conversation": lambda: _open(self.newest[0]),
            f"{TIMELINE} entries of a conversation of {LONG:,} items": lambda: _open(
                LONG_SESSION, self._rng.randrange(LONG - TIMELINE)
            )[1:],
        }

    def _moment(self) -> str:
        at = self._rng.randrange(self._known.first_ms, self._known.last_ms)
        return datetime.fromtimestamp(at / 1000, UTC).isoformat()

    def _one(self, facet: str) -> str:
        return self._rng.choice(self._known.facets[facet])


def _list(**parameters: str) -> list[Request]:
    return [("/api/sessions", {"limit": str(PAGE), **parameters})]


def _open(session: str, offset: int = 0) -> list[Request]:
    at = {"offset": str(offset), "limit": str(TIMELINE)}
    return [(f"/api/sessions/{session}", {}), (f"/api/sessions/{session}/timeline", at)]


class Client:
    """Asks one question after another. Raises RuntimeError where an answer is not 200."""

    def __init__(self, http: aiohttp.ClientSession, questions: Questions) -> None:
        self._http = http
        self._questions = questions

    async def ask(self, times: int) -> Times:
        """Every question so often, in turns, so that each sees the same minutes: milliseconds by question."""
        taken: Times = {name: [] for name in self._questions.all}
        for round_ in range(times + 1):
            await self._look()
            for name, make in self._questions.all.items():
                requests = make()
                began = time.perf_counter()
                for request in requests:
                    await self._read(request)
                if round_:  # the first one finds nothing in memory
                    taken[name].append((time.perf_counter() - began) * 1000)
        return taken

    async def check(self) -> None:
        """The words are as rare as the questions say."""
        for word, there in ((RARE_WORD, True), *((one, False) for one in NOT_THERE), *((one, True) for one in WORDS)):
            if bool((await self.get(_list(q=word)[0]))["sessions"]) != there:
                raise RuntimeError(f"{word} is {'not ' if there else ''}in the store")

    async def get(self, request: Request) -> Any:
        """The answer, parsed."""
        path, parameters = request
        async with self._http.get(path, params=dict(parameters)) as answer:
            if answer.status != 200:
                raise RuntimeError(f"{path} {dict(parameters)}: {answer.status} {await answer.text()}")
            return await answer.json()

    async def _read(self, request: Request) -> None:
        path, parameters = request
        async with self._http.get(path, params=dict(parameters)) as answer:
            await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{path} {dict(parameters)}: {answer.status}")

    async def _look(self) -> None:
        """What is on top now, and where further pages begin."""
        listed = await self.get(_list()[0])
        found = await self.get(_list(q=FREQUENT[0])[0])
        self._questions.cursors |= {"": listed["next_cursor"], FREQUENT[0]: found["next_cursor"]}
        self._questions.newest = [one["session_id"] for one in listed["sessions"]]
