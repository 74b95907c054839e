"""How `tail` prints: conversations in colours on a terminal, plain lines into a pipe, JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from rich.console import Console
from rich.text import Text

from pipeline.core import Output
from pipeline.core.event import rfc3339
from pipeline.recorded import output_line
from pipeline.rejected.record import rejected_record
from pipeline.tail.lines import Record, item_line, pace_line, printable
from topics import Received
from topics.catalogue import REJECTED

Show = Callable[[Received[Any]], None]


def printer(prefix: str, *, as_json: bool) -> Show:
    """What prints a record to standard output, at once: a pipe's reader waits for lines and not for full buffers."""
    rejected_topic = REJECTED.full_name(prefix)
    if as_json:
        return lambda received: _json(received, rejected_topic)
    console = Console(highlight=False, soft_wrap=True)
    show = _on_terminal(console) if console.is_terminal else _plain
    return lambda received: show(received, _line(received, rejected_topic))


def _json(received: Received[Any], rejected_topic: str) -> None:
    """As `itemstream process` writes it."""
    raw = received.raw
    output = Output(raw.topic, raw.key, raw.value, list(raw.headers), raw.timestamp)
    sys.stdout.buffer.write(output_line(output, rejected_topic))
    sys.stdout.buffer.flush()


def _line(received: Received[Any], rejected_topic: str) -> tuple[str | None, Text]:
    """The session, and what the record says. Words are cut on no terminal: they wrap."""
    if received.topic == rejected_topic:
        rejected = rejected_record(_Read(received))
        told = f"{rejected.reason}: {rejected.message} ({rejected.place.partition}:{rejected.place.offset})"
        return rejected.session_id, Text.assemble((f"{'rejected':>10}  ", "bold red"), (printable(told), "red"))
    record: Record = orjson.loads(received.value or b"null")
    return record["session_id"], pace_line(record) if "usage_raw" in record else item_line(record, None)


def _on_terminal(console: Console) -> Callable[[Received[Any], tuple[str | None, Text]], None]:
    """Sessions come mixed: a heading where another one speaks."""
    last: list[str | None] = []

    def show(received: Received[Any], told: tuple[str | None, Text]) -> None:
        session, line = told
        if last != [session]:
            last[:] = [session]
            console.print(Text(f"\n── {_name(session)} ──", "bold"))
        time = datetime.fromtimestamp(max(received.timestamp_ms, 0) / 1000, UTC).astimezone()
        console.print(Text.assemble((f"{time:%H:%M:%S} ", "dim"), line))

    return show


def _plain(received: Received[Any], told: tuple[str | None, Text]) -> None:
    session, line = told
    print(rfc3339(max(received.timestamp_ms, 0)), _name(session), line.plain, sep="\t", flush=True)


def _name(session: str | None) -> str:
    return "no session" if session is None else printable(session)


class _Read:
    """A received record as an input record."""

    def __init__(self, received: Received[Any]) -> None:
        raw = received.raw
        self.topic, self.partition, self.offset = raw.topic, raw.partition, raw.offset
        self.timestamp, self.timestamp_type = raw.timestamp, raw.timestamp_type
        self.key, self.value, self.headers = raw.key, raw.value, raw.headers
