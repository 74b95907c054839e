"""Microseconds per event in the core, on a realistic mix, on items only, and by event type: `make bench-core`.

By type each event is processed alone and timed; what an empty batch costs is taken off. `python -m bench.core --growth`
shows what an event costs in long sessions and beside many, and the memory of open sessions. Times are CPU times of this
machine; compare within one run.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

import orjson
from rich.console import Console
from rich.table import Table

from pipeline import simulate
from pipeline.core import CoreSettings, Partition
from pipeline.core.event import leading_type

SESSIONS = 300
ROUNDS = 3
BATCH = 500

ITEMS_ONLY = frozenset({b"conversation.item.added", b"conversation.item.created", b"conversation.item.done"})
"""What a stream of items and nothing else has: openings and finishes."""

LENGTHS = (10, 100, 1_000, 10_000)
OPEN = (100, 1_000, 10_000, 100_000)
IN_MEMORY = 10_000
"""Sessions of the mix whose memory is measured."""


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


def in_batches(mix: list[Record], core: Partition | None = None) -> tuple[float, int]:
    """Seconds of CPU for all of it in batches, and how many outputs it made."""
    core, outputs = core or Partition(CoreSettings()), 0
    began = time.process_time()
    for start in range(0, len(mix), BATCH):
        outputs += len(core.process(mix[start : start + BATCH]).outputs)
    return time.process_time() - began, outputs


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


def item_done(session: bytes, number: int) -> Record:
    """The end of one message of a session."""
    item = {
        "id": f"item_{number}",
        "type": "message",
        "role": "user",
        "status": "completed",
        "content": [{"type": "input_text", "text": "What did we decide about a used bicycle?"}],
    }
    event = {"type": "conversation.item.done", "event_id": f"event_{number}", "item": item}
    return Record("bench", 0, number, 1_780_000_000_000, 0, session, orjson.dumps(event), ())


def by_length() -> Iterator[tuple[int, float]]:
    """Items in a session, and the microseconds that the last of them took, each."""
    core, done, last = Partition(CoreSettings()), 0, 0.0
    for length in LENGTHS:
        batch = [item_done(b"long", number) for number in range(done, length)]
        tail = batch[-max(len(batch) // 10, 10) :]
        in_batches(batch[: -len(tail)], core)
        last, _ = in_batches(tail, core)
        done = length
        yield length, last / len(tail) * 1e6


def by_sessions() -> Iterator[tuple[int, float]]:
    """Open sessions, and the microseconds of an event of any of them."""
    core, opened = Partition(CoreSettings()), 0
    for number in OPEN:
        in_batches([item_done(b"session-%d" % one, one) for one in range(opened, number)], core)
        opened = number
        again = [item_done(b"session-%d" % (one * 7919 % number), number + one) for one in range(5_000)]
        yield number, in_batches(again, core)[0] / len(again) * 1e6


def resident_bytes() -> int:
    """Resident memory of this process (Linux)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def memory() -> tuple[int, int, int]:
    """Open sessions, bytes resident for them, items in them: the mix again and again under other session ids."""
    mix = records(bare=False)
    core = Partition(CoreSettings())
    gc.collect()
    before = resident_bytes()
    copy = 0
    while core.size().open + core.size().idle < IN_MEMORY:
        for start in range(0, len(mix), BATCH):
            core.process([_renamed(record, b"-%d" % copy) for record in mix[start : start + BATCH]])
        copy += 1
    gc.collect()
    size = resident_bytes() - before
    sessions = core.wake_all().values()
    return len(sessions), size, sum(len(session.items) for session in sessions)


def _renamed(record: Record, suffix: bytes) -> Record:
    headers = tuple(pair for pair in record.headers if pair[0] != "ce_sessionid")
    return record._replace(key=record.key + suffix, headers=headers)


def growth(console: Console) -> None:
    """Print what grows, and what must not."""
    sessions, size, items = memory()
    console.print(
        f"{sessions:,} open sessions with {items:,} items: {size / 2**20:,.0f} MiB resident, "
        f"{size / sessions / 1024:.1f} KiB a session, {size / items:,.0f} bytes an item",
        highlight=False,
    )
    table = Table("items in the session", "µs an item", title="One session: its last items")
    for length, microseconds in by_length():
        table.add_row(f"{length:,}", f"{microseconds:.1f}")
    console.print(table)
    table = Table("open sessions", "µs an item", title="Items of any of many sessions")
    for number, microseconds in by_sessions():
        table.add_row(f"{number:,}", f"{microseconds:.1f}")
    console.print(table)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Microseconds per event in the core.")
    parser.add_argument("--growth", action="store_true", help="long sessions, many sessions, memory")
    console = Console()
    if parser.parse_args().growth:
        growth(console)
        return
    for bare in (False, True):
        mix = records(bare)
        headers = "without headers" if bare else "with CloudEvents headers"
        show(console, mix, f"events {headers}")
        show(console, [record for record in mix if leading_type(record.value or b"") in ITEMS_ONLY], f"items {headers}")
    show_types(console)


def show(console: Console, mix: list[Record], told: str) -> None:
    """Print what records cost in batches."""
    seconds, outputs = min(in_batches(mix) for _ in range(ROUNDS))
    console.print(
        f"{len(mix):,} {told}: {seconds / len(mix) * 1e6:.2f} µs an event, "
        f"{seconds / outputs * 1e6:.1f} µs an output ({outputs:,} outputs), {len(mix) / seconds:,.0f} events/s",
        highlight=False,
    )


def show_types(console: Console) -> None:
    """Print what each type costs alone."""
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
