"""Worker processes of one group: started, killed, frozen, and started again where they die."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from pipeline.settings import Settings, variable_of
from pipeline.worker.supervisor import settings_json
from tests.faults.harness.forked import Forked

RESTART_SECONDS = 0.5
"""The supervisor's first backoff."""
STOP_SECONDS = 30.0

Action = Literal["kill", "raise"]

PRODUCT = (sys.executable, "-m", "pipeline.cli.main", "worker")


class Process(Protocol):
    """What is used of a process, however it was started."""

    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...
    def wait(self) -> int: ...
    def terminate(self) -> None: ...
    def kill(self) -> None: ...


@dataclass(eq=False)
class Worker:
    """One process."""

    process: Process
    log: Path
    started: float
    expected_to_end: bool = False
    """Stopped by us: it is not started again."""
    killed: bool = False
    """Killed by us, or armed so that it kills itself."""
    frozen: bool = False

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def arm(self, point: str, passes: int = 0, action: Action = "kill", delay: float = 0.0) -> None:
        """Let it kill itself (or its commit raise) when it passes the fault point, after `passes` passes unharmed.

        delay: seconds between the point and the kill, so that it hits what comes after. Only for armable workers.
        """
        self.killed = self.killed or action == "kill"
        assert isinstance(self.process, Forked), "start it armable"
        with contextlib.suppress(BrokenPipeError):
            self.process.orders.send(f"{action} {point} {passes} {delay}")


class Workers:
    """All workers of a run. One that dies without having been stopped is started again, as by the supervisor.

    armable: the worker runs behind an entry point that can be told to kill itself at a fault point; else it is the
    command `itemstream worker` itself. slow_agent, mutation: see `worker_entry`.
    """

    def __init__(self, settings: Settings, logs: Path, slow_agent: float = 0.0, mutation: str | None = None) -> None:
        self._settings = settings
        self.logs = logs
        self._slow_agent = slow_agent
        self._mutation = mutation or ""
        self._watching: asyncio.Task[None] | None = None
        self._count = 0
        self.armable = bool(slow_agent or mutation)
        self.running: list[Worker] = []
        self.ended_by_themselves: list[int] = []
        """Exit codes of workers that nobody stopped or killed."""
        self.killed = 0
        self.exit_codes: list[int] = []
        """Of workers that were stopped."""

    async def __aenter__(self) -> Workers:
        self.logs.mkdir(parents=True, exist_ok=True)
        self._watching = asyncio.create_task(self._keep_alive())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._watching is not None:
            self._watching.cancel()
        for worker in self.running:
            with contextlib.suppress(ProcessLookupError):
                worker.process.kill()
            worker.process.wait()

    def start(self) -> Worker:
        """One more worker."""
        log = self.logs / f"worker-{self._count:03}.log"
        self._count += 1
        process: Process
        if self.armable:
            process = Forked(settings_json(self._settings), self._slow_agent, self._mutation, log)
        else:
            process = self._product(log)
        worker = Worker(process, log, time.monotonic())
        self.running.append(worker)
        return worker

    def kill(self, worker: Worker) -> None:
        """SIGKILL."""
        worker.killed = True
        worker.process.kill()

    async def stop(self, worker: Worker) -> int:
        """SIGTERM, and its exit code."""
        worker.expected_to_end = True
        worker.process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        while worker.alive and time.monotonic() < deadline:  # noqa: ASYNC110 - another process ends
            await asyncio.sleep(0.01)
        if worker.alive:
            worker.process.kill()
        code = worker.process.wait()
        if worker in self.running:
            self.running.remove(worker)
        self.exit_codes.append(code)
        return code

    async def stop_all(self) -> None:
        """SIGTERM to all that run, and no more restarts."""
        if self._watching is not None:
            self._watching.cancel()
        await asyncio.gather(*(self.stop(worker) for worker in list(self.running)))

    def freeze(self, worker: Worker) -> None:
        """SIGSTOP: it holds its connections and its memory, and does nothing."""
        worker.frozen = True
        os.kill(worker.process.pid, signal.SIGSTOP)

    def thaw(self, worker: Worker) -> None:
        """SIGCONT: it goes on in the middle of what it did, and does not know that time has passed."""
        worker.frozen = False
        os.kill(worker.process.pid, signal.SIGCONT)

    def log_lines(self, event: str) -> int:
        """How many log lines of all workers tell of `event`."""
        return sum(
            line.count(f'"event":"{event}"') + line.count(f'"event": "{event}"')
            for log in self.logs.glob("worker-*.log")
            for line in log.read_text(errors="replace").splitlines()
        )

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            for worker in list(self.running):
                if worker.alive or worker.expected_to_end:
                    continue
                self.running.remove(worker)
                if worker.killed:
                    self.killed += 1
                else:
                    self.ended_by_themselves.append(worker.process.wait())
                await asyncio.sleep(RESTART_SECONDS)
                self.start()

    def _product(self, log: Path) -> Process:
        told = {
            variable_of(name): str(value) for name, value in self._settings.model_dump(exclude_defaults=True).items()
        }
        with log.open("w") as output:
            return subprocess.Popen(
                PRODUCT, env={**os.environ, **told}, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
