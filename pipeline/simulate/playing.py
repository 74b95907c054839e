"""A load: how many sessions, how fast, how long, played into a file or into Kafka, with its ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from pipeline.ledger import Expected
from pipeline.simulate.clock import Pace
from pipeline.simulate.faults import Faults
from pipeline.simulate.generate import DEFAULT_START_MS, sessions
from pipeline.simulate.interleave import interleave
from pipeline.simulate.model import SimulatedEvent, SimulatedSession

EVENTS_PER_SESSION = 170
"""About so many on average: what a rate means in sessions."""
EVERY_MS = 800
"""Between the beginnings of two sessions where no rate says otherwise: some thirty conversations at a time."""
CHUNK = 1_000
"""Events handed over at once."""
TICK_SECONDS = 0.02
"""A paced load goes out in portions of so much time."""


class Sink(Protocol):
    """Where events go."""

    async def write(self, events: Sequence[SimulatedEvent]) -> None: ...


@dataclass(frozen=True, slots=True)
class Load:
    """What to play. `count`: sessions, None for as many as `seconds` allow. `rate`: events a second, None for as fast
    as it goes. `seconds`: how long; with a rate this is a number of events, else no session begins later.

    The last sessions are always played to their end, so that everything that was sent is in the ledger.
    """

    seed: int | str = 1
    count: int | None = None
    rate: float | None = None
    seconds: float | None = None
    dialects: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    bare: bool = False
    faults: Faults = field(default_factory=Faults)
    start_ms: int = DEFAULT_START_MS

    @property
    def every_ms(self) -> int:
        """Between the beginnings of two sessions: with a rate such that their clock keeps up with the wall's."""
        return EVERY_MS if self.rate is None else max(1, round(1000 * EVENTS_PER_SESSION / self.rate))

    @property
    def span_ms(self) -> int:
        """About how much of the sessions' time it takes."""
        if self.rate is not None and self.seconds is not None:
            return round(self.seconds * 1000)
        if self.count is not None:
            return self.count * self.every_ms
        return round((self.seconds or 0) * 40_000 / EVENTS_PER_SESSION) * self.every_ms


@dataclass(frozen=True, slots=True)
class Played:
    """What was sent, and how long it took."""

    events: int
    sessions: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds if self.seconds else 0.0


async def play(load: Load, sink: Sink, on_expected: Callable[[Sequence[Expected]], None] | None = None) -> Played:
    """Plays a load into a sink; `on_expected` is given what must come of each session, once all of it is sent."""
    ended = 0

    def on_end(session: SimulatedSession) -> None:
        nonlocal ended
        ended += 1
        if on_expected is not None:
            on_expected(session.expected)

    events = interleave(_sessions(load), on_end=on_end)
    pace = Pace(load.rate)
    sent = 0
    while True:
        allowed = pace.allowed(sent, CHUNK)
        if not allowed:
            await asyncio.sleep(max(TICK_SECONDS, pace.wait(sent)))
            continue
        chunk = list(islice(events, allowed))
        if not chunk:
            return Played(sent, ended, pace.seconds)
        await sink.write(chunk)
        sent += len(chunk)
        # Writing the next events takes the processor: let the network have its turn before.
        await asyncio.sleep(0)


def _sessions(load: Load) -> Iterator[SimulatedSession]:
    deadline = None if load.seconds is None or load.rate is not None else time.monotonic() + load.seconds
    budget = load.rate * load.seconds if load.rate is not None and load.seconds is not None else None
    planned = 0
    faults = load.faults if load.faults.repeat_ratio or load.faults.bad_ratio else None
    source = sessions(
        load.seed,
        load.count,
        load.dialects,
        start_ms=load.start_ms,
        every_ms=load.every_ms,
        bare=load.bare,
        scenarios=load.scenarios,
        faults=faults,
    )
    for session in source:
        yield session
        planned += len(session.events)
        if deadline is not None and time.monotonic() >= deadline:
            return
        if budget is not None and planned >= budget:
            return
