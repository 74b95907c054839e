"""A worker writes nothing to disk, so a full one does it no harm."""

import asyncio
import os
import resource
import subprocess
from pathlib import Path

import pytest

from tests.faults.workload import events, expected, judge, produce
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import read_all
from tests.kafka.test_worker import arguments

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

EVENTS = 2_000
NOWHERE = "/nonexistent"


def no_room() -> None:
    """Not one byte may be added to any file: what a full disk answers, told by the kernel."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def start(deployed: Deployed, folder: Path) -> subprocess.Popen[bytes]:
    homeless = {"HOME": NOWHERE, "TMPDIR": NOWHERE, "XDG_CACHE_HOME": NOWHERE, "XDG_CONFIG_HOME": NOWHERE}
    root = Path(__file__).parents[3]
    return subprocess.Popen(
        arguments(deployed),
        cwd=folder,
        env={**os.environ, **homeless, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=no_room,
    )


def open_files(pid: int) -> list[str]:
    """Those on a disk."""
    named = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
    return [name for name in named if not name.startswith(("socket:", "pipe:", "anon_inode:", "/dev/"))]


async def test_no_room_anywhere(bootstrap_servers: str, unique: str, tmp_path: Path) -> None:
    deployed = await deploy(bootstrap_servers, unique, 2)
    await produce(bootstrap_servers, deployed.input_topic, list(events(EVENTS, 2)))
    process = start(deployed, tmp_path)
    try:
        records = await all_messages(deployed, len(expected(EVENTS)))
        files = open_files(process.pid)
    finally:
        process.terminate()
        said, _ = await asyncio.to_thread(process.communicate, timeout=20)
    assert process.returncode == 0, said.decode()
    outcome = judge(records, expected(EVENTS))
    assert outcome.summary == "lost 0, duplicates 0 (other ids 0), unexpected 0, out of order 0"
    assert (files, os.listdir(tmp_path)) == ([], [])  # noqa: PTH208


async def all_messages(deployed: Deployed, count: int) -> list[object]:
    records: list[object] = []
    async with asyncio.timeout(60):
        while len(records) < count:
            records = await read_all(deployed.bootstrap_servers, deployed.messages)
    return records
