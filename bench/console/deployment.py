"""Topics, a real console and the load, each a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.console.fill import PARTITIONS
from bench.console.records import PREFIX
from bench.programs import OWN
from pipeline.kafka.probe import free_ports
from pipeline.settings_load import load_settings
from topics.admin import apply_changes, connect, deployment, make_plan, read_state

READY_SECONDS = 60
STOP_SECONDS = 60
GROUP = "bench"


async def make_topics(servers: str) -> None:
    """All of a deployment's."""
    topics = deployment(PREFIX, GROUP, load_settings({"prefix": PREFIX}).input_topic)
    async with connect(servers) as admin:
        state = await read_state(admin, topics)
        plan = make_plan(topics, state, partitions=PARTITIONS, replication_factor=1)
        await apply_changes(admin, plan.changes, state)


@contextmanager
def console(servers: str, store: str, log: Path) -> Iterator[tuple[int, str]]:
    """`itemstream console` on this store; its process id and address. Nothing leaves the store for its age."""
    port = free_ports(1)[0]
    argv = ["console", "--bootstrap-servers", servers, "--prefix", PREFIX, "--group", GROUP, "--console-store", store,
            "--console-port", str(port), "--console-retention", "0", "--log-level", "warning"]  # fmt: skip
    with _running([str(OWN / "itemstream"), *argv], log) as process:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(f"{url}/ready"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the console does not answer; see {log}")
            time.sleep(0.1)
        yield process.pid, url


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, TimeoutError):
        return False


@contextmanager
def load(servers: str, items: int, log: Path) -> Iterator[None]:
    """Records with so many items a second, from when all overlapping sessions go on until the end of the block."""
    argv = [sys.executable, "-m", "bench.console.load", "--bootstrap-servers", servers,
            "--partitions", str(PARTITIONS), "--items", str(items)]  # fmt: skip
    with _running(argv, log) as process:
        deadline = time.monotonic() + READY_SECONDS
        while "steady" not in log.read_text():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the load does not get going; see {log}")
            time.sleep(0.1)
        yield


@contextmanager
def _running(argv: Sequence[str], log: Path) -> Iterator[subprocess.Popen[Any]]:
    with log.open("w") as sink:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
