"""Three workers on six partitions; one killed with -9 twice, one frozen for longer than its session timeout."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults.workers import Workers, freeze, thaw
from tests.faults.workload import Event, Outcome, events, expected, judge, produce
from tests.kafka.deploy import PARTITIONS, Deployed
from tests.kafka.support import read_all, until

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

FREEZE_SECONDS = 9.0  # the session timeout is 6


@pytest.mark.parametrize("delivery", ["exactly-once", "at-least-once"])
async def test_ten_thousand_events(deployed: Deployed, tmp_path: Path, delivery: str) -> None:
    outcome = await kill_twice_and_freeze(deployed, tmp_path, 10_000, delivery)
    assert_allowed(outcome, delivery)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("delivery", ["exactly-once", "at-least-once"])
async def test_a_hundred_thousand_events(deployed: Deployed, tmp_path: Path, delivery: str) -> None:
    outcome = await kill_twice_and_freeze(deployed, tmp_path, 100_000, delivery)
    assert_allowed(outcome, delivery)


def assert_allowed(outcome: Outcome, delivery: str) -> None:
    assert (outcome.lost, outcome.unexpected, outcome.differing_ids) == (set(), 0, 0)
    if delivery == "exactly-once":
        assert (outcome.duplicates, outcome.disorder) == (0, 0)


async def kill_twice_and_freeze(deployed: Deployed, logs: Path, count: int, delivery: str) -> Outcome:
    """Play `count` events in eight parts, each fault in the middle of one."""
    load = list(events(count, PARTITIONS))
    parts = [load[start : start + count // 8] for start in range(0, count, count // 8)]
    # Small batches: many transactions, so that a fault finds one open.
    settings = deployed.settings(delivery=delivery, batch_max_records=100)
    with Workers(settings, logs) as workers:
        unlucky, frozen, _ = (workers.start() for _ in range(3))
        await until(lambda: workers.log_lines("rebalance") >= 3, 60)
        for number, part in enumerate(parts):
            half = len(part) // 2
            await produce(deployed.bootstrap_servers, deployed.input_topic, part[:half])
            producing = asyncio.create_task(_play(deployed, part[half:]))
            await asyncio.sleep(0.05)
            if number in {1, 4}:
                unlucky.kill()
                unlucky.wait()
                await producing
                await asyncio.sleep(1)
                unlucky = workers.start()
            elif number == 2:
                freeze(frozen)
                await producing
                await asyncio.sleep(FREEZE_SECONDS)
                thaw(frozen)
            await producing
        await _read_until(deployed, len(expected(count)), 60)
        # All five have come up: a signal before that would find a process that does not know it yet.
        await until(lambda: workers.log_lines("worker_started") == 5, 60)
        codes = workers.stop()
        records = await read_all(deployed.bootstrap_servers, deployed.messages)
    assert codes == [0, 0, 0], workers.log_ends()
    outcome = judge(records, expected(count))
    print(f"{delivery}, {count} events, {len(records)} records read: {outcome.summary}")
    return outcome


async def _play(deployed: Deployed, load: Sequence[Event]) -> None:
    """Over about two seconds."""
    pieces = 10
    size = -(-len(load) // pieces)
    for start in range(0, len(load), size):
        await produce(deployed.bootstrap_servers, deployed.input_topic, load[start : start + size])
        await asyncio.sleep(0.1)


async def _read_until(deployed: Deployed, count: int, seconds: float) -> list[object]:
    deadline = time.monotonic() + seconds
    while True:
        records = await read_all(deployed.bootstrap_servers, deployed.messages)
        if len(records) >= count or time.monotonic() > deadline:
            return records
        await asyncio.sleep(0.5)
