"""The demo, step by step."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console
from rich.rule import Rule
from rich.table import Table

from pipeline.demo.load import SESSIONS, demo_load, let_time_pass, play_recorded, play_simulated, recording_of
from pipeline.demo.story import latest, tell
from pipeline.errors import ItemstreamError
from pipeline.kafka import EmbeddedKafka
from pipeline.ledger import Checker, Expected, Report
from pipeline.ledger.check import Headers
from pipeline.ledger.sources import read_topics
from pipeline.recorded import RecordedEvent
from pipeline.settings import Settings
from pipeline.stack import LocalStack
from topics.catalogue import CATALOGUE, REJECTED

READ_SECONDS = 60.0
POLL_SECONDS = 0.1


class Collector(Checker):
    """A checker that keeps the records it is given, by session."""

    def __init__(self, expected: Iterable[Expected], prefix: str) -> None:
        known = list(expected)
        super().__init__(known, prefix=prefix)
        self.simulated = {one.session_id for one in known}
        self.records: dict[str | None, list[dict[str, Any]]] = {}
        self._rejected_topic = REJECTED.full_name(prefix)

    def add(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = ()) -> None:
        """Take an output record."""
        super().add(topic, key, value, headers)
        if topic != self._rejected_topic and value is not None:
            record: dict[str, Any] = orjson.loads(value)
            self.records.setdefault(record["session_id"], []).append(record)


def demo(
    settings: Settings, console: Console, *, seed: int = 1, sessions: int = SESSIONS, recording: Path | None = None
) -> bool:
    """Run the whole main job on a broker of its own and check all that comes out; whether all of it was right."""
    began = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.1f} s[/dim]  {line}", highlight=False)

    with LocalStack(settings, EmbeddedKafka(announce=say), say=say) as stack:
        servers = stack.bootstrap_servers
        load = demo_load(seed, sessions)
        played, expected = asyncio.run(play_simulated(load, settings, servers))
        say(f"Played {played.events:,} events of {played.sessions} sessions in six dialects, some twice, some broken.")
        events: list[RecordedEvent] = []
        alone: list[dict[str, Any]] = []
        if recording is not None:
            events, outputs = recording_of(recording)
            alone = [orjson.loads(output.value or b"null") for output in outputs]
            asyncio.run(play_recorded(events, settings, servers))
            say(f"Played the recorded session {recording.name}.")
        asyncio.run(let_time_pass(settings, servers))
        _await_consumed(stack, played.events + len(events))
        say("The worker has committed all of it; reading the topics (read_committed) …")
        collector = Collector(expected, settings.prefix)
        asyncio.run(read_topics(collector, servers, settings.prefix, timeout=READ_SECONDS))
    report = collector.report()
    say("Everything has ended.")
    told_right = _tell_recorded(console, recording, collector, alone) if recording is not None else True
    _print(console, settings, collector, report)
    right = report.ok and told_right
    console.print(
        f"[bold green]Right: each of {report.expected:,} expected records came out, once.[/bold green]"
        if right
        else "[bold red]Wrong: see above.[/bold red]"
    )
    return right


def _await_consumed(stack: LocalStack, events: int) -> None:
    """Until the worker has committed as many records; the clock's come on top."""
    worker = stack.worker
    assert worker is not None
    deadline = time.monotonic() + READ_SECONDS
    while worker.counters().get("consumed", 0) < events:
        worker.check()
        if time.monotonic() > deadline:
            raise ItemstreamError(f"the worker did not get through {events:,} events in {READ_SECONDS:.0f} s")
        time.sleep(POLL_SECONDS)


def _print(console: Console, settings: Settings, collector: Collector, report: Report) -> None:
    table = Table(title="What came out", title_justify="left")
    table.add_column("topic")
    table.add_column("records", justify="right")
    table.add_column("what is on it")
    for spec in CATALOGUE:
        count = report.by_topic.get(spec.name, 0)
        table.add_row(spec.full_name(settings.prefix), f"{count:,}", spec.description)
    console.print(table)
    talk = _liveliest(collector)
    if talk:
        console.print(Rule(f"A simulated session: {talk[0]['session_id']} ({talk[0]['provider']})", align="left"))
        for line in tell(talk):
            console.print(line)
    console.print(Rule("Held against the ledger", align="left"))
    console.print(report)


def _liveliest(collector: Collector) -> list[dict[str, Any]]:
    """The session with most to see, of those that can be read at a glance."""
    nothing: list[dict[str, Any]] = []
    talks = (talk for session, talk in collector.records.items() if session in collector.simulated)
    return max((talk for talk in talks if 6 <= len(latest(talk)) <= 10), key=_life, default=nothing)


def _life(talk: list[dict[str, Any]]) -> int:
    """Kinds of items that have a topic of their own, and whether somebody spoke, was interrupted or was late."""
    items = latest(talk)
    kinds = {item["item_type"] for item in items if "call_id" in item or "server_label" in item}
    voices = [any(item.get(name) for item in items) for name in ("speech", "interrupted", "latency_ms")]
    return len(kinds) + sum(voices) + any(item["revision"] > 1 for item in items)


def _tell_recorded(console: Console, recording: Path | None, collector: Collector, alone: list[dict[str, Any]]) -> bool:
    """Print the recorded session as it came through Kafka; whether it is what the core alone makes of it."""
    session = alone[0]["session_id"]
    came = collector.records.get(session, [])
    console.print(Rule(f"A recorded session: {recording.name if recording else ''}", align="left"))
    for line in tell(came):
        console.print(line)
    ids = [record["id"] for record in came]
    right = sorted(ids) == sorted(record["id"] for record in alone)
    if not right:
        console.print(f"[bold red]{len(ids)} records came through Kafka, {len(alone)} out of the core alone[/bold red]")
    return right
