"""Replay jobs: those of the topic that tells of them, each worked on by a process of its own; and dry runs."""

from __future__ import annotations

import asyncio

from pipeline.cli.moments import moment_ms
from pipeline.console.kafka.child import Child
from pipeline.console.kafka.differences import DryRun
from pipeline.console.models import Differences, Job, JobState, ReplayRequest
from pipeline.console.models.replay import ReplaySelection
from pipeline.console.services import NotFoundError, RefusedError
from pipeline.core.event import rfc3339
from pipeline.errors import UsageError
from pipeline.replay.job import ENDED, new_id
from pipeline.replay.job import Job as ReplayJob
from pipeline.replay.jobs import Order, create
from pipeline.replay.run import cancel, progress
from pipeline.replay.selection import Selection
from pipeline.replay.store import Jobs
from pipeline.replay.targets import members
from pipeline.settings import Settings
from topics.admin import connect

MOST_DRY_RUNS = 20
"""Kept; of more the oldest go."""
CANCEL_SECONDS = 10.0
"""For processes that work on a job to hear of its end."""


class KafkaReplays:
    """Implements `Replays`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._jobs = Jobs(settings)
        self._children: dict[str, Child] = {}
        self._errors: dict[str, str] = {}
        self._dry_runs: dict[str, DryRun] = {}

    async def all(self) -> list[Job]:
        """Newest first."""
        there = [await self._told(job) for job in await self._jobs.all()]
        there += [self._looked(dry_run).job() for dry_run in self._dry_runs.values()]
        return sorted(there, key=lambda job: job.started_at, reverse=True)

    async def find(self, job_id: str) -> Job:
        """How a job stands."""
        if (dry_run := self._dry_runs.get(job_id)) is not None:
            return self._looked(dry_run).job()
        return await self._told(await self._job(job_id))

    async def start(self, request: ReplayRequest, who: str) -> Job:
        """Make a job, or a dry run, and a process that does it."""
        selection = _selection(request)
        if request.kind == "difference":
            return await self._start_dry_run(selection, who)
        if not request.to_prefix:
            raise UsageError("to_prefix: name the prefix of the topics to write to")
        order = Order(kind="topics", to=request.to_prefix, selection=selection, by=f"{who} (console)")
        # It may read much of the topics; in a loop of its own that holds up nobody.
        planned = await asyncio.to_thread(asyncio.run, create(self._settings, order))
        return await self._work_on(planned.job)

    async def resume(self, job_id: str) -> Job:
        """Have a job worked on that nobody works on."""
        job = await self._job(job_id)
        state = (await self._told(job)).state
        if state != "interrupted":
            raise RefusedError(f"job {job.id} is {state}: there is nothing to go on with")
        return await self._work_on(job)

    async def cancel(self, job_id: str) -> Job:
        """End a job for good; what it has written stays."""
        if (dry_run := self._dry_runs.get(job_id)) is not None:
            if self._looked(dry_run).ended_at is not None:
                raise RefusedError(f"job {job_id} has ended already")
            dry_run.cancelled = True
            await dry_run.child.stop()
            return self._looked(dry_run).job()
        job = await self._job(job_id)
        if job.state in ENDED:
            raise RefusedError(f"job {job.id} is {job.state} already")
        if (child := self._children.get(job.id)) is not None:
            await child.stop()
        return await self._told(await cancel(self._settings, job, CANCEL_SECONDS))

    async def difference(self, job_id: str) -> Differences:
        """What a dry run has found so far."""
        if (dry_run := self._dry_runs.get(job_id)) is None:
            raise NotFoundError(f"there is no dry run {job_id}: they are gone when the console is started anew")
        return self._looked(dry_run).found()

    async def close(self) -> None:
        """End every process; jobs can be gone on with."""
        children = [*self._children.values(), *(dry_run.child for dry_run in self._dry_runs.values())]
        await asyncio.gather(*(child.stop() for child in children))

    async def _start_dry_run(self, selection: Selection, who: str) -> Job:
        child = Child(self._settings, {"selection": selection.as_json()})
        dry_run = DryRun(new_id(), who, _told_selection(selection), child)
        await child.start()
        while len(self._dry_runs) >= MOST_DRY_RUNS:
            oldest = self._dry_runs.pop(next(iter(self._dry_runs)))
            await oldest.child.stop()
        self._dry_runs[dry_run.id] = dry_run
        return dry_run.job()

    async def _work_on(self, job: ReplayJob) -> Job:
        child = Child(self._settings, {"job": job.id})
        await child.start()
        self._errors.pop(job.id, None)
        self._children[job.id] = child
        return await self._told(job)

    async def _job(self, job_id: str) -> ReplayJob:
        found = [job for job in await self._jobs.all() if job.id == job_id]
        if not found:
            raise NotFoundError(f"there is no replay job {job_id}")
        return found[0]

    async def _told(self, job: ReplayJob) -> Job:
        state: JobState = job.state
        share: float | None = 1.0 if job.state == "done" else None
        self._look_at_child(job.id)
        if job.state not in ENDED and job.shared:
            how_far = await progress(self._settings, job)
            share = how_far.done / how_far.size if how_far.size else 1.0
            if job.id not in self._children and not await self._is_worked_on(job):
                state = "interrupted"
        return Job(
            id=job.id,
            kind=job.kind,
            state=state,
            who=job.by,
            started_at=rfc3339(job.made_ms),
            ended_at=job.ended,
            selection=_told_selection(job.selection),
            target=job.to,
            events=job.size,
            outputs=sum(job.result.outputs.values()) if job.result is not None else 0,
            share=share,
            error=job.error or self._errors.get(job.id),
        )

    async def _is_worked_on(self, job: ReplayJob) -> bool:
        """By a process that somebody else started."""
        async with connect(self._settings.bootstrap_servers, **self._settings.connection()) as admin:
            return bool(await members(admin, job.own_group))

    def _look_at_child(self, job_id: str) -> None:
        child = self._children.get(job_id)
        if child is None or child.code is None:
            return
        del self._children[job_id]
        if child.code != 0:
            told = [line["error"] for line in child.lines() if "error" in line]
            self._errors[job_id] = told[-1] if told else f"its process ended with exit code {child.code}"

    def _looked(self, dry_run: DryRun) -> DryRun:
        dry_run.look()
        return dry_run


def _selection(request: ReplayRequest) -> Selection:
    since, until = (
        None if text is None else moment_ms(text, name)
        for name, text in (("since", request.since), ("until", request.until))
    )
    return Selection(
        since_ms=since,
        until_ms=until,
        sessions=frozenset(request.sessions),
        event_types=frozenset(request.event_types),
    )


def _told_selection(selection: Selection) -> ReplaySelection:
    return ReplaySelection(
        since=None if selection.since_ms is None else rfc3339(selection.since_ms),
        until=None if selection.until_ms is None else rfc3339(selection.until_ms),
        sessions=sorted(selection.sessions),
        event_types=sorted(selection.event_types),
    )
