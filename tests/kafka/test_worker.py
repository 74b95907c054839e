"""The command `itemstream worker` as a process of its own, on a real broker."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.workload import events, expected, judge, produce
from tests.kafka.deploy import PARTITIONS, Deployed
from tests.kafka.support import read_all, until

pytestmark = pytest.mark.kafka

COMMAND = (sys.executable, "-m", "pipeline.cli.main", "worker")


def arguments(deployed: Deployed, *more: str) -> list[str]:
    settings = {
        "bootstrap-servers": deployed.bootstrap_servers,
        "prefix": deployed.prefix,
        "group": deployed.group,
        "input-topic": deployed.input_topic,
        "session-timeout-ms": "6000",
        "log-format": "json",
    }
    return [*COMMAND, *(part for name, value in settings.items() for part in (f"--{name}", value)), *more]


@contextmanager
def worker(deployed: Deployed, log: Path, *more: str) -> Generator[subprocess.Popen[bytes]]:
    with log.open("ab") as stderr:
        process = subprocess.Popen(arguments(deployed, *more), stderr=stderr)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def lines(log: Path, event: str) -> list[dict[str, Any]]:
    parsed = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return [line for line in parsed if line.get("event") == event]


@pytest.mark.parametrize("delivery", ["exactly-once", "at-least-once"])
async def test_sigterm_under_load_and_a_restart_that_goes_on(deployed: Deployed, tmp_path: Path, delivery: str) -> None:
    load = list(events(8_000, PARTITIONS))
    log = tmp_path / "worker.log"
    for part in range(4):
        # It does not end by the session timeout: it leaves.
        options = ("--delivery", delivery, "--batch-max-records", "100", "--session-timeout-ms", "30000")
        with worker(deployed, log, *options) as process:
            await until(lambda: len(lines(log, "rebalance")) > part)  # noqa: B023
            await produce(deployed.bootstrap_servers, deployed.input_topic, load[part * 2_000 : (part + 1) * 2_000])
            if part == 3:
                await until_messages(deployed, 2_000)
            asked = time.monotonic()
            process.terminate()
            assert await asyncio.to_thread(process.wait, 20) == 0
            assert time.monotonic() - asked < 20
    outcome = judge(await read_all(deployed.bootstrap_servers, deployed.messages), expected(8_000))
    assert outcome.summary == "lost 0, duplicates 0 (other ids 0), unexpected 0, out of order 0"
    final = [line for line in lines(log, "stats") if line.get("final")]
    assert sum(line["consumed"] for line in final) == 8_000
    assert sum(line["used"] + line["ignored"] + sum(line["rejected"].values()) for line in final) == 8_000
    assert len(lines(log, "worker_stopped")) == 4


async def test_a_rebalance_is_one_line_that_says_what_came_and_went(deployed: Deployed, tmp_path: Path) -> None:
    first_log, second_log = tmp_path / "first.log", tmp_path / "second.log"
    with worker(deployed, first_log) as first:
        await until(lambda: len(lines(first_log, "rebalance")) == 1)
        with worker(deployed, second_log) as second:
            await until(lambda: len(lines(second_log, "rebalance")) == 1)
            await until(lambda: len(lines(first_log, "rebalance")) == 2)
            second.terminate()
            assert await asyncio.to_thread(second.wait, 10) == 0
            await until(lambda: len(lines(first_log, "rebalance")) == 3)
        first.send_signal(signal.SIGINT)
        assert await asyncio.to_thread(first.wait, 10) == 0
    told = [(line["came"], line["went"], line["assigned"]) for line in lines(first_log, "rebalance")]
    came, went = told[1][2], told[1][1]
    assert told[0] == ([0, 1, 2, 3, 4, 5], [], [0, 1, 2, 3, 4, 5])
    assert len(went) == 3
    assert sorted(came + went) == [0, 1, 2, 3, 4, 5]
    assert told[2] == (went, [], [0, 1, 2, 3, 4, 5])
    assert all("restore_seconds" in line and "restored_records" in line for line in lines(first_log, "rebalance"))


async def test_several_processes_one_of_which_is_killed(deployed: Deployed, tmp_path: Path) -> None:
    load = list(events(4_000, PARTITIONS))
    log = tmp_path / "worker.log"
    with worker(deployed, log, "--processes", "2") as process:
        await until(lambda: {len(line["assigned"]) for line in lines(log, "rebalance")[-2:]} == {3})
        clients = {line["client_id"] for line in lines(log, "worker_started")}
        assert len(clients) == 2
        await produce(deployed.bootstrap_servers, deployed.input_topic, load[:2_000])
        os.kill(int(clients.pop().rpartition("-")[2]), signal.SIGKILL)
        await produce(deployed.bootstrap_servers, deployed.input_topic, load[2_000:])
        await until_messages(deployed, 1_000)
        await until(lambda: len(lines(log, "worker_started")) == 3)
        process.terminate()
        assert await asyncio.to_thread(process.wait, 15) == 0
    (ended,) = lines(log, "worker_process_ended")
    assert ended["exit_code"] == -signal.SIGKILL
    outcome = judge(await read_all(deployed.bootstrap_servers, deployed.messages), expected(4_000))
    assert outcome.summary == "lost 0, duplicates 0 (other ids 0), unexpected 0, out of order 0"


async def test_a_run_of_rejects_stops_the_worker_with_one_line(deployed: Deployed, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    bad = [event.__class__(event.partition, event.session, b"no json") for event in events(2_000, PARTITIONS)]
    await produce(deployed.bootstrap_servers, deployed.input_topic, bad)
    limits = ("--reject-limit-window", "500", "--reject-limit-ratio", "0.5", "--batch-max-records", "100")
    with worker(deployed, log, *limits) as process:
        assert await asyncio.to_thread(process.wait, 30) == 1
    (told,) = [line for line in log.read_text().splitlines() if line.startswith("itemstream:")]
    assert "were rejected (most: not_json), more than the limit of 50%" in told
    rejected = await read_all(deployed.bootstrap_servers, f"{deployed.prefix}.rejected")
    assert len(rejected) < 600


async def until_messages(deployed: Deployed, count: int) -> None:
    async with asyncio.timeout(40):
        while len(await read_all(deployed.bootstrap_servers, deployed.messages)) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.3)
