"""A replay that writes nothing: what would come out, beside what is there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from pipeline.errors import ItemstreamError
from pipeline.rejected.read import reader
from pipeline.replay.bounded import Pace
from pipeline.replay.comparison import Difference
from pipeline.replay.difference import Tally, compare
from pipeline.replay.job import Job
from pipeline.replay.jobs import Order, known_prefix, plan
from pipeline.replay.run import OnProgress, Progress
from pipeline.replay.targets import committed
from pipeline.settings import Settings
from pipeline.worker.limits import within
from pipeline.worker.preflight import PreflightError, preflight
from topics.admin import connect

OnDifference = Callable[[Difference], None]


@dataclass(frozen=True, slots=True)
class Compared:
    """What a dry run found."""

    job: Job
    tally: Tally
    notes: list[str]
    finished: bool


async def plan_beside_worker(settings: Settings, order: Order, *, needed: bool = False) -> tuple[Job, list[str]]:
    """A job over what the worker has processed so far: what it has not is no difference, it is still to come.

    Where no worker of the group ever was, all of the input counts; `needed`: nothing of it.
    """
    if await known_prefix(settings) is None:
        raise ItemstreamError(
            f"topics of {settings.prefix}.… are missing, so that there is nothing to compare with: name their "
            "--prefix, or replay into topics of their own with --to-prefix"
        )
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        offsets = await committed(admin, settings.group)
    planned = await plan(settings, order, offsets if offsets or needed else None)
    try:
        limits = await preflight(settings)
    except PreflightError:
        limits = {}  # no right to write, which a dry run does not need
    job = replace(planned.job, core=within(planned.job.core, limits, settings.group))
    if not offsets and not needed:
        planned.notes.append(f"group {settings.group} has processed nothing: all of the input is compared")
    return job, planned.notes


async def dry_run(
    settings: Settings, order: Order, stop: asyncio.Event, on_progress: OnProgress, on_difference: OnDifference
) -> Compared:
    """Compare all that an order means; nothing is written."""
    job, notes = await plan_beside_worker(settings, order)
    tally, done, pace = Tally(), 0, Pace(order.max_rate)

    def on_read(offsets: int) -> None:
        nonlocal done
        done += offsets
        on_progress(Progress(job, done, job.size))

    async with reader(settings) as consumer:
        for window in job.active:
            async with aclosing(compare(consumer, job, window, tally, pace, on_read)) as found:
                async for _, difference in found:
                    on_difference(difference)
                    if stop.is_set():
                        return Compared(job, tally, notes, finished=False)
            if stop.is_set():
                return Compared(job, tally, notes, finished=False)
    return Compared(job, tally, notes, finished=True)
