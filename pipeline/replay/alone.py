"""A job that one process does alone: out of files, or into files."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

from pipeline.core import Output
from pipeline.rejected.read import reader
from pipeline.replay.again import OnRead
from pipeline.replay.bounded import Pace
from pipeline.replay.core import Summary
from pipeline.replay.job import ENDED, Job
from pipeline.replay.jobs import job_settings
from pipeline.replay.run import OnProgress, Progress
from pipeline.replay.sinks import FileSink, Sink, TopicSink
from pipeline.replay.store import Jobs
from pipeline.replay.streams import Stream, TopicStream, file_streams
from pipeline.replay.targets import forget_state, input_partitions
from pipeline.settings import Settings
from topics.admin import connect

WRITE_AT_ONCE = 1_000
"""Outputs, at least, of one write, where so many follow each other."""

FINISHED = "finished"


async def run_alone(settings: Settings, job: Job, stop: asyncio.Event, on_progress: OnProgress) -> Job:
    """Do a job until it is done, or `stop` is set; returns it as it then stands.

    Streams that are finished stand in the job's record. The one that a killed process was at is read again from its
    beginning: what it had written is dropped, as many outputs as the sink holds.
    """
    if job.state in ENDED:
        return job
    jobs = Jobs(settings)
    async with AsyncExitStack() as stack:
        sink = await _sink(settings, job)
        stack.push_async_callback(sink.close)
        await sink.start()
        if job.files:
            streams = file_streams(job)
        else:
            consumer = await stack.enter_async_context(reader(settings))
            streams = [TopicStream(consumer, job, window) for window in job.active]
        done, pace = 0, Pace(job.max_rate)

        def on_read(count: int) -> None:
            nonlocal done
            done += count
            on_progress(Progress(job, done, job.size))

        for stream in streams:
            finished: list[str] = job.report.get(FINISHED, [])
            if stream.name in finished:
                continue
            if not await _write_all(stream, sink, pace, on_read, stop):
                return job
            if (now := await jobs.find(job.id)).state in ENDED:
                await _forget(settings, now)
                return now
            await sink.finish(stream)
            total = job.result or Summary()
            total.add(stream.summary)
            job = replace(job, result=total, report={**job.report, FINISHED: [*finished, stream.name]})
            await jobs.put(job)
    job = replace(job, report={name: told for name, told in job.report.items() if name != FINISHED})
    job = job.end("done", result=job.result or Summary())
    await jobs.put(job)
    await _forget(settings, job)
    return job


async def _forget(settings: Settings, job: Job) -> None:
    if job.kind == "topics":
        async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
            await forget_state(admin, job.own_group)


async def _write_all(stream: Stream, sink: Sink, pace: Pace, on_read: OnRead, stop: asyncio.Event) -> bool:
    """Write what is missing of a stream; False where it was stopped."""
    there = await sink.written(stream)
    waiting: list[Output] = []
    async with aclosing(stream.outputs(pace, on_read)) as batches:
        async for outputs in batches:
            if there:
                dropped = min(there, len(outputs))
                there -= dropped
                outputs = outputs[dropped:]
            waiting += outputs
            if len(waiting) >= WRITE_AT_ONCE:
                await sink.write(stream, waiting)
                waiting = []
            if stop.is_set():
                break
    if waiting:
        await sink.write(stream, waiting)
    return not stop.is_set()


async def _sink(settings: Settings, job: Job) -> Sink:
    if job.kind == "files":
        return FileSink(job)
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        partitions = await input_partitions(admin, job_settings(settings, job))
    return TopicSink(settings, job, partitions)
