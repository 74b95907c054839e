"""Making a job, and working on it, of whatever kind."""

from __future__ import annotations

import asyncio

from pipeline.replay.alone import run_alone
from pipeline.replay.in_place import create_in_place, run_in_place
from pipeline.replay.job import Job
from pipeline.replay.jobs import Order, Planned, create
from pipeline.replay.run import OnProgress, run
from pipeline.settings import Settings


async def work_on(settings: Settings, job: Job, stop: asyncio.Event, on_progress: OnProgress = lambda _: None) -> Job:
    """Do what is left of a job, or this process's part of it; returns it as it then stands. `stop` ends it early."""
    if job.kind == "in-place":
        return await run_in_place(settings, job, stop, on_progress)
    if job.shared:
        return await run(settings, job, stop, on_progress)
    return await run_alone(settings, job, stop, on_progress)


async def make(settings: Settings, order: Order) -> Planned:
    """The job that an order asks for, of whatever kind."""
    return await (create_in_place if order.kind == "in-place" else create)(settings, order)
