"""Replay jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from pipeline.console.api.console import Here
from pipeline.console.api.guard import Operator, Viewers, WithCsrf
from pipeline.console.models import Differences, Job, Jobs, ReplayRequest

router = APIRouter(prefix="/api/replays", tags=["replays"], dependencies=[Viewers])

JobId = Annotated[str, Path(max_length=100)]


@router.get("")
async def replays(console: Here) -> Jobs:
    """Every job, newest first."""
    return Jobs(jobs=await console.replays.all())


@router.post("", status_code=201, dependencies=[WithCsrf])
async def start_replay(console: Here, caller: Operator, wanted: ReplayRequest) -> Job:
    """Run the past through the core again: into topics of its own, or only to see what would change."""
    async with console.audit.recorded(caller.name, "replay", wanted.model_dump(exclude_none=True)) as details:
        job = await console.replays.start(wanted, caller.name)
        details["job"] = job.id
        return job


@router.get("/{job_id}")
async def replay(console: Here, job_id: JobId) -> Job:
    """How a job stands."""
    return await console.replays.find(job_id)


@router.get("/{job_id}/difference")
async def difference(console: Here, job_id: JobId) -> Differences:
    """What a job of kind `difference` has found."""
    return await console.replays.difference(job_id)


@router.post("/{job_id}/resume", dependencies=[WithCsrf])
async def resume(console: Here, caller: Operator, job_id: JobId) -> Job:
    """Go on with a job that nobody works on."""
    async with console.audit.recorded(caller.name, "replay resume", {"job": job_id}):
        return await console.replays.resume(job_id)


@router.post("/{job_id}/cancel", dependencies=[WithCsrf])
async def cancel(console: Here, caller: Operator, job_id: JobId) -> Job:
    """End a job for good; what it has written stays."""
    async with console.audit.recorded(caller.name, "replay cancel", {"job": job_id}):
        return await console.replays.cancel(job_id)
