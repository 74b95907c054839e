"""A fault run as data, and what a fault is given to work with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pipeline.settings import Settings
from tests.faults.harness.group import joined
from tests.faults.harness.topics import Topics
from tests.faults.harness.watch import Watch
from tests.faults.harness.workers import Workers

Delivery = Literal["exactly-once", "at-least-once"]
BOTH: tuple[Delivery, ...] = ("exactly-once", "at-least-once")

SESSION_TIMEOUT_MS = 3_000
"""Short, so that a round is; what is measured is held against this timeout plus a constant."""


class Fault(Protocol):
    """What breaks. A round is `inject`, `heal`, then the wait until every partition flows again; the load goes on."""

    async def start(self, run: Run) -> None:
        """Once, when load and workers run and every partition flows."""
        ...

    async def inject(self, run: Run, round: int) -> None:
        """Break it, for as long as it shall be broken. Rounds count from 0."""
        ...

    async def heal(self, run: Run, round: int) -> None:
        """Mend it. A worker that died needs nothing: it is started again, as its supervisor would."""
        ...


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One row of a table in docs/reliability.md.

    name: of the row's result file, unique. title: how the row reads. table: which of the page's tables it belongs to.
    fault: makes a new one for each run.
    deliveries: the modes in which it makes sense. rate: input records a second over all partitions.
    bad_ratio: part of the input records that are broken. backlog: input records written before the first worker starts.
    settle: seconds of plain running after each round.
    settings: of the workers, beside those of every run. standstill_limit: seconds, None for none.
    worker_may_end: exit codes with which a worker may end by itself (it is started again).
    slow_agent: seconds that an agent waits before it hands back one batch of five.
    mutation: a rule that is broken on purpose, by its name in `mutations`.
    """

    name: str
    title: str
    table: str = "workers"
    fault: Callable[[], Fault]
    deliveries: tuple[Delivery, ...] = BOTH
    workers: int = 3
    partitions: int = 6
    rate: int = 600
    bad_ratio: float = 0.02
    backlog: int = 0
    rounds: int = 10
    settle: float = 0.5
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    standstill_limit: float | None = SESSION_TIMEOUT_MS / 1000 + 3
    worker_may_end: frozenset[int] = frozenset()
    slow_agent: float = 0.0
    mutation: str | None = None
    replication_factor: int = 1
    drain_seconds: float = 60.0


@dataclass
class Run:
    """A scenario under way, as its fault sees it."""

    scenario: Scenario
    delivery: Delivery
    bootstrap_servers: str
    """Of the harness itself; the workers' are in `settings`."""
    topics: Topics
    settings: Settings
    workers: Workers
    watch: Watch
    injected: list[float] = field(default_factory=list[float])
    """When each round began, time.monotonic()."""
    notes: dict[str, int] = field(default_factory=dict[str, int])
    """Counts of whatever a fault wants to see in the result."""
    problems: list[str] = field(default_factory=list[str])
    """What makes the run fail, in words: a fault adds what it could not do."""

    @property
    def session_timeout(self) -> float:
        """Seconds."""
        return self.settings.session_timeout_ms / 1000

    def note(self, what: str, count: int = 1) -> None:
        """Add to a count in the result."""
        self.notes[what] = self.notes.get(what, 0) + count

    async def joined(self, seconds: float = 60.0) -> bool:
        """Wait until all workers that run are in the group and it is at rest; False where it is not in time."""
        return await joined(self.bootstrap_servers, self.topics.group, self.scenario.workers, seconds)

    async def flowing(self, seconds: float = 60.0) -> bool:
        """Wait until every partition has brought out something from now on; False where one has not in time."""
        since = time.monotonic()
        while time.monotonic() < since + seconds:
            if self.watch.all_moved_since(since, self.scenario.partitions):
                return True
            await asyncio.sleep(0.02)
        return False
