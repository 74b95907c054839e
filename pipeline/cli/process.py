"""`itemstream process`: what the worker would make of recorded events, without Kafka."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from pipeline.cli.options import with_settings
from pipeline.errors import ItemstreamError, UsageError
from pipeline.recorded import output_line, read_lines, run
from pipeline.settings import Settings
from topics.catalogue import REJECTED

STDIN = "-"


@with_settings("prefix", "max_event_bytes", "max_output_bytes", "max_items_per_session")
def process(
    settings: Settings,
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="Recorded events, a JSON object a line; - is standard input.")
    ] = STDIN,
    session_id: Annotated[
        str | None,
        typer.Option(help="Session of the events before the first session.created. Default: the file's name."),
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="Provider of all events, as header ce_provider tells it.")
    ] = None,
    start_time: Annotated[
        str | None,
        typer.Option(help="RFC 3339 time of events that carry none. Default: 1970-01-01T00:00:00Z."),
    ] = None,
) -> None:
    """Run the core over recorded events and print what comes out, a JSON line a record, without Kafka.

    A line is an event, or {"direction", "event"} (what was sent is skipped), or a line of an export.
    """
    if start_time is not None:
        check_time(start_time)
    name = "stdin" if file == STDIN else Path(file).stem
    rejected = REJECTED.full_name(settings.prefix)
    with _opened(file) as lines:
        records = read_lines(lines, name, session_id or name, provider, start_time)
        for output in run(records, settings.core_settings()):
            sys.stdout.buffer.write(output_line(output, rejected))
    sys.stdout.flush()


@contextmanager
def _opened(file: str) -> Generator[BinaryIO]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as lines:
            yield lines
    except OSError as error:
        raise ItemstreamError(f"cannot read {file}: {error.strerror}") from error


def check_time(time: str) -> None:
    """Raises UsageError where the option `--start-time` is no RFC 3339 time."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(f"--start-time {time} is not an RFC 3339 time such as 2026-01-31T12:00:00Z")
