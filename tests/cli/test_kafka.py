"""`itemstream kafka`: as a user runs it, in processes of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline.kafka.probe import cluster_id, free_ports
from pipeline.kafka.process import find_running, terminate

pytestmark = pytest.mark.kafka

COMMAND = [sys.executable, "-m", "pipeline.cli.main", "kafka"]

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def home(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder of this test's user; what still runs there at the end is stopped."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    home = tmp_path / "itemstream" / "kafka" / str(port)
    yield home
    if running := find_running(home):
        terminate(running, home)


def run(*args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *map(str, args)], capture_output=True, text=True, check=False, timeout=120)


def test_start_status_stop(home: Path, port: int) -> None:
    started = run("start", "--port", port)
    assert started.returncode == 0, started.stderr
    assert f"runs on 127.0.0.1:{port}" in started.stdout
    cluster = cluster_id(port)
    assert cluster
    assert (home / "kafka.pid").exists()

    again = run("start", "--port", port)
    assert again.returncode == 0
    assert f"already runs on 127.0.0.1:{port}" in again.stdout
    assert run("status", "--port", port).returncode == 0

    elsewhere = run("start", "--port", port + 1 if port < 65535 else port - 1, "--data-dir", home)
    assert elsewhere.returncode == 1
    assert f"on port {port} instead of" in elsewhere.stderr

    assert run("stop", "--port", port).returncode == 0
    assert cluster_id(port) is None
    assert find_running(home) is None
    gone = run("status", "--port", port)
    assert gone.returncode == 1
    assert "start it with: itemstream kafka start" in gone.stderr

    stopped = run("stop", "--port", port)
    assert (stopped.returncode, stopped.stdout) == (0, f"No Kafka runs on {home}\n")


def test_killed_broker_is_started_on_the_same_data(home: Path, port: int) -> None:
    assert run("start", "--port", port).returncode == 0
    before = cluster_id(port)
    running = find_running(home)
    assert running
    os.kill(running.pid, signal.SIGKILL)
    assert run("start", "--port", port).returncode == 0
    assert cluster_id(port) == before


def test_foreground_stays_and_ends_cleanly_on_sigterm(home: Path, port: int) -> None:
    with subprocess.Popen(
        [*COMMAND, "start", "--foreground", "--port", str(port)], stdout=subprocess.PIPE, text=True
    ) as up:
        assert up.stdout
        assert f"runs on 127.0.0.1:{port}" in up.stdout.readline()
        assert cluster_id(port)
        up.send_signal(signal.SIGTERM)
        assert up.stdout.read() == "Kafka is stopped\n"
        assert up.wait(30) == 0
    assert find_running(home) is None


def test_foreground_says_when_the_broker_died(home: Path, port: int) -> None:
    with subprocess.Popen(
        [*COMMAND, "start", "--foreground", "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        assert up.stdout
        assert up.stderr
        up.stdout.readline()
        running = find_running(home)
        assert running
        os.kill(running.pid, signal.SIGKILL)
        assert up.wait(30) == 1
        assert "ended by itself" in up.stderr.read()
