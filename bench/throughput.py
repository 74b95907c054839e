"""One run of one program over one input, watched from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import processes
from bench.inputs import Input
from bench.programs import CORE, OWN, ROOT, Program, Run
from bench.stats import Sample, input_records, window
from bench.topics import Topics

POLL_SECONDS = 0.05
START_SECONDS = 60.0
QUIET_SECONDS = 2.0
"""All is out, and nothing came any more for so long: markers of transactions may follow the last record."""
STOP_SECONDS = 15.0


class RunFailed(Exception):
    """The program ended, or nothing came out of it."""


class Child:
    """A program as a process of its own, its output in a log file."""

    def __init__(self, argv: Sequence[str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                argv, cwd=ROOT, env={"PYTHONPATH": str(ROOT), **os.environ}, stdout=file, stderr=file,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self.pid = self._process.pid

    def check(self) -> None:
        """Raises RunFailed where it has ended."""
        if (code := self._process.poll()) is not None:
            lines = self.log.read_text(errors="replace").strip().splitlines()
            raise RunFailed(f"it ended with {code}: {lines[-1] if lines else 'nothing said'} ({self.log})")

    def stop(self) -> None:
        """SIGTERM, then SIGKILL; its children go with it."""
        if self._process.poll() is not None:
            return
        os.killpg(self.pid, signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()


class Bench:
    """The broker, its topics, and where logs go."""

    def __init__(self, servers: str, broker_pid: int | None, partitions: int, folder: Path) -> None:
        self.servers = servers
        self.partitions = partitions
        self.folder = folder
        self.topics = Topics(servers)
        self._broker_pid = broker_pid

    def start(self, program: Program, source: str, job: str) -> tuple[Child, list[str]]:
        """Start it with topics of its own; the process and its output topics."""
        unique = f"{program.name}-{uuid.uuid4().hex[:6]}"
        run = Run(self.servers, source, f"out-{unique}", f"group-{unique}", job)
        if job != CORE:
            self.topics.create([run.output, f"{run.group}-sessions-changelog"], self.partitions)
            outputs = [run.output]
        else:
            self._apply(run)
            outputs = self.topics.of_prefix(f"{run.output}.")
            self.topics.keep(outputs)
        self.topics.await_leaders(outputs)
        return Child(program.argv(run), self.folder / "logs" / f"{unique}.log"), outputs

    def _apply(self, run: Run) -> None:
        """The job's topics as the product makes them."""
        subprocess.run(
            [
                str(OWN / "itemstream"), "topics", "apply", "--yes", "--partitions", str(self.partitions),
                "--replication-factor", "1", "--bootstrap-servers", run.servers, "--prefix", run.output,
                "--group", run.group, "--input-topic", run.input,
            ],
            check=True, capture_output=True,
        )  # fmt: skip

    def clean(self, child: Child, outputs: Sequence[str]) -> None:
        """End the program; its topics go, so that the disk does not fill."""
        child.stop()
        unique = outputs[0].split(".")[0].removeprefix("out-")
        rest = self.topics.of_prefix(f"group-{unique}")
        self.topics.delete([*outputs, *rest])

    def await_first(self, child: Child, outputs: Sequence[str], meanwhile: Callable[[], None] = lambda: None) -> None:
        """Until something comes out; `meanwhile` is called again and again. Raises RunFailed where nothing does."""
        deadline = time.monotonic() + START_SECONDS
        while not self.topics.visible(outputs):
            child.check()
            if time.monotonic() > deadline:
                raise RunFailed(f"nothing came out in {START_SECONDS:.0f} s ({child.log})")
            meanwhile()
            time.sleep(POLL_SECONDS)

    def close(self) -> None:
        """Before the broker goes: the clients would complain of it."""
        self.topics.close()

    def run(self, program: Program, source: str, content: Input, inputs: int, limit: float) -> dict[str, Any]:
        """One run, until all is out or `limit` seconds after the first output; its figures. Raises RunFailed."""
        child, outputs = self.start(program, source, content.job)
        try:
            samples = self._watch(child, outputs, content.outputs, limit)
            peak = processes.peak_mib(child.pid)
            child.stop()
            counted, visible = self.topics.count(outputs), self.topics.visible(outputs)
        finally:
            self.clean(child, outputs)
        part = window(samples)
        if part is None:
            raise RunFailed("all came out at once: give it more records")
        records = input_records(part, counted, visible, inputs, content.outputs)
        if not records:
            raise RunFailed("nothing came out between the first look and the last: give it more records")
        return {
            "program": program.name,
            "input": content.name,
            "rate": records / part.seconds,
            "seconds": part.seconds,
            "cpu_us": 1e6 * (part.last.cpu - part.first.cpu) / records,
            "broker_cpu_us": 1e6 * (part.last.broker_cpu - part.first.broker_cpu) / records,
            "peak_mib": peak,
            "counted": counted,
            "expected": content.outputs,
            "complete": samples[-1].visible >= content.outputs,
        }

    def _watch(self, child: Child, outputs: Sequence[str], expected: int, limit: float) -> list[Sample]:
        partitions = self.topics.partitions(outputs)
        samples: list[Sample] = []
        started = time.perf_counter()
        first = changed = None
        while True:
            child.check()
            visible = sum(self.topics.ends(partitions).values())
            now = time.perf_counter()
            broker = processes.cpu_seconds(self._broker_pid) if self._broker_pid else 0.0
            if not samples or visible != samples[-1].visible:
                changed = now
            samples.append(Sample(now, visible, processes.cpu_seconds(child.pid), broker))
            if visible and first is None:
                first = now
            if first is None and now - started > START_SECONDS:
                raise RunFailed(f"nothing came out in {START_SECONDS:.0f} s ({child.log})")
            if first is not None and now - first > limit:
                return samples
            if visible >= expected and changed is not None and now - changed > QUIET_SECONDS:
                return samples
            time.sleep(POLL_SECONDS)
