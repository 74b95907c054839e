"""How `itemstream replay` shows a job: a bar on a terminal, plain lines elsewhere; data for `--json`."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from pipeline.core.event import rfc3339
from pipeline.replay.job import Job
from pipeline.replay.run import OnProgress, Progress

PLAIN_SECONDS = 5.0


def shown(job: Job) -> AbstractContextManager[OnProgress]:
    """Shows how far a job is on standard error while it is open."""
    return shown_as(f"replay {job.id}")


@contextmanager
def shown_as(name: str) -> Generator[OnProgress]:
    """Shows progress under a name."""
    if not sys.stderr.isatty():
        yield _plain(name)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(name, total=None, rate="")
        rate = _Rate()

        def tell(progress: Progress) -> None:
            speed = rate.of(progress.done)
            bar.update(
                task, total=progress.size or None, completed=progress.done, rate=f"{speed:,.0f}/s" if speed else ""
            )

        yield tell


def _plain(name: str) -> OnProgress:
    rate = _Rate()
    last = time.monotonic()

    def told(progress: Progress) -> None:
        nonlocal last
        speed = rate.of(progress.done)
        if time.monotonic() - last < PLAIN_SECONDS:
            return
        last = time.monotonic()
        left = f", {(progress.size - progress.done) / speed:,.0f} s left" if speed and progress.size else ""
        of = f" of {progress.size:,} events ({_percent(progress)} %)" if progress.size else " events"
        print(f"{name}: {progress.done:,}{of}, {speed:,.0f}/s{left}", file=sys.stderr, flush=True)

    return told


class _Rate:
    """Events a second since the first look."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def of(self, done: int) -> float:
        now = time.monotonic()
        if self._first is None:
            self._first = now, done
        since, first = self._first
        return (done - first) / (now - since) if now > since else 0.0


def _percent(progress: Progress) -> int:
    return 100 * progress.done // progress.size if progress.size else 100


def job_data(job: Job, progress: Progress | None = None, processes: int | None = None) -> dict[str, Any]:
    """A job for `--json`."""
    told: dict[str, Any] = orjson.loads(job.encoded())
    del told["core"]
    told["size"], told["sessions_without_beginning"] = job.size, job.lost
    if progress is not None:
        told["done"] = progress.done
    if processes is not None:
        told["processes"] = processes
    return told


def print_jobs(jobs: Iterable[Job]) -> None:
    """One line a job."""
    for job in jobs:
        cells = (job.id, job.state, job.kind, job.to, rfc3339(job.made_ms), job.by, f"{job.size:,} events")
        print("\t".join(cells))


def print_job(job: Job, progress: Progress | None = None, processes: int | None = None) -> None:
    """All there is to tell of a job."""
    print(f"job {job.id}: {_state(job, processes)}")
    print(f"  started {rfc3339(job.made_ms)} by {job.by}, itemstream {job.version}")
    source = ", ".join(job.files) or job.input_topic
    size = "" if job.files else f", {job.size:,} events"
    print(f"  from {source}{size}, to {job.kind} {job.to}")
    if progress is not None:
        print(f"  {progress.done:,} of {progress.size:,} events done ({_percent(progress)} %)")
    if job.ended:
        print(f"  ended {job.ended}")
    print_result(job)


def print_result(job: Job) -> None:
    """What came of a job, and which sessions are not whole."""
    result = job.result
    if result is not None:
        counts = result.counts
        rejected = sum(counts.rejected.values())
        print(
            f"  {counts.consumed:,} events: {counts.used:,} used, {counts.ignored:,} ignored, {rejected:,} rejected; "
            f"{sum(result.outputs.values()):,} records written"
        )
        for topic, number in sorted(result.outputs.items()):
            print(f"    {number:>12,} {topic}")
    for why, number in job.report.get("left_alone", {}).items():
        print(f"  left alone: {number:,} {why}")
    print_lost(job)


def print_lost(job: Job, most: int = 10) -> None:
    """Sessions whose beginning the topic does not hold any more."""
    lost = [(session, window.partition, offset) for window in job.windows for session, offset in window.lost.items()]
    if lost:
        print(
            f"  {len(lost):,} sessions began before what the topic still holds: their records may lack what came "
            "earlier, and their numbers begin at 1"
        )
    for session, partition, offset in lost[:most]:
        print(f"    {session} (first event there: partition {partition}, offset {offset})")
    if len(lost) > most:
        print(f"    … and {len(lost) - most:,} more: itemstream replay status {job.id} --json")


def _state(job: Job, processes: int | None) -> str:
    if job.state != "running" or processes is None:
        return job.state
    if processes:
        return f"running, {processes} process{'es' if processes > 1 else ''}"
    return f"stopped; go on with: itemstream replay resume {job.id}"
