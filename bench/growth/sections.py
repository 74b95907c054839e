"""What is measured, a function a section: each gives rows, which are kept as JSON and become a table and a plot."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bench.growth import compaction
from bench.growth.deployment import Deployment
from bench.growth.speed import Sample, speed
from bench.growth.traffic import again, mix, opened, turns, with_items
from bench.inputs import Event
from bench.programs import OWN
from pipeline.kafka import EmbeddedKafka

Row = dict[str, Any]
Tell = Callable[[str], None]

ROOT = Path(__file__).parents[2]
PROCESSES = (1, 2, 4)
PARTITIONS = (1, 4, 16, 64)
SESSIONS = (100, 1_000, 10_000, 100_000)
ITEMS = (10, 100, 1_000, 10_000)
STATES = (100, 1_000, 10_000)
USUAL_PARTITIONS = 4
COPIES = 2
"""Of the mix, so that each of many partitions has several batches: a rate is taken between commits."""
REST_SECONDS = 16
"""Until a worker without traffic has let its sessions sleep (5 s) and given memory back (10 s)."""
WARM_UP_EVENTS = 100_000
ITEM_SESSIONS = 4


@dataclass(frozen=True)
class Run:
    """What a section gets. events: how many are measured at each size."""

    kafka: EmbeddedKafka
    events: int
    tell: Tell

    def deployment(self, partitions: int, source: str | None = None) -> Deployment:
        assert self.kafka.pid is not None
        return Deployment(self.kafka.bootstrap_servers, self.kafka.pid, partitions, source)


def processes(run: Run) -> Iterable[Row]:
    """The mix in 16 partitions, read by 1, 2 and 4 processes, each time by a new group."""
    events = mix(run.events)
    first = run.deployment(16)
    records = first.topics.fill(first.input, first.partitions, again(events, COPIES))
    for count in PROCESSES:
        place = run.deployment(16, source=first.input)
        yield _row(run, place, count, count, records)


def partitions(run: Run) -> Iterable[Row]:
    """The mix in 1 to 64 partitions, one process."""
    events = mix(run.events)
    for count in PARTITIONS:
        place = run.deployment(count)
        records = place.topics.fill(place.input, count, again(events, COPIES))
        yield _row(run, place, count, 1, records)
        place.delete()


def sessions(run: Run) -> Iterable[Row]:
    """Turns in so many open sessions, each with 2 items behind it; the same in the core alone."""
    for count in SESSIONS:
        yield _grown(run, count, opened(count, briefly=True), count) | {"core_us": _core("sessions", count)["us"]}


def items(run: Run) -> Iterable[Row]:
    """Turns in four sessions that have so many items each; the same in the core alone."""
    for count in ITEMS:
        row = _grown(run, count, with_items(ITEM_SESSIONS, count), ITEM_SESSIONS)
        yield row | {"core_us": _core("items", count)["us"]}


def state(run: Run) -> Iterable[Row]:
    """Whole simulated conversations (3 turns, 8 items on average): memory while they run and after a restart."""
    for count in STATES:
        yield _grown(run, count, opened(count, scenarios=()), count, rest=REST_SECONDS)


def changelog(run: Run) -> Iterable[Row]:
    """What a restart reads after sessions have come and gone, by the settings of the changelog."""
    for row in compaction.measure(run.kafka.bootstrap_servers):
        run.tell(f"{row['settings']}: {row['read']:,} of {row['written']:,} records read in {row['seconds']:.2f} s")
        yield row


def warm_up(run: Run) -> None:
    """A fresh broker is slow until Java has compiled what it runs: the first size would pay for it."""
    place = run.deployment(USUAL_PARTITIONS)
    place.topics.fill(place.input, place.partitions, mix(WARM_UP_EVENTS))
    with place.worker() as worker:
        worker.drain()
    place.delete()


SECTIONS: dict[str, Callable[[Run], Iterable[Row]]] = {
    "processes": processes,
    "partitions": partitions,
    "sessions": sessions,
    "items": items,
    "state": state,
    "changelog": changelog,
}


def _row(run: Run, place: Deployment, size: int, processes: int, records: int) -> Row:
    with place.worker(processes) as worker:
        samples = worker.drain()
        memory = worker.rss_mib()
    return _told(run, {"size": size, "events": records, "rss_mib": memory, **_figures(samples, 0, records)})


def _grown(run: Run, size: int, opening: Iterable[Event], sessions: int, rest: float = 0) -> Row:
    """Bring the state to its size; stop; write turns; start again, which restores it, and measure the turns.

    rest: seconds without traffic before the memory is looked at.
    """
    place = run.deployment(USUAL_PARTITIONS)
    before = place.topics.fill(place.input, place.partitions, opening)
    with place.worker() as worker:
        worker.drain()
        most = worker.peak_mib()
        time.sleep(rest)
        running = worker.rss_mib()
    with place.worker() as worker:
        restored = worker.restored()
        after_restore = worker.rss_mib()
    count = place.topics.fill(place.input, place.partitions, turns(run.events, sessions))
    with place.worker() as worker:
        samples = worker.drain()
        memory = worker.rss_mib()
    place.delete()
    row: Row = {
        "size": size,
        "opening_events": before,
        "events": count,
        "rss_most_mib": most,
        "rss_running_mib": running,
        "rss_restored_mib": after_restore,
        "rss_mib": memory,
        "restored_records": restored["restored_records"],
        "restore_seconds": restored["restore_seconds"],
    }
    return _told(run, row | _figures(samples, before, count))


def _figures(samples: list[Sample], before: int, records: int) -> Row:
    found = speed(samples, before, records)
    return {"rate": found.rate, "worker_us": found.worker_us, "broker_us": found.broker_us}


def _core(kind: str, size: int) -> Row:
    """Of the core alone, in the product's own environment and in a process of its own."""
    command = [str(OWN / "python"), "-m", "bench.growth.core_cost", kind, str(size)]
    return orjson.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)


def _told(run: Run, row: Row) -> Row:
    told = f"{row['size']:>9,}: {row['rate']:,.0f} events/s, {row['worker_us']:.1f} µs CPU an event"
    if "restore_seconds" in row:
        told += f", restored {row['restored_records']:,} records in {row['restore_seconds']:.2f} s"
        told += f", {row['rss_restored_mib']:.0f} MiB; at most {row['rss_most_mib']:.0f} MiB before"
    run.tell(told)
    return row
