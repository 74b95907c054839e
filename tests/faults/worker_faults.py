"""What happens to workers, as scenarios."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from random import Random

from tests.faults.harness.scenario import Delivery, Run, Scenario
from tests.faults.harness.workers import Action, Worker

FREEZE_EXTRA_SECONDS = 1.5
REBALANCES = 6
REBALANCE_SECONDS = 4.0
"""For a worker to open what a rebalance gave it; a killed one before it may still be in the group until its timeout."""
NEVER_DIED = "a worker never came to the point at which it was to die"
SLOW_SECONDS = 2.5
"""Longer than a rebalance, so that one falls into it."""


class Nothing:
    """No fault: what the others are compared with."""

    armable = True

    async def start(self, run: Run) -> None: ...

    async def inject(self, run: Run, round: int) -> None:
        await asyncio.sleep(2)

    async def heal(self, run: Run, round: int) -> None: ...


class KillAtAnyMoment(Nothing):
    """kill -9 of one worker, here the command as users run it; it is started again half a second later."""

    armable = False

    async def inject(self, run: Run, round: int) -> None:
        await asyncio.sleep(Random(round).random() / 5)
        worker = _pick(run, round)
        run.workers.kill(worker)
        await _death_of(run, worker)


class KillAtPoint(Nothing):
    """One worker kills itself at a point of a batch."""

    def __init__(self, point: str, action: Action = "kill", delays: Sequence[float] = (0.0,)) -> None:
        self._point = point
        self._action: Action = action
        self._delays = delays

    async def inject(self, run: Run, round: int) -> None:
        worker = _pick(run, round)
        delay = self._delays[round % len(self._delays)]
        worker.arm(self._point, passes=Random(round).randrange(20), action=self._action, delay=delay)
        if self._action == "raise":
            await asyncio.sleep(1)
        else:
            await _death_of(run, worker)


class KillWhileOpening(KillAtPoint):
    """One worker kills itself at a point at which it opens partitions that a rebalance gave it."""

    async def inject(self, run: Run, round: int) -> None:
        worker = _pick(run, round)
        worker.arm(self._point, passes=round % 2)
        # A rebalance may give the worker one partition only, where the second pass is armed: then there is another.
        other: Worker | None = None
        for _ in range(REBALANCES):
            if other is None:
                other = run.workers.start()
            else:
                await run.workers.stop(other)
                other = None
            if await _died(worker, REBALANCE_SECONDS):
                break
        else:
            run.problems.append(NEVER_DIED)
        if other is not None:
            await run.workers.stop(other)


class Terminate(Nothing):
    """SIGTERM to one worker, another one started after it ended."""

    async def inject(self, run: Run, round: int) -> None:
        await run.workers.stop(_pick(run, round))
        await asyncio.sleep(1.5)

    async def heal(self, run: Run, round: int) -> None:
        run.workers.start()


class KillAndTerminate(Terminate):
    """kill -9 of one worker, SIGTERM to another while the group still waits for the first."""

    async def inject(self, run: Run, round: int) -> None:
        other = _pick(run, round + 1)
        run.workers.kill(_pick(run, round))
        await asyncio.sleep(1.2)  # the killed one's successor is joining by then
        await run.workers.stop(other)


class Freeze(Nothing):
    """SIGSTOP for longer than the session timeout, then SIGCONT: a zombie that holds partitions others own."""

    async def inject(self, run: Run, round: int) -> None:
        self._worker = _pick(run, round)
        run.workers.freeze(self._worker)
        await asyncio.sleep(run.session_timeout + FREEZE_EXTRA_SECONDS)

    async def heal(self, run: Run, round: int) -> None:
        run.workers.thaw(self._worker)
        await asyncio.sleep(0.5)


class ComeAndGo(Nothing):
    """Every few seconds a worker joins, and a while later one leaves."""

    async def inject(self, run: Run, round: int) -> None:
        run.workers.start()
        await asyncio.sleep(2.5)

    async def heal(self, run: Run, round: int) -> None:
        await run.workers.stop(run.workers.running[0])
        await asyncio.sleep(0.5)


class KillFreezeAndStop(Nothing):
    """One fault a round, in turn."""

    def __init__(self) -> None:
        self._faults = (KillAtPoint("outputs-sent"), Freeze(), Terminate())

    async def inject(self, run: Run, round: int) -> None:
        await self._faults[round % 3].inject(run, round)

    async def heal(self, run: Run, round: int) -> None:
        await self._faults[round % 3].heal(run, round)


def _pick(run: Run, round: int) -> Worker:
    return run.workers.running[round % len(run.workers.running)]


async def _death_of(run: Run, worker: Worker) -> None:
    if not await _died(worker, 20.0):
        run.problems.append(NEVER_DIED)


async def _died(worker: Worker, seconds: float) -> bool:
    for _ in range(round(seconds / 0.02)):
        if not worker.alive:
            return True
        await asyncio.sleep(0.02)
    return False


EXACTLY: tuple[Delivery, ...] = ("exactly-once",)
AT_LEAST: tuple[Delivery, ...] = ("at-least-once",)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(name="none", title="none", fault=Nothing),
    Scenario(name="kill", title="kill -9 at any moment", fault=KillAtAnyMoment),
    Scenario(name="kill-processed", title="kill -9 mid-batch", fault=partial(KillAtPoint, "processed")),
    Scenario(
        name="kill-begun",
        title="kill -9 after begin",
        fault=partial(KillAtPoint, "begun"),
        deliveries=EXACTLY,
    ),
    Scenario(name="kill-outputs", title="kill -9 after the outputs", fault=partial(KillAtPoint, "outputs-sent")),
    Scenario(
        name="kill-changelog",
        title="kill -9 after the state",
        fault=partial(KillAtPoint, "changelog-sent"),
        deliveries=AT_LEAST,
    ),
    Scenario(
        name="kill-offsets",
        title="kill -9 after the offsets",
        fault=partial(KillAtPoint, "offsets-sent"),
        deliveries=EXACTLY,
    ),
    Scenario(
        name="kill-commit",
        title="kill -9 during commit",
        fault=partial(KillAtPoint, "offsets-sent", delays=(0.0002, 0.0005, 0.001, 0.002, 0.004)),
        deliveries=EXACTLY,
    ),
    Scenario(name="kill-committed", title="kill -9 after commit", fault=partial(KillAtPoint, "committed")),
    Scenario(
        name="kill-fenced",
        title="kill -9 after fencing",
        fault=partial(KillWhileOpening, "producer-started"),
        deliveries=EXACTLY,
    ),
    Scenario(name="kill-restoring", title="kill -9 during restore", fault=partial(KillWhileOpening, "restoring")),
    Scenario(
        name="kill-restored",
        title="kill -9 after restore",
        fault=partial(KillWhileOpening, "restored"),
        deliveries=EXACTLY,
    ),
    Scenario(
        name="commit-fails",
        title="commit fails, the worker lives",
        fault=partial(KillAtPoint, "offsets-sent", action="raise"),
        deliveries=EXACTLY,
    ),
    Scenario(name="terminate", title="SIGTERM under load", fault=Terminate, standstill_limit=1.0),
    Scenario(
        name="kill-and-terminate",
        title="kill -9 of one, SIGTERM of another meanwhile",
        fault=KillAndTerminate,
        deliveries=EXACTLY,
    ),
    Scenario(name="freeze", title="SIGSTOP longer than the session timeout", fault=Freeze),
    Scenario(name="come-and-go", title="workers join and leave every few seconds", fault=ComeAndGo),
    Scenario(
        name="come-and-go-slow",
        title="the same, agents slow",
        fault=ComeAndGo,
        deliveries=EXACTLY,
        rate=300,
        slow_agent=SLOW_SECONDS,
        standstill_limit=None,  # the agents alone hold a partition up for longer
    ),
)
