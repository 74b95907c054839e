"""One process's part in a job that writes topics: as many processes as there are partitions can share it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import orjson
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from pipeline.errors import ItemstreamError
from pipeline.rejected.read import Reader, reader
from pipeline.replay.bounded import BoundedStream, batch_limit
from pipeline.replay.core import SUMMARY_KEY, ReplayCore, Summary
from pipeline.replay.job import ENDED, Job
from pipeline.replay.jobs import job_settings
from pipeline.replay.reading import batches, ends
from pipeline.replay.store import Jobs
from pipeline.replay.targets import committed, forget_state
from pipeline.settings import Settings
from pipeline.streaming import StreamConfig
from pipeline.streaming.fault_points import FaultHook, no_fault
from pipeline.worker.limits import batches_within
from pipeline.worker.preflight import preflight
from pipeline.worker.stream_config import stream_config
from topics.admin import AdminClient, connect
from topics.catalogue import changelog_topic

POLL_SECONDS = 0.5
NEVER = 1e9
_TAIL = 1_000
"""Offsets before the end of a job's state among which its summary is: it is the last but one record of every commit."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is, all processes together."""

    job: Job
    done: int
    """Offsets read and committed."""
    size: int


OnProgress = Callable[[Progress], None]


async def run(
    settings: Settings,
    job: Job,
    stop: asyncio.Event,
    on_progress: OnProgress = lambda _: None,
    fault: FaultHook = no_fault,
) -> Job:
    """Work on a job until all of it is done, it is cancelled, or `stop` is set; returns it as it then stands.

    A job is done where the group's committed offset has come to the end of every window. Killed at any point, it is
    gone on with by whoever calls this next, or does so now: each partition has one transactional producer, whose start
    ends what a former owner left open; outputs, state, summary and offset are one transaction.
    """
    jobs = Jobs(settings)
    own = job_settings(settings, job)
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        if job.state not in ENDED and job.active and not await _all_done(admin, job):
            config = await _config(own, job)
            windows = {window.partition: window for window in job.active}
            stream = BoundedStream(
                config,
                lambda number: _core(job, number),
                windows,
                job.max_rate,
                fault,
            )
            await _run_stream(stream, admin, job, jobs, stop, on_progress)
        return await _ended(settings, admin, jobs, job)


async def _run_stream(
    stream: BoundedStream, admin: AdminClient, job: Job, jobs: Jobs, stop: asyncio.Event, on_progress: OnProgress
) -> None:
    running = asyncio.create_task(stream.run())
    stopped = asyncio.create_task(stop.wait())
    try:
        async with jobs.watched(job) as watch:
            while not running.done():
                await asyncio.wait({running, stopped}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                if stop.is_set():
                    break
                # Kafka may be away for a moment: that is the stream's to judge.
                with contextlib.suppress(KafkaError, TimeoutError, OSError):
                    offsets = await committed(admin, job.own_group)
                    on_progress(Progress(job, _done(job, offsets), job.size))
                    if _is_done(job, offsets) or (await watch.look()).state in ENDED:
                        break
    finally:
        stopped.cancel()
        stream.stop()
        await running


async def _ended(settings: Settings, admin: AdminClient, jobs: Jobs, job: Job) -> Job:
    """Write down that the job is done, where it is; its state goes with the last process."""
    now = await jobs.find(job.id)
    if now.state == "running" and (not job.active or await _all_done(admin, job)):
        result = await summary(settings, job)
        now = now.end("done", result=result)
        await jobs.put(now)
    if now.state in ENDED:
        await forget_state(admin, job.own_group)
    return now


async def progress(settings: Settings, job: Job) -> Progress:
    """How far the job is now."""
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        return Progress(job, _done(job, await committed(admin, job.own_group)), job.size)


async def summary(settings: Settings, job: Job) -> Summary:
    """What the job has committed so far, over all partitions."""
    total = Summary()
    topic = changelog_topic(job.own_group)
    async with reader(settings) as consumer:
        for window in job.active:
            found = await _summary_of(consumer, topic, window.partition)
            if found is not None:
                total.add(found)
    return total


async def _summary_of(consumer: Reader, topic: str, partition: int) -> Summary | None:
    there = await ends(consumer, topic, range(partition, partition + 1))
    begin, end = there[partition]
    for start in (max(begin, end - _TAIL), begin):
        found: bytes | None = None
        async for records in batches(consumer, TopicPartition(topic, partition), start, end):
            for record in records:
                if record.key == SUMMARY_KEY:
                    found = record.value
        if found is not None:
            return Summary.from_json(orjson.loads(found))
    return None


def _core(job: Job, number: int) -> ReplayCore:
    window = job.windows[number]
    return ReplayCore(job.core, window, window.wanted(job.selection), job.made_ms, job.erased)


async def _config(own: Settings, job: Job) -> StreamConfig:
    config = batches_within(stream_config(own), await preflight(own))
    return replace(
        config,
        max_batch_records=batch_limit(job.max_rate, config.max_batch_records),
        # Time passes by the job's plan, not by the wall's clock.
        idle_check_seconds=NEVER,
    )


async def _all_done(admin: AdminClient, job: Job) -> bool:
    return _is_done(job, await committed(admin, job.own_group))


def _is_done(job: Job, offsets: dict[int, int]) -> bool:
    return all(offsets.get(window.partition, 0) >= window.end for window in job.active)


def _done(job: Job, offsets: dict[int, int]) -> int:
    return sum(min(max(offsets.get(window.partition, 0) - window.read_from, 0), window.size) for window in job.active)


async def cancel(settings: Settings, job: Job, seconds: float) -> Job:
    """End a job for good; processes that work on it stop by themselves. What it has written stays.

    Waits so many seconds for them, and then deletes the job's state. A job that one process does alone hears of it when
    a stream, or a partition, is at its end. Raises ItemstreamError where the job had ended.
    """
    jobs = Jobs(settings)
    if job.state in ENDED:
        raise ItemstreamError(f"job {job.id} is {job.state} already")
    job = job.end("cancelled")
    await jobs.put(job)
    if job.shared:
        async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
            await forget_state(admin, job.own_group, seconds)
    return job
