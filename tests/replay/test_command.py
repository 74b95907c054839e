"""`itemstream replay` as it is called."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.cli.main import main
from tests.replay.conftest import COUNT
from tests.replay.support import Past

pytestmark = pytest.mark.kafka


def settings_of(past: Past) -> dict[str, str]:
    deployed = past.deployed
    return {
        "ITEMSTREAM_BOOTSTRAP_SERVERS": deployed.bootstrap_servers,
        "ITEMSTREAM_PREFIX": deployed.prefix,
        "ITEMSTREAM_GROUP": deployed.group,
        "ITEMSTREAM_INPUT_TOPIC": deployed.input_topic,
    }


def replay(past: Past, *args: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline.cli.main", "replay", *args]
    return subprocess.run(
        command, env={**os.environ, **settings_of(past)}, cwd=Path(__file__).parents[2], capture_output=True,
        text=True, timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def lines(run: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert run.returncode == 0, run.stderr
    return [orjson.loads(line) for line in run.stdout.splitlines()]


async def test_a_job_from_its_start_to_its_status(past: Past, unique: str) -> None:
    run = replay(past, "--to-suffix", f"-{unique}", "--log-level", "warning")
    assert run.returncode == 0, run.stderr
    assert f"done, written to {past.deployed.prefix}-{unique}" in run.stdout
    assert f"{COUNT:,} events:" in run.stdout
    assert await past.content(f"{past.deployed.prefix}-{unique}") == await past.live()
    job = run.stdout.split()[1].rstrip(":")
    found = {told["id"]: told for told in lines(replay(past, "list", "--json"))}
    assert found[job]["state"] == "done"
    assert found[job]["result"]["counts"]["consumed"] == COUNT
    status = replay(past, "status", job)
    assert f"job {job}: done" in status.stdout
    assert "records written" in status.stdout
    again = replay(past, "resume", job)
    assert (again.returncode, "done" in again.stdout) == (0, True)


async def test_a_dry_run_for_programs_and_for_people(past: Past) -> None:
    # Other limits give other records: one item a session is kept, and the rest leaves early.
    run = replay(past, "--dry-run", "--json", "--show", "--max-items-per-session", "1")
    told, *each = lines(run)
    assert told["summary"]["events"] == COUNT
    assert len(each) == sum(told["summary"][verdict] for verdict in ("added", "changed", "gone")) > 0
    assert {one["difference"] for one in each} <= {"added", "changed", "gone"}
    people = replay(past, "--dry-run", "--show", "--max-items-per-session", "1")
    assert f"{told['summary']['changed']:,} changed" in people.stdout
    assert people.stdout.count(f"\nchanged  {past.deployed.prefix}") == told["summary"]["changed"]
    assert await past.content() == await past.live()


def test_wrong_use_is_told_in_a_line(
    past: Past, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in settings_of(past).items():
        monkeypatch.setenv(name, value)
    # Else everything after this test writes its logs into what is captured here.
    monkeypatch.setattr("pipeline.cli.replay.start_logs", lambda *_: None)
    for args, code, line in (
        ((), 2, "where to?"),
        (("--to-prefix", "a", "--to-dir", "b"), 2, "exclude each other"),
        (("--in-place", "--session", "x"), 2, "--dry-run, then say --yes"),
        (("--to-prefix", past.deployed.prefix), 2, "is the prefix of the live topics"),
        (("--to-prefix", "a", "--partition", "99"), 1, "has no partition 99"),
        (("status", "nothing"), 1, "there is no job nothing"),
        (("--to-prefix", "a", "--input-topic", "nowhere"), 1, "there is no topic nowhere"),
        (("--dry-run", "--prefix", "nowhere"), 1, "nothing to compare with"),
    ):
        assert main(["replay", *args]) == code
        told = capsys.readouterr().err.splitlines()
        assert (line in told[-1], len(told)) == (True, 1), told
