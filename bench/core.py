"""Microseconds per event in the core, by event type, on a realistic mix: `make bench-core`.

Each event is processed alone and timed; what an empty batch costs is taken off. Times are this machine's; compare
within one run.
"""

from __future__ import annotations

import time
from collections import defaultdict
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from pipeline import simulate
from pipeline.core import CoreSettings, Partition
from pipeline.core.event import leading_type

SESSIONS = 300
ROUNDS = 3


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def records(bare: bool) -> list[Record]:
    """The simulated mix as input records; `bare`: without CloudEvents headers, so that the value tells the type."""
    events = simulate.interleave(simulate.sessions(1, SESSIONS, bare=bare))
    return [
        Record("bench", 0, number, event.time_ms, 0, event.session_id.encode(), event.value, tuple(event.headers))
        for number, event in enumerate(events)
    ]


def in_batches(mix: list[Record]) -> tuple[float, int]:
    """Seconds for the whole mix in batches of 500, and how many outputs it made."""
    core, outputs = Partition(CoreSettings()), 0
    began = time.perf_counter()
    for start in range(0, len(mix), 500):
        outputs += len(core.process(mix[start : start + 500]).outputs)
    return time.perf_counter() - began, outputs


def by_type(mix: list[Record]) -> dict[str, list[int]]:
    """Nanoseconds of every event, by type."""
    empty = median(_timed(Partition(CoreSettings()), []) for _ in range(1000))
    core = Partition(CoreSettings())
    times: dict[str, list[int]] = defaultdict(list)
    for record in mix:
        took = _timed(core, [record])
        times[(leading_type(record.value or b"") or b"(type not first)").decode()].append(int(took - empty))
    return times


def _timed(core: Partition, batch: list[Record]) -> int:
    began = time.perf_counter_ns()
    core.process(batch)
    return time.perf_counter_ns() - began


def main() -> None:
    """Print the tables."""
    console = Console()
    for bare in (False, True):
        mix = records(bare)
        seconds, outputs = min(in_batches(mix) for _ in range(ROUNDS))
        told = "without headers" if bare else "with CloudEvents headers"
        console.print(
            f"{len(mix):,} events {told}: {seconds / len(mix) * 1e6:.2f} µs an event, "
            f"{seconds / outputs * 1e6:.1f} µs a record ({outputs:,} records), {len(mix) / seconds:,.0f} events/s",
            highlight=False,
        )
    times = by_type(records(bare=False))
    total = sum(map(sum, times.values()))
    table = Table("event type", "events", "share of events", "µs (median)", "µs (mean)", "share of time")
    count = sum(map(len, times.values()))
    for name, took in sorted(times.items(), key=lambda entry: -sum(entry[1])):
        table.add_row(
            name,
            f"{len(took):,}",
            f"{len(took) / count:.1%}",
            f"{median(took) / 1000:.1f}",
            f"{sum(took) / len(took) / 1000:.1f}",
            f"{sum(took) / total:.1%}",
        )
    console.print(table)


if __name__ == "__main__":
    main()
