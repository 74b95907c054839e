"""`itemstream rejected list|show|redrive`: what could not be used, what is wrong with it, and sending it again.

It reads the worker's rejected topic; with `--topic`, the dead letters of a subscriber.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import orjson
import typer
from pydantic import BaseModel

from pipeline.cli.moments import moment_ms
from pipeline.cli.options import with_settings
from pipeline.cli.rejected_view import (
    pointer_data,
    preview_data,
    print_counts,
    print_preview,
    print_record,
    print_report,
    print_rows,
)
from pipeline.errors import ItemstreamError, UsageError
from pipeline.rejected.exported import full, read_fixes, summary
from pipeline.rejected.markers import Marker, read_markers
from pipeline.rejected.pointing import point_at
from pipeline.rejected.preview import preview
from pipeline.rejected.read import read_rejected, reader
from pipeline.rejected.record import Place, Rejected
from pipeline.rejected.redrive import Order, Report, missing
from pipeline.rejected.redrive import redrive as redrive_all
from pipeline.rejected.revive import Fix
from pipeline.rejected.selection import Selection
from pipeline.rejected.targets import open_targets
from pipeline.settings import Settings
from topics.catalogue import CATALOGUE, REJECTED

app = typer.Typer(no_args_is_help=True)

OPTIONS = ("bootstrap_servers", "prefix")
Found = tuple[Rejected, Marker | None]

Topic = Annotated[
    str | None, typer.Option("--topic", help="Dead letters of a subscriber. Default: the worker's PREFIX.rejected.")
]
Reasons = Annotated[
    list[str] | None, typer.Option("--reason", help="Only this reason, such as not_json; may be repeated.")
]
Since = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="Only events from then on: 10m, 2h, 3d, or a time.")
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only events before then.")]
Session = Annotated[str | None, typer.Option("--session", help="Only this session.")]
AsJson = Annotated[bool, typer.Option("--json", help="A JSON object a line.")]
Places = Annotated[
    list[str] | None, typer.Argument(metavar="[RECORD]...", help="PARTITION:OFFSET or TOPIC-PARTITION-OFFSET.")
]


@app.command("list")
@with_settings(*OPTIONS)
def list_command(
    settings: Settings,
    topic: Topic = None,
    reason: Reasons = None,
    since: Since = None,
    until: Until = None,
    session: Session = None,
    pending: Annotated[bool, typer.Option("--pending", help="Only what was not redriven.")] = False,
    counts: Annotated[bool, typer.Option("--counts", help="Only how many there are of each reason.")] = False,
    as_json: AsJson = False,
    full_lines: Annotated[
        bool, typer.Option("--full", help="With --json: the whole records, to edit and give to redrive --from.")
    ] = False,
) -> None:
    """What was rejected, and how often for which reason. Times are those of the events."""
    if full_lines and not as_json:
        raise UsageError("--full is for --json; `rejected show` shows a whole record")
    name = topic or REJECTED.full_name(settings.prefix)
    selection = _selection((), name, reason, since, until, session)
    if counts or as_json:
        found = asyncio.run(_print_lines(settings, name, selection, pending, counts, full_lines))
        if counts:
            print(orjson.dumps(dict(found.most_common())).decode()) if as_json else print_counts(found)
        return
    found = print_rows(asyncio.run(_collect(settings, name, selection, pending)))
    # Beside the table for people, out of the way of a pipe.
    told = ", ".join(f"{count:,} {why}" for why, count in found.most_common())
    print(f"{found.total():,} records" + (f": {told}" if told else ""), file=sys.stderr)


@app.command("show")
@with_settings(*OPTIONS)
def show_command(
    settings: Settings,
    record: Annotated[str, typer.Argument(help="PARTITION:OFFSET or TOPIC-PARTITION-OFFSET, as `list` shows it.")],
    topic: Topic = None,
    as_json: AsJson = False,
) -> None:
    """One record: why it was rejected, with the part that is wrong pointed at."""
    name = topic or REJECTED.full_name(settings.prefix)
    place = Place.parse(record, name)
    found = asyncio.run(_collect(settings, name, Selection(places=frozenset({place})), pending=False))
    if not found:
        raise ItemstreamError(f"there is no record {place}; `itemstream rejected list` shows what there is")
    ((rejected, marker),) = found
    pointer = point_at(rejected, None if rejected.by_worker else _model_of(rejected, settings.prefix))
    if as_json:
        line = orjson.loads(full(rejected, marker)) | {"at": pointer_data(pointer)}
        print(orjson.dumps(line, option=orjson.OPT_INDENT_2).decode())
    else:
        print_record(rejected, marker, pointer)


@app.command("redrive")
@with_settings(*OPTIONS, "group", "input_topic")
def redrive_command(
    settings: Settings,
    records: Places = None,
    topic: Topic = None,
    reason: Reasons = None,
    since: Since = None,
    until: Until = None,
    session: Session = None,
    everything: Annotated[bool, typer.Option("--all", help="Every record, where nothing else selects.")] = False,
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="The records in this file, with the values it gives them."),
    ] = None,
    rate: Annotated[float | None, typer.Option("--rate", min=0.1, help="Records a second, at most.")] = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was redriven before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would come out now; write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: a JSON object a line.")] = False,
) -> int:
    """Send records again to where they came from, each once; what was redriven before is left alone.

    Stopped or killed, it goes on where it was when the same command is given again.
    """
    name = topic or REJECTED.full_name(settings.prefix)
    selection = _selection(records or (), name, reason, since, until, session)
    fixes = {} if file is None else _read_file(file, name)
    if file is not None:
        if selection.places or everything:
            raise UsageError("--from names its records itself: leave the others out of the file, or out of the command")
        selection = replace(selection, places=frozenset(fixes))
        if not fixes:
            raise ItemstreamError(f"{file} names no records")
    if selection.is_everything and not everything:
        raise UsageError("which records? Name them, select with --reason, --since, --until or --session, or say --all")
    if as_json and not dry_run:
        raise UsageError("--json is for --dry-run")
    order = Order(name, selection, fixes, again, rate)
    report = asyncio.run(_preview(settings, order, as_json) if dry_run else _redrive(settings, order))
    report.refused += [(place, "there is no such record") for place in missing(order, report)]
    print_report(report, dry_run=dry_run)
    return 1 if report.refused else 0


async def _redrive(settings: Settings, order: Order) -> Report:
    shown = sys.stderr.isatty()

    def progress(report: Report) -> None:
        if shown:
            print(f"\r{report.redriven:,} redriven", end="", file=sys.stderr, flush=True)

    try:
        return await redrive_all(settings, order, progress)
    finally:
        if shown:
            print(end="\r", file=sys.stderr)


async def _preview(settings: Settings, order: Order, as_json: bool) -> Report:
    report = Report()
    async for previewed in preview(settings, order, report):
        if as_json:
            print(orjson.dumps(preview_data(previewed)).decode())
        else:
            print_preview(previewed)
    return report


async def _print_lines(
    settings: Settings, topic: str, selection: Selection, pending: bool, only_counts: bool, whole: bool
) -> Counter[str]:
    counts: Counter[str] = Counter()
    async for rejected, marker in _found(settings, topic, selection, pending):
        counts[rejected.reason] += 1
        if not only_counts:
            line = full(rejected, marker) if whole else orjson.dumps(summary(rejected, marker)) + b"\n"
            sys.stdout.buffer.write(line)
    sys.stdout.flush()
    return counts


async def _collect(settings: Settings, topic: str, selection: Selection, pending: bool) -> list[Found]:
    return [found async for found in _found(settings, topic, selection, pending)]


async def _found(settings: Settings, topic: str, selection: Selection, pending: bool) -> AsyncIterator[Found]:
    """The records meant, with their markers."""
    targets = await open_targets(settings, topic)
    async with reader(settings) as records, reader(settings) as markers:
        for partition in selection.partitions(targets.partitions):
            redriven = await read_markers(markers, topic, partition) if targets.has_markers else {}
            async for rejected in read_rejected(records, topic, [partition], selection):
                marker = redriven.get(rejected.place)
                if marker is None or not pending:
                    yield rejected, marker


def _selection(
    records: Sequence[str],
    topic: str,
    reason: Sequence[str] | None,
    since: str | None,
    until: str | None,
    session: str | None,
) -> Selection:
    return Selection(
        reasons=frozenset(reason or ()),
        since_ms=None if since is None else moment_ms(since, "--since"),
        until_ms=None if until is None else moment_ms(until, "--until"),
        session=session,
        places=frozenset(Place.parse(record, topic) for record in records),
    )


def _read_file(file: Path, topic: str) -> dict[Place, Fix]:
    try:
        with file.open("rb") as lines:
            return read_fixes(lines, str(file), topic)
    except OSError as error:
        raise ItemstreamError(f"cannot read {file}: {error.strerror}") from error


def _model_of(rejected: Rejected, prefix: str) -> type[BaseModel] | None:
    """The model of the records of the topic a subscriber read."""
    origin = rejected.origin
    models = {spec.full_name(prefix): spec.model for spec in CATALOGUE}
    return None if origin is None else models.get(origin.place.topic)
