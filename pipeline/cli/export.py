"""`itemstream export`: a topic to JSON lines or Parquet, from where the folder ends to where the topic ends."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.moments import moment_ms
from pipeline.cli.options import with_settings
from pipeline.errors import UsageError
from pipeline.export.layout import FORMATS
from pipeline.export.names import SHORT, named
from pipeline.export.progress import shown
from pipeline.export.run import Order, Report, export
from pipeline.export.selection import Selection
from pipeline.settings import Settings
from pipeline.worker.process import run_until_signalled

EVERY_SECONDS = 60.0


@with_settings("bootstrap_servers", "prefix", "input_topic")
def export_command(
    settings: Settings,
    topic: Annotated[str, typer.Argument(metavar="TOPIC", help=f"{', '.join(SHORT)}, or any topic's full name.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Made where it is missing; one export a folder.")],
    format: Annotated[str, typer.Option("--format", metavar="|".join(FORMATS), help="Of the files.")] = "parquet",
    since: Annotated[
        str | None,
        typer.Option("--since", metavar="TIME", help="From then on: 10m, 2h, 3d, or a time such as 2026-01-31T12:00Z."),
    ] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Up to then, and not with it.")] = None,
    partition: Annotated[list[int] | None, typer.Option("--partition", min=0, help="Only this; repeatable.")] = None,
    session: Annotated[list[str] | None, typer.Option("--session", help="Only this; repeatable.")] = None,
    latest_revision: Annotated[
        bool, typer.Option("--latest-revision", help="Of each item the latest revision alone, as of now.")
    ] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")] = False,
    every: Annotated[
        float | None,
        typer.Option("--every", min=1, help=f"Seconds of --follow a file. Default: {EVERY_SECONDS:.0f}."),
    ] = None,
    file_size: Annotated[int, typer.Option("--file-size", min=1, metavar="MB", help="Of values in a file.")] = 256,
) -> int:
    """Write a topic's committed records to files, a folder a day; run again, it goes on where the folder ends.

    Killed at any point, the same command goes on: nothing is lost and nothing is there twice.
    """
    if format not in FORMATS:
        raise UsageError(f"--format {format} does not exist; there are {', '.join(FORMATS)}")
    found = named(settings, topic)
    if latest_revision and (found.model is None or "revision" not in found.model.model_fields):
        raise UsageError(f"{found.topic} has no revisions: leave out --latest-revision")
    if follow and (latest_revision or until is not None):
        raise UsageError(f"--follow has no end, and {'--until' if until else '--latest-revision'} wants one")
    if every is not None and not follow:
        raise UsageError("--every is for --follow")
    asked = {
        "since": [since] if since else [],
        "until": [until] if until else [],
        "partition": [str(one) for one in sorted(set(partition or ()))],
        "session": sorted(set(session or ())),
        "latest-revision": [""] if latest_revision else [],
    }
    order = Order(
        topic=found.topic,
        folder=to,
        format=format,
        model=found.model,
        selection=Selection(
            since_ms=None if since is None else moment_ms(since, "--since"),
            until_ms=None if until is None else moment_ms(until, "--until"),
            partitions=tuple(sorted(set(partition))) if partition else None,
            sessions=tuple(sorted(set(session))) if session else None,
        ),
        asked={name: values for name, values in asked.items() if values},
        latest_revision=latest_revision,
        follow_seconds=(every or EVERY_SECONDS) if follow else None,
        file_bytes=file_size * 1_000_000,
    )
    return _print(order, *run_until_signalled(lambda stop: _export(settings, order, stop)))


async def _export(settings: Settings, order: Order, stop: asyncio.Event) -> tuple[Report, bool]:
    with shown(order.topic) as tell:
        report = await export(settings, order, tell, stop)
    return report, stop.is_set()


def _print(order: Order, report: Report, stopped: bool) -> int:
    for partition, first, end in report.lost:
        print(
            f"itemstream: offsets {first} to {end - 1} of {order.topic}-{partition} are missing: Kafka had deleted "
            "them (retention) before they were exported",
            file=sys.stderr,
        )
    print(
        f"{report.records:,} records of {order.topic} to {order.folder}: {report.files} files, "
        f"{report.bytes / 1e6:,.1f} MB, {report.seconds:.1f} s ({report.records / max(report.seconds, 0.001):,.0f} "
        "records/s)",
        file=sys.stderr,
    )
    if stopped and order.follow_seconds is None:
        print("itemstream: stopped before the end; the same command goes on from here", file=sys.stderr)
        return 1
    return 0
