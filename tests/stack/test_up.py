"""`itemstream up` as a user runs it: one terminal, a load from another, Ctrl-C."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from pipeline.kafka.probe import free_ports
from pipeline.kafka.process import find_running

pytestmark = pytest.mark.kafka

COMMAND = [sys.executable, "-m", "pipeline.cli.main"]


def wait_for(output: Path, pattern: str, seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := re.search(pattern, output.read_text()):
            return found[0]
        time.sleep(0.1)
    raise AssertionError(f"{pattern} did not show up in: {output.read_text()}")


def children_of(pid: int) -> list[int]:
    told = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in told.stdout.split()]


def test_up_takes_a_load_and_ends_cleanly(tmp_path: Path):
    (port,) = free_ports(1)
    output = tmp_path / "up.out"
    environment = {**os.environ, "ITEMSTREAM_LOG_LEVEL": "info"}
    with output.open("wb") as sink:
        up = subprocess.Popen(
            [
                *COMMAND,
                "up",
                "--port",
                str(port),
                "--data-dir",
                str(tmp_path / "kafka"),
                "--partitions",
                "2",
                "--console-port",
                "0",
            ],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        wait_for(output, "topics: 12 changes made", 60)
        told = subprocess.run(
            [*COMMAND, "simulate", "--sessions", "5", "--bootstrap-servers", f"127.0.0.1:{port}"],
            capture_output=True,
            text=True,
            check=True,
        )
        events = re.search(r"([\d,]+) events of 5 sessions", told.stdout + told.stderr)
        assert events is not None
        wait_for(output, f"consumed {events[1]}, records out [1-9]", 60)
        url = wait_for(output, r"Console on (http://127.0.0.1:\d+)", 60).removeprefix("Console on ")
        asked = urllib.request.urlopen(f"{url}/api/me")
        assert json.loads(asked.read())["role"] == "operator"
        children = children_of(up.pid)
        assert len(children) == 4  # Kafka, its watchdog, the worker and the console
        up.send_signal(signal.SIGINT)
        assert up.wait(60) == 0
    finally:
        up.kill()
        up.wait()
    assert "All of it has ended." in output.read_text()
    assert find_running(tmp_path / "kafka") is None
    assert not [child for child in children if Path(f"/proc/{child}").exists()]
