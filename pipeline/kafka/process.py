"""The broker's process as its data folder knows it: who runs here, on which port, and how to end it."""

import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.durable import BY_UMASK, put

PID_FILE = "kafka.pid"
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class RunningKafka:
    """A live broker process: what its pid file says."""

    pid: int
    port: int

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"


def write_pid_file(data_dir: Path, running: RunningKafka) -> None:
    put(data_dir / PID_FILE, json.dumps(asdict(running)).encode() + b"\n", durable=False, mode=BY_UMASK)


def remove_pid_file(data_dir: Path) -> None:
    (data_dir / PID_FILE).unlink(missing_ok=True)


def find_running(data_dir: Path) -> RunningKafka | None:
    """The broker that runs on this data folder, None where none does (a pid file left by a crash counts as none)."""
    try:
        told = json.loads((data_dir / PID_FILE).read_text())
        running = RunningKafka(pid=int(told["pid"]), port=int(told["port"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running if _is_ours(running.pid, data_dir) else None


def _is_ours(pid: int, data_dir: Path) -> bool:
    """Whether that process is the broker of this folder: process ids come back in use."""
    if Path("/proc/self/cmdline").exists():
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # no such process
            return False
    else:  # macOS
        told = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
        command = told.stdout
    return "kafka.Kafka" in command and str(data_dir) in command


def terminate(running: RunningKafka, data_dir: Path, timeout: float = STOP_SECONDS) -> bool:
    """SIGTERM, and SIGKILL after `timeout` seconds. True where the broker ended by itself."""
    try:
        os.kill(running.pid, signal.SIGTERM)
        deadline = time.monotonic() + timeout
        # By its command line: a process that ended and that nobody waited for still takes signals.
        while _is_ours(running.pid, data_dir):
            if time.monotonic() > deadline:
                os.kill(running.pid, signal.SIGKILL)
                return False
            time.sleep(0.05)
    except ProcessLookupError:
        pass
    return True
