"""Making a job: its plan, its topics, its record."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.erasure.erased import read_erased
from pipeline.errors import ItemstreamError, UsageError
from pipeline.rejected.read import reader
from pipeline.replay.job import Job, Kind, job_group, new_id, whoami
from pipeline.replay.plan import Planner
from pipeline.replay.selection import EVERYTHING, Selection
from pipeline.replay.store import Jobs
from pipeline.replay.streams import file_streams
from pipeline.replay.targets import count_offsets, input_partitions, make_topics, seed
from pipeline.replay.window import Window
from pipeline.settings import Settings
from pipeline.worker.limits import within
from pipeline.worker.preflight import preflight
from topics.admin import connect, deployment, read_state


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for."""

    kind: Kind
    to: str
    """The prefix of the topics to write to, or a folder."""
    selection: Selection = EVERYTHING
    files: tuple[str, ...] = ()
    max_rate: float | None = None
    by: str = ""
    """Who asks; empty: whoever runs this process."""
    append: bool = False
    """Also where the topics to write to hold records already."""


@dataclass(slots=True)
class Planned:
    """Windows, and what the user should know of them."""

    job: Job
    notes: list[str] = field(default_factory=list[str])


async def plan(settings: Settings, order: Order, until: Mapping[int, int] | None = None) -> Planned:
    """The job that an order makes now; nothing is written. until: offsets before which all windows end."""
    now_ms = time.time_ns() // 1_000_000
    notes: list[str] = []
    windows: list[Window] = []
    if not order.files:
        async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
            partitions = range(await input_partitions(admin, settings))
        retention_ms = round(settings.session_retention * 1000)
        async with reader(settings) as consumer:
            planner = Planner(consumer, settings.input_topic, partitions, retention_ms, now_ms, notes)
            windows = await planner.windows(order.selection, await known_prefix(settings), until)
    prefix = order.to if order.kind == "topics" else settings.prefix
    job = Job(
        id=new_id(),
        kind=order.kind,
        to=order.to,
        prefix=settings.prefix,
        group=settings.group,
        input_topic=settings.input_topic,
        files=order.files,
        selection=order.selection,
        windows=tuple(windows),
        core=settings.model_copy(update={"prefix": prefix}).core_settings(),
        made_ms=now_ms,
        erased=tuple(sorted(await read_erased(settings))),
        by=order.by or whoami(),
        max_rate=order.max_rate,
    )
    return Planned(job, notes)


async def create(settings: Settings, order: Order) -> Planned:
    """Make a job that writes to side topics or files: what it needs and its record are there when this returns.

    Raises ItemstreamError where the topics to write to can't be had, or hold records that nobody agreed to add to.
    A kill -9 in here leaves topics, at most, and no job.
    """
    if order.kind == "topics" and order.to == settings.prefix:
        raise UsageError(f"{order.to} is the prefix of the live topics: choose another, or say --in-place")
    planned = await plan(settings, order)
    job = planned.job
    if job.files:
        file_streams(job)  # raises where there is nothing to read
    jobs = Jobs(settings)
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        await jobs.make(admin)
    if order.kind == "files":
        _check_folder(Path(order.to))
    else:
        job = await _make_side_topics(settings, order, job)
    await jobs.put(job)
    return Planned(job, planned.notes)


async def _make_side_topics(settings: Settings, order: Order, job: Job) -> Job:
    """The topics of a job, and where its state begins; returns the job with what the topics can take."""
    own = job_settings(settings, job)
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        await make_topics(admin, own)
        partitions = await input_partitions(admin, own)
    limits = await preflight(own)
    if not order.append:
        topics = deployment(own.prefix, own.group, own.input_topic)
        async with reader(settings) as consumer:
            if there := await count_offsets(consumer, topics, partitions):
                raise ItemstreamError(
                    f"the topics {own.prefix}.… hold records already ({there} offsets): choose another prefix, or say "
                    "--append"
                )
    await seed(settings, own.group, job.windows)
    return replace(job, core=within(job.core, limits, own.group))


def _check_folder(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ItemstreamError(f"{folder} is not empty: name another with --to-dir")


def job_settings(settings: Settings, job: Job) -> Settings:
    """The settings of a worker that did the job: its prefix and group, the rest as it is here."""
    return settings.model_copy(
        update={
            "prefix": job.to,
            "group": job_group(job.group, job.id),
            "input_topic": job.input_topic,
            "delivery": "exactly-once",
            "rebuild_state": False,
        }
    )


async def known_prefix(settings: Settings) -> str | None:
    """The prefix of the live topics, where all of them are there."""
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        outputs = [
            topic
            for topic in deployment(settings.prefix, settings.group, settings.input_topic)
            if topic.role == "output"
        ]
        state = await read_state(admin, outputs)
    return settings.prefix if len(state.topics) == len(outputs) else None
