"""`itemstream ingest file`: recorded events into the input topic."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.options import with_settings
from pipeline.cli.process import check_time
from pipeline.errors import UsageError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.ingest.file import Order, Report


@with_settings("bootstrap_servers", "input_topic", "ingest_redact", "max_event_bytes")
def file(
    settings: Settings,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE…", help="Recorded events, a JSON object a line, as `process` reads them."),
    ],
    session_id: Annotated[
        str | None,
        typer.Option(help="Session of the events before the first session.created. Default: the file's name."),
    ] = None,
    provider: Annotated[str | None, typer.Option(help="Provider of all events.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant of all events.")] = None,
    start_time: Annotated[
        str | None,
        typer.Option(help="RFC 3339 time of events that carry none. Default: when the file was last changed."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--as", metavar="NAME", help="What the file is known by. Default: its first event.")
    ] = None,
) -> int:
    """Write recorded events to the input topic, with session, sequence and time, each once.

    Stopped or killed at any point, the same command goes on. A file that has grown is added to; one that is in Kafka
    already changes nothing, wherever it is now.
    """
    from pipeline.ingest.file import Order
    from pipeline.worker.process import run_until_signalled

    if start_time is not None:
        check_time(start_time)
    if name is not None and len(files) > 1:
        raise UsageError("--as names one file; give one FILE")
    for path in files:
        order = Order(path, session_id, provider, tenant, start_time, name)
        if run_until_signalled(lambda stop: _ingest(settings, order, stop)):  # noqa: B023 - called at once
            print("itemstream: stopped before the end; the same command goes on from here", file=sys.stderr)
            return 1
    return 0


async def _ingest(settings: Settings, order: "Order", stop: asyncio.Event) -> bool:
    from pipeline.export.progress import shown
    from pipeline.ingest.file import ingest_file

    with shown(order.path.name) as tell:
        report = await ingest_file(settings, order, tell, stop)
    _tell(order.path, settings.input_topic, report)
    return stop.is_set()


def _tell(path: Path, topic: str, report: "Report") -> None:
    before = f"; its first {report.before:,} lines were there before" if report.before else ""
    left_out = "".join(f"; {count:,} left out: {reason}" for reason, count in sorted(report.refused.items()))
    print(f"{report.events:,} events of {path} to {topic} in {report.seconds:.1f} s{before}{left_out}", file=sys.stderr)
