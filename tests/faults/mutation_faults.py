"""The stream with one rule broken: each must be found out, or the checks prove nothing."""

from __future__ import annotations

from functools import partial

from tests.faults.harness.scenario import Scenario
from tests.faults.worker_faults import EXACTLY, SLOW_SECONDS, ComeAndGo, KillAtPoint

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        name="mutation-no-epoch-rule",
        title="records fetched before a rebalance are processed after it; workers join and leave, agents slow",
        fault=ComeAndGo,
        deliveries=EXACTLY,
        rate=300,
        bad_ratio=0.2,
        slow_agent=SLOW_SECONDS,
        rounds=6,
        standstill_limit=None,
        table="mutations",
        mutation="no-epoch-rule",
    ),
    Scenario(
        name="mutation-offsets-outside",
        title="offsets are committed outside of the transaction; kill -9 after begin",
        fault=partial(KillAtPoint, "begun"),
        deliveries=EXACTLY,
        rounds=3,
        standstill_limit=None,
        table="mutations",
        mutation="offsets-outside",
    ),
    Scenario(
        name="mutation-state-first",
        title="the state is advanced before the commit; kill -9 after begin",
        fault=partial(KillAtPoint, "begun"),
        deliveries=EXACTLY,
        rounds=3,
        standstill_limit=None,
        table="mutations",
        mutation="state-first",
    ),
    Scenario(
        name="mutation-state-kept",
        title="the state is kept after an abort; a commit fails",
        fault=partial(KillAtPoint, "offsets-sent", action="raise"),
        deliveries=EXACTLY,
        rounds=3,
        standstill_limit=None,
        table="mutations",
        mutation="state-kept",
    ),
)
