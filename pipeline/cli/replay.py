"""`itemstream replay`: the past through the core again, and the jobs that do it."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer

from pipeline.cli.moments import moment_ms
from pipeline.cli.options import with_settings
from pipeline.cli.replay_difference import show_difference
from pipeline.cli.replay_view import job_data, print_job, print_jobs, print_result, shown
from pipeline.cli.starting import start_logs
from pipeline.errors import UsageError
from pipeline.replay.job import ENDED, Job
from pipeline.replay.jobs import Order
from pipeline.replay.run import cancel, progress
from pipeline.replay.selection import Selection, parse_offsets
from pipeline.replay.store import Jobs
from pipeline.replay.targets import members
from pipeline.replay.work import make, work_on
from pipeline.settings import Settings
from pipeline.worker.process import run_until_signalled
from topics.admin import connect

app = typer.Typer(invoke_without_command=True)

OPTIONS = ("bootstrap_servers", "prefix", "group", "input_topic", "log_level", "log_format")
STOPPED = 1

JobId = Annotated[str, typer.Argument(metavar="JOB", help="The job's id, or its beginning.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.callback()
@with_settings(*OPTIONS, "session_idle", "session_retention", "max_event_bytes", "max_items_per_session")
def replay(
    settings: Settings,
    context: typer.Context,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only events from then on: 10m, 2h, 3d, or a time.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only events before then.")] = None,
    offsets: Annotated[
        list[str] | None,
        typer.Option("--offsets", metavar="P:FIRST-LAST", help="Only these offsets of a partition; may be repeated."),
    ] = None,
    partition: Annotated[
        list[int] | None, typer.Option("--partition", min=0, help="Only this partition; may be repeated.")
    ] = None,
    session: Annotated[list[str] | None, typer.Option("--session", help="Only this session; may be repeated.")] = None,
    event_type: Annotated[
        list[str] | None,
        typer.Option("--event-type", help="Only what events of this type bring out; may be repeated."),
    ] = None,
    to_prefix: Annotated[
        str | None, typer.Option("--to-prefix", metavar="TEXT", help="Write to topics with this prefix.")
    ] = None,
    to_suffix: Annotated[
        str | None, typer.Option("--to-suffix", metavar="TEXT", help="The same, the prefix in force and this.")
    ] = None,
    to_dir: Annotated[
        Path | None, typer.Option("--to-dir", metavar="FOLDER", help="Write JSON lines into this folder.")
    ] = None,
    in_place: Annotated[
        bool,
        typer.Option("--in-place", help="Write to the live topics: what differs, as a next revision, cause replayed."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --in-place: do not ask.")] = False,
    source: Annotated[
        list[Path] | None,
        typer.Option(
            "--from",
            metavar="PATH",
            help="Read this in place of the input topic: what `export` wrote, or recordings; may be repeated.",
        ),
    ] = None,
    append: Annotated[bool, typer.Option("--append", help="Also where these topics hold records already.")] = False,
    max_rate: Annotated[
        float | None, typer.Option("--max-rate", min=1, help="Events a second and process, at most.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; show the difference to what the output topics hold.")
    ] = False,
    show: Annotated[bool, typer.Option("--show", help="With --dry-run: every difference, after the summary.")] = False,
    as_json: AsJson = False,
) -> int:
    """Run events of the past through the core again. Sessions are read from where they began."""
    if context.invoked_subcommand is not None:
        return 0
    selection = _selection(since, until, offsets or (), partition or (), session or (), event_type or ())
    targets = [target for target in (to_prefix, to_suffix, to_dir) if target is not None]
    if len(targets) > 1:
        raise UsageError("--to-prefix, --to-suffix and --to-dir exclude each other")
    if show and not dry_run:
        raise UsageError("--show is for --dry-run")
    files = tuple(str(path.resolve()) for path in source or ())
    if dry_run:
        if files or targets:
            raise UsageError("--dry-run compares the input topic with the output topics: leave --from and --to-… out")
        order = Order(kind="in-place", to=settings.prefix, selection=selection, max_rate=max_rate)
        return show_difference(settings, order, details=show, as_json=as_json)
    if in_place:
        if targets:
            raise UsageError("--in-place writes to the live topics: leave --to-… out")
        _confirm(settings.prefix, yes)
        order = Order(kind="in-place", to=settings.prefix, selection=selection, files=files, max_rate=max_rate)
        return _work(settings, order, as_json)
    if not targets:
        raise UsageError("where to? --to-prefix, --to-suffix, --to-dir or --in-place; --dry-run shows the difference")
    order = Order(
        kind="topics" if to_dir is None else "files",
        to=str(to_dir.resolve()) if to_dir is not None else to_prefix or f"{settings.prefix}{to_suffix}",
        selection=selection,
        files=files,
        max_rate=max_rate,
        append=append,
    )
    return _work(settings, order, as_json)


@app.command("resume")
@with_settings(*OPTIONS)
def resume_command(settings: Settings, job: JobId, as_json: AsJson = False) -> int:
    """Go on with a job that was stopped or killed, or help one that runs: partitions are shared."""
    return _work(settings, job, as_json)


@app.command("join")
@with_settings(*OPTIONS)
def join_command(settings: Settings, job: JobId, as_json: AsJson = False) -> int:
    """The same as resume, from another process or machine."""
    return _work(settings, job, as_json)


@app.command("list")
@with_settings("bootstrap_servers", "prefix")
def list_command(settings: Settings, as_json: AsJson = False) -> None:
    """Every job of this prefix, oldest first."""
    jobs = asyncio.run(Jobs(settings).all())
    if as_json:
        for job in jobs:
            print(orjson.dumps(job_data(job)).decode())
    else:
        print_jobs(jobs)


@app.command("status")
@with_settings("bootstrap_servers", "prefix")
def status_command(settings: Settings, job: JobId, as_json: AsJson = False) -> None:
    """How a job stands, and what came of it."""
    asyncio.run(_status(settings, job, as_json))


@app.command("cancel")
@with_settings("bootstrap_servers", "prefix", "session_timeout_ms")
def cancel_command(settings: Settings, job: JobId) -> None:
    """End a job for good. What it has written stays."""
    ended = asyncio.run(_cancel(settings, job))
    print(f"job {ended.id} is cancelled; what it wrote to {ended.to} stays")


async def _status(settings: Settings, job_id: str, as_json: bool) -> None:
    job = await Jobs(settings).find(job_id)
    how_far = processes = None
    if job.state not in ENDED and job.shared:
        how_far = await progress(settings, job)
        async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
            processes = await members(admin, job.own_group)
    if as_json:
        print(orjson.dumps(job_data(job, how_far, processes), option=orjson.OPT_INDENT_2).decode())
    else:
        print_job(job, how_far, processes)


async def _cancel(settings: Settings, job_id: str) -> Job:
    job = await Jobs(settings).find(job_id)
    return await cancel(settings, job, settings.session_timeout_ms / 1000 + 5)


def _confirm(prefix: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"--in-place writes to {prefix}.…: see the difference with --dry-run, then say --yes")
    typer.confirm(f"Write new revisions to {prefix}.…, which its subscribers will read?", abort=True)


def _work(settings: Settings, order: Order | str, as_json: bool) -> int:
    """Make a job, or find it, and work on it until it is done or a signal comes."""
    start_logs(settings)

    async def work(stop: asyncio.Event) -> Job:
        if isinstance(order, str):
            job = await Jobs(settings).find(order)
        else:
            planned = await make(settings, order)
            job = planned.job
            for note in planned.notes:
                print(note, file=sys.stderr)
            what = ", ".join(job.files) or f"{job.size:,} events from {len(job.active)} partitions"
            print(f"job {job.id}: {what}", file=sys.stderr)
        with shown(job) as on_progress:
            return await work_on(settings, job, stop, on_progress)

    job: Job = run_until_signalled(work)
    if as_json:
        print(orjson.dumps(job_data(job), option=orjson.OPT_INDENT_2).decode())
    elif job.state == "running":
        print(f"job {job.id} is not done; go on with: itemstream replay resume {job.id}", file=sys.stderr)
    else:
        print(f"job {job.id}: {job.state}, written to {job.to}")
        print_result(job)
    return 0 if job.state == "done" else STOPPED


def _selection(
    since: str | None,
    until: str | None,
    offsets: Sequence[str],
    partitions: Sequence[int],
    sessions: Sequence[str],
    event_types: Sequence[str],
) -> Selection:
    return Selection(
        since_ms=None if since is None else moment_ms(since, "--since"),
        until_ms=None if until is None else moment_ms(until, "--until"),
        partitions=frozenset(partitions),
        offsets=parse_offsets(offsets),
        sessions=frozenset(sessions),
        event_types=frozenset(event_types),
    )
