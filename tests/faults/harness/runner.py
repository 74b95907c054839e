"""Plays a scenario: load, workers, faults; then reads everything back and judges it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

import orjson

from pipeline.settings import Settings
from tests.faults.harness import reference, standstill
from tests.faults.harness.group import behind, drained
from tests.faults.harness.load import Load
from tests.faults.harness.result import RESULTS, Result, save
from tests.faults.harness.scenario import SESSION_TIMEOUT_MS, Delivery, Run, Scenario
from tests.faults.harness.topics import make_topics
from tests.faults.harness.verdict import Found, Identity, add, identity, judge
from tests.faults.harness.watch import Watch, read_all
from tests.faults.harness.workers import Workers

START_SECONDS = 60.0

SETTINGS: dict[str, object] = {
    "session_timeout_ms": SESSION_TIMEOUT_MS,
    # Small batches: many transactions, so that a fault finds one open.
    "batch_max_records": 100,
    # The load's sessions live ten times as fast: they shall go idle and be forgotten within a run.
    "session_idle": 120,
    "session_retention": 300,
    "log_format": "json",
    "stats_interval": 1,
}


async def run(
    scenario: Scenario,
    bootstrap_servers: str,
    delivery: Delivery = "exactly-once",
    *,
    rounds: int | None = None,
    worker_bootstrap_servers: str | None = None,
    results: Path = RESULTS,
) -> Result:
    """Play it, judge it, save and return the result. `result.ok` says whether it held.

    rounds: instead of the scenario's. worker_bootstrap_servers: where the workers shall find Kafka, if elsewhere.
    """
    rounds = scenario.rounds if rounds is None else rounds
    topics = await make_topics(bootstrap_servers, scenario.partitions, scenario.replication_factor)
    settings = Settings.model_validate(
        {
            **SETTINGS,
            "bootstrap_servers": worker_bootstrap_servers or bootstrap_servers,
            "prefix": topics.prefix,
            "group": topics.group,
            "input_topic": topics.input,
            "delivery": delivery,
            **scenario.settings,
        }
    )
    load = Load(bootstrap_servers, topics.input, scenario.partitions, scenario.rate, scenario.bad_ratio)
    watch = Watch(bootstrap_servers, topics)
    watching = asyncio.create_task(watch.run())
    began = time.monotonic()
    try:
        logs = results / "logs" / f"{scenario.name}-{topics.group}"
        async with Workers(settings, logs, scenario.slow_agent, scenario.mutation) as workers:
            now = Run(scenario, delivery, bootstrap_servers, topics, settings, workers, watch)
            await _play(now, load, rounds)
            outcome = await _judge(now, load, rounds)
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
    outcome.seconds = round(time.monotonic() - began, 1)
    save(outcome, results)
    return outcome


async def _play(run: Run, load: Load, rounds: int) -> None:
    """From the first record to the last worker's end."""
    scenario = run.scenario
    fault = scenario.fault()
    # Whether workers must be armable is the fault's to say, before the first one starts.
    run.workers.armable = run.workers.armable or bool(getattr(fault, "armable", False))
    await load.start(scenario.backlog)
    playing = asyncio.create_task(load.play())
    try:
        for _ in range(scenario.workers):
            run.workers.start()
        if not (await run.joined() and await run.flowing(START_SECONDS)):
            run.problems.append("the workers did not start")
        await fault.start(run)
        for number in range(rounds):
            run.injected.append(time.monotonic())
            await fault.inject(run, number)
            await fault.heal(run, number)
            if not (await run.joined() and await run.flowing()):
                run.problems.append(f"after round {number + 1} not every partition flowed again")
            await asyncio.sleep(scenario.settle)
    finally:
        load.stop()
        await playing
        await load.close()
    if not await drained(run.bootstrap_servers, run.topics, scenario.drain_seconds):
        run.problems.append(f"records still waited {scenario.drain_seconds:.0f} s after the load's end")
    await asyncio.sleep(0.3)  # the reader's next fetch
    await run.workers.stop_all()


async def _judge(run: Run, load: Load, rounds: int) -> Result:
    scenario, topics, workers = run.scenario, run.topics, run.workers
    count = scenario.partitions
    source = await read_all(run.bootstrap_servers, topics.input, count)
    changelog = await read_all(run.bootstrap_servers, topics.changelog, count)
    outputs = {name: await read_all(run.bootstrap_servers, name, count) for name in topics.outputs}
    uncommitted = [await read_all(run.bootstrap_servers, name, count, committed=False) for name in topics.outputs]
    core = run.settings.core_settings()
    found, stills, differs = Found(), list[standstill.Still](), 0
    for number in range(count):
        state, due = reference.fold(core, source[number])
        actual = [record for name in topics.outputs for record in outputs[name][number]]
        expected = [one.output for one in due]
        add(found, judge(expected, actual, repeats_allowed=run.delivery == "at-least-once"))
        stills += standstill.standstills(number, _times(run, load, number, due, actual))
        restored = reference.restore(core, changelog[number])
        differs += reference.state_of(restored) != reference.state_of(state)
    written = {(r.topic, r.partition, r.offset) for by in outputs.values() for some in by.values() for r in some}
    longest = standstill.longest_per_round(stills, run.injected)
    p50, most = standstill.summary(longest)
    worst = max(stills, key=lambda still: still.seconds if still.end > run.injected[0] else 0.0, default=None)
    stats = _last_stats(workers)
    result = Result(
        name=scenario.name,
        title=scenario.title,
        table=scenario.table,
        delivery=run.delivery,
        rounds=rounds,
        workers=scenario.workers,
        partitions=count,
        rate=scenario.rate,
        session_timeout=run.session_timeout,
        input_records=sum(len(records) for records in source.values()),
        records=len(written),
        found=found,
        aborted_seen=len(run.watch.arrived.keys() - written),
        aborted_written=sum(len(some) for by in uncommitted for some in by.values()) - len(written),
        state_differs=differs,
        behind=await behind(run.bootstrap_servers, topics),
        standstill_p50=p50,
        standstill_max=most,
        standstill_limit=scenario.standstill_limit,
        standstills=[round(seconds, 2) for seconds in longest],
        seconds=0.0,
        killed=workers.killed,
        ended_by_themselves=workers.ended_by_themselves,
        exit_codes=workers.exit_codes,
        stale=stats.get("stale", 0),
        restarts=stats.get("restarts", 0),
        worst=worst and f"partition {worst.partition} from {worst.begin - run.injected[0]:.2f} s after the first fault",
        notes=run.notes,
        mutation=scenario.mutation,
    )
    result.problems = run.problems + _problems(result, scenario)
    return result


def _problems(result: Result, scenario: Scenario) -> list[str]:
    problems = [f"{name.replace('_', ' ')} {count}" for name, count in result.found.wrong().items()]
    if result.aborted_seen:
        problems.append(f"aborted records seen {result.aborted_seen}")
    if result.state_differs:
        problems.append(f"state of {result.state_differs} partitions is not the fold of the input")
    if result.behind:
        problems.append(f"{result.behind} input records not committed at the end")
    if unwanted := [code for code in result.ended_by_themselves if code not in scenario.worker_may_end]:
        problems.append(f"workers ended by themselves with {unwanted}")
    if any(result.exit_codes):
        problems.append(f"stopped workers ended with {result.exit_codes}")
    if scenario.standstill_limit is not None and result.standstill_max > scenario.standstill_limit:
        problems.append(f"stood still for {result.standstill_max} s, more than {scenario.standstill_limit} s")
    return problems


def _times(
    run: Run, load: Load, partition: int, due: list[reference.Due], actual: list[Any]
) -> list[tuple[float, float]]:
    """When each output was due and when it arrived; those of which one is not known are left out."""
    arrived: dict[Identity, float] = {}
    for record in actual:
        seen = run.watch.arrived.get((record.topic, record.partition, record.offset))
        if seen is not None:
            arrived.setdefault(identity(record), seen)
    times = ((load.acknowledged_at(partition, one.offset), arrived.get(identity(one.output))) for one in due)
    return [(due_at, arrived_at) for due_at, arrived_at in times if due_at is not None and arrived_at is not None]


def _last_stats(workers: Workers) -> dict[str, int]:
    """Counters of all workers at their last word, added up."""
    total: dict[str, int] = {}
    for log in workers.logs.glob("worker-*.log"):
        last: dict[str, Any] = {}
        for line in log.read_text(errors="replace").splitlines():
            with contextlib.suppress(orjson.JSONDecodeError):
                told = orjson.loads(line)
                if isinstance(told, dict) and told.get("event") == "stats":
                    last = told
        for name, value in last.items():
            if isinstance(value, int):
                total[name] = total.get(name, 0) + value
    return total
