"""`itemstream import`: what `itemstream export` wrote, back into a topic."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import with_settings
from pipeline.export.importing import Report, import_exported
from pipeline.export.names import SHORT, named
from pipeline.export.progress import shown
from pipeline.settings import Settings
from pipeline.worker.process import run_until_signalled


@with_settings("bootstrap_servers", "prefix", "input_topic")
def import_command(
    settings: Settings,
    path: Annotated[Path, typer.Argument(metavar="FOLDER|FILE", help="What `itemstream export` wrote.")],
    to: Annotated[
        str, typer.Option("--to", metavar="TOPIC", help=f"{', '.join(SHORT)}, or any topic's full name; it must exist.")
    ],
    same_topic: Annotated[
        bool, typer.Option("--same-topic", help="Also into the topic the records came from, where it has lost them.")
    ] = False,
) -> int:
    """Write exported records to a topic: partition, key, value, headers and timestamp of each as they were.

    Stopped or killed at any point, the same command goes on: each record is there once for readers of committed
    records. Run again after a further export to the folder, it adds what has come.
    """
    topic = named(settings, to).topic
    report, stopped = run_until_signalled(lambda stop: _import(settings, path, topic, stop, same_topic=same_topic))
    before = "; what an earlier run had imported was left out" if report.resumed else ""
    print(
        f"{report.records:,} records of {report.topic} to {topic} in {report.seconds:.1f} s "
        f"({report.records / max(report.seconds, 0.001):,.0f} records/s){before}",
        file=sys.stderr,
    )
    if report.too_old:
        print(
            f"itemstream: some are older than {topic} keeps records: Kafka will delete them, raise its retention.ms",
            file=sys.stderr,
        )
    if stopped:
        print("itemstream: stopped before the end; the same command goes on from here", file=sys.stderr)
    return 1 if stopped else 0


async def _import(
    settings: Settings, path: Path, topic: str, stop: asyncio.Event, *, same_topic: bool
) -> tuple[Report, bool]:
    with shown(topic) as tell:
        report = await import_exported(settings, path, topic, tell, stop, same_topic=same_topic)
    return report, stop.is_set()
