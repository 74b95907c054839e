"""`itemstream simulate`: realistic sessions, seeded, into Kafka or a file, and the ledger of what must come of them."""

import asyncio
import logging
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli.options import with_settings
from pipeline.cli.simulate_provider import provider
from pipeline.errors import ItemstreamError, UsageError
from pipeline.ledger import Expected, ledger_lines
from pipeline.settings import Settings
from pipeline.simulate import DIALECTS, SCENARIOS, Faults
from pipeline.simulate.export import Exporter
from pipeline.simulate.playing import Load, Played, play
from pipeline.simulate.producer import KafkaWriter

KAFKA = "kafka"
DEFAULT_SESSIONS = 100


@with_settings("bootstrap_servers", "input_topic")
def simulate(
    settings: Settings,
    context: typer.Context,
    sessions: Annotated[int | None, typer.Option(min=1, help=f"How many. Default: {DEFAULT_SESSIONS}.")] = None,
    rate: Annotated[float | None, typer.Option(min=0.1, help="Events a second. Default: as fast as it goes.")] = None,
    duration: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds; sessions begun by then are played to their end.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same sessions.")] = 1,
    ledger: Annotated[Path | None, typer.Option(help="File for what must come out, a JSON line a record.")] = None,
    dialect: Annotated[
        list[str] | None, typer.Option(help=f"One of {', '.join(DIALECTS)}; may be repeated. Default: all.")
    ] = None,
    scenario: Annotated[
        list[str] | None, typer.Option(help="Every session is these turns, in this order. Default: a mixture.")
    ] = None,
    to: Annotated[str, typer.Option("--to", "--out", metavar="kafka|FILE|-", help="Where the events go.")] = KAFKA,
    start_time: Annotated[
        str | None, typer.Option(help="RFC 3339 time of the first session. Default: fixed; for Kafka, about now.")
    ] = None,
    bare: Annotated[bool, typer.Option("--bare", help="Without CloudEvents headers.")] = False,
    repeat_ratio: Annotated[
        float, typer.Option(min=0, max=1, help="Share of events at which something is delivered again.")
    ] = 0.0,
    bad_ratio: Annotated[float, typer.Option(min=0, max=1, help="Broken records per event.")] = 0.0,
) -> None:
    """Play simulated sessions of all providers into Kafka, a file or standard output."""
    if context.invoked_subcommand is not None:
        return
    _check_names("--dialect", dialect or (), DIALECTS)
    _check_names("--scenario", scenario or (), SCENARIOS)
    for name in dialect or DIALECTS:
        for one in scenario or ():
            feature = SCENARIOS[one].feature
            if feature is not None and feature not in DIALECTS[name].features:
                raise UsageError(f"the dialect {name} has no {one}; leave out one of them, or name other --dialect")
    load = Load(
        seed=seed,
        count=DEFAULT_SESSIONS if sessions is None and duration is None else sessions,
        rate=rate,
        seconds=duration,
        dialects=tuple(dialect or ()),
        scenarios=tuple(scenario or ()),
        bare=bare,
        faults=Faults(repeat_ratio, bad_ratio),
    )
    load = _starting(load, start_time, live=to == KAFKA)
    expected = _Ledger(ledger)
    try:
        played = asyncio.run(_play(load, to, settings, expected))
    except KeyboardInterrupt:
        raise ItemstreamError("stopped before the end; the ledger has only the sessions that were over") from None
    finally:
        expected.close()
    target = settings.input_topic if to == KAFKA else "standard output" if to == "-" else to
    print(
        f"{played.events:,} events of {played.sessions:,} sessions to {target} in {played.seconds:.1f} s "
        f"({played.rate:,.0f} events/s)" + (f", ledger of {expected.count:,} records: {ledger}" if ledger else ""),
        file=sys.stderr,
    )


async def _play(load: Load, to: str, settings: Settings, expected: "_Ledger") -> Played:
    if to != KAFKA:
        exporter = Exporter(to)
        try:
            return await play(load, exporter, expected.add)
        finally:
            await exporter.close()
    # What matters of it comes as an error of ours.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    writer = KafkaWriter(settings.bootstrap_servers, settings.input_topic, settings.connection())
    began = time.monotonic()
    try:
        await writer.start()
        began = time.monotonic()
        played = await play(load, writer, expected.add)
    finally:
        await writer.close()
    # Sent is what Kafka has acknowledged.
    return Played(played.events, played.sessions, time.monotonic() - began)


def _starting(load: Load, start_time: str | None, *, live: bool) -> Load:
    """The load with the time of its first session."""
    if start_time is not None:
        try:
            moment = datetime.fromisoformat(start_time)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise UsageError(f"--start-time {start_time} is not an RFC 3339 time such as 2026-01-31T12:00:00Z")
        return replace(load, start_ms=int(moment.timestamp() * 1000))
    if not live:
        return load
    now = int(time.time() * 1000)
    # Kafka refuses times too far ahead: what is sent faster than it would happen ends now, not begins.
    return replace(load, start_ms=now if load.rate is not None else now - load.span_ms - 60_000)


def _check_names(flag: str, given: Sequence[str], known: Iterable[str]) -> None:
    names = list(known)
    for name in given:
        if name not in names:
            raise UsageError(f"{flag} {name} does not exist; there are {', '.join(names)}")


class _Ledger:
    """The ledger file, written as sessions end; nothing without a path."""

    def __init__(self, path: Path | None) -> None:
        self.count = 0
        try:
            self._file = path.open("wb") if path else None
        except OSError as error:
            raise ItemstreamError(f"cannot write the ledger {path}: {error.strerror}; name another file") from error

    def add(self, expected: Sequence[Expected]) -> None:
        self.count += len(expected)
        if self._file is not None:
            self._file.write(ledger_lines(expected))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


app = typer.Typer(context_settings={"help_option_names": ["-h", "--help"]})
app.callback(invoke_without_command=True)(simulate)
app.command("provider")(provider)
