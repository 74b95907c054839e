"""Forgetting a session, while a worker runs that knows it."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from pipeline.erasure.erased import read_erased
from pipeline.erasure.forget import forget
from pipeline.streaming import StreamStats
from pipeline.worker.run import run_worker
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import produce, read_all, until

pytestmark = pytest.mark.kafka

GONE, STAYS = "session-gone", "session-stays"


@pytest.fixture
async def deployed(bootstrap_servers: str, unique: str) -> Deployed:
    return await deploy(bootstrap_servers, unique)


def said(session: str, number: int) -> tuple[int, bytes, bytes]:
    item = {"id": f"item-{number}", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}
    event = {"type": "conversation.item.done", "event_id": f"{session}-{number}", "item": item}
    return 0, session.encode(), orjson.dumps(event)


async def state_of(deployed: Deployed, session: str) -> int:
    """How many changelog records of the session hold something."""
    latest: dict[bytes, bytes | None] = {}
    for record in await read_all(deployed.bootstrap_servers, f"{deployed.group}-sessions-changelog"):
        latest[record.key] = record.value
    return sum(1 for key, value in latest.items() if value is not None and session.encode() in key)


async def records_of(deployed: Deployed) -> list[tuple[str, str, int]]:
    found = [orjson.loads(record.value) for record in await read_all(deployed.bootstrap_servers, deployed.messages)]
    return [(record["session_id"], record["item_id"], record["session_sequence"]) for record in found]


@pytest.mark.parametrize("delivery", ["exactly-once", "at-least-once"])
async def test_the_state_goes_and_the_worker_goes_on(deployed: Deployed, delivery: str) -> None:
    settings = deployed.settings(delivery=delivery)
    stop, stats = asyncio.Event(), StreamStats()
    worker = asyncio.create_task(run_worker(settings, stop, stats=stats))
    try:
        first = [said(session, number) for session in (GONE, STAYS) for number in range(3)]
        await produce(deployed.bootstrap_servers, deployed.input_topic, first)
        await until(lambda: stats.counts.used == 6)
        looked = await forget(settings, [GONE], write=False)
        assert sum(looked.state.values()) == await state_of(deployed, GONE) > 0
        assert await read_erased(settings) == frozenset()

        report = await forget(settings, [GONE], write=True)
        assert report.state == looked.state
        assert await state_of(deployed, GONE) == 0
        assert await state_of(deployed, STAYS) > 0
        assert await read_erased(settings) == {GONE}

        await produce(deployed.bootstrap_servers, deployed.input_topic, [said(STAYS, 3)])
        await until(lambda: stats.counts.used == 7)
    finally:
        stop.set()
        await worker
    assert (await forget(settings, [GONE], write=True)).state == {}
    # The one that stays goes on with its numbers: its state was read anew, not lost.
    sequences = [sequence for session, _, sequence in await records_of(deployed) if session == STAYS]
    if delivery == "at-least-once":  # the batch that was fenced may have come out, and does so again, the same
        sequences = sorted(set(sequences))
    assert sequences == [1, 2, 3, 4]


async def test_what_was_erased_is_neither_exported_nor_replayed(deployed: Deployed, tmp_path: Path) -> None:
    settings = deployed.settings()
    stop, stats = asyncio.Event(), StreamStats()
    worker = asyncio.create_task(run_worker(settings, stop, stats=stats))
    load = [said(session, number) for session in (GONE, STAYS) for number in range(2)]
    await produce(deployed.bootstrap_servers, deployed.input_topic, load)
    await until(lambda: stats.counts.used == 4)
    stop.set()
    await worker

    where = ("--bootstrap-servers", deployed.bootstrap_servers, "--prefix", deployed.prefix)
    group = ("--group", deployed.group, "--input-topic", deployed.input_topic)
    assert "Nothing was written" in await run("forget", GONE, *where, *group)
    told = await run("forget", GONE, "--yes", *where, *group)
    assert "records in partitions 0 deleted" in told
    assert deployed.input_topic in told

    out, again = tmp_path / "export", tmp_path / "replay"
    await run("export", "messages", "--to", str(out), "--format", "jsonl", *where)
    exported = "".join(file.read_text() for file in out.rglob("*.jsonl"))
    assert (GONE in exported, STAYS in exported) == (False, True)

    await run("replay", "--to-dir", str(again), *where, *group)
    lines = [json.loads(line) for file in again.rglob("*.jsonl") for line in file.read_text().splitlines()]
    assert [line["key"] for line in lines] == [STAYS, STAYS]


async def run(*arguments: str) -> str:
    """What the command prints."""
    command = [sys.executable, "-m", "pipeline.cli.main", *arguments]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
