"""Worker processes to be killed, frozen and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.settings import Settings
from pipeline.worker.supervisor import settings_json

WORKER = Path(__file__).with_name("faulty_worker.py")


class Workers:
    """A context in which worker processes of one group run; what is left of them is killed at its end."""

    def __init__(self, settings: Settings, logs: Path) -> None:
        self._settings = settings_json(settings) + "\n"
        self._logs = logs
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def start(self, point: str = "-", passes: int = 0) -> subprocess.Popen[str]:
        """One more worker; it kills itself after `passes` passes of `point`."""
        log = (self._logs / f"worker-{len(self._processes)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, str(WORKER), point, str(passes)], stdin=subprocess.PIPE, stderr=log, text=True
        )
        assert process.stdin is not None
        process.stdin.write(self._settings)
        process.stdin.flush()
        self._processes.append(process)
        return process

    def stop(self) -> list[int]:
        """SIGTERM to all that run; their exit codes."""
        running = [process for process in self._processes if process.poll() is None]
        for process in running:
            process.terminate()
        return [process.wait(20) for process in running]

    def log_ends(self) -> str:
        """The last lines of every worker, for the message of a test that failed."""
        logs = sorted(self._logs.glob("worker-*.log"))
        return "\n".join(f"{log.name}: " + "\n  ".join(log.read_text().splitlines()[-3:]) for log in logs)

    def log_lines(self, event: str) -> int:
        """How many log lines of all workers tell of `event`."""
        return sum(log.read_text().count(f'"event":"{event}"') + log.read_text().count(f'"event": "{event}"')
                   for log in self._logs.glob("worker-*.log"))  # fmt: skip


def freeze(process: subprocess.Popen[str]) -> None:
    """SIGSTOP: it holds its connections and its memory, and does nothing."""
    os.kill(process.pid, signal.SIGSTOP)


def thaw(process: subprocess.Popen[str]) -> None:
    """SIGCONT: it goes on in the middle of what it did, and does not know that time has passed."""
    os.kill(process.pid, signal.SIGCONT)
