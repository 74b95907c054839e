"""The core alone at a size: CPU microseconds an event and memory. `python -m bench.growth.core_cost sessions 1000`.

A process of its own for every size, so that memory is that size's. Prints one JSON object.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import islice

import orjson

from bench.core import Record
from bench.growth.memory import rss_mib
from bench.growth.traffic import opened, turns, with_items
from bench.inputs import Event
from pipeline.core import CoreSettings, Partition
from pipeline.worker.process import GC_THRESHOLDS

BATCH = 500
EVENTS = 30_000
ROUNDS = 3
ITEM_SESSIONS = 4


def cost(kind: str, size: int, events: int = EVENTS) -> dict[str, float]:
    """CPU microseconds an event (best of the rounds) and resident memory that the opening took, in MiB."""
    # As a worker does it.
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sessions = size if kind == "sessions" else ITEM_SESSIONS
    opening = opened(size, briefly=True) if kind == "sessions" else with_items(ITEM_SESSIONS, size)
    core = Partition(CoreSettings())
    before = rss_mib()
    offset = 0
    while batch := _records(islice(opening, BATCH), offset):
        core.process(batch)
        offset += len(batch)
    memory = rss_mib() - before
    rounds: list[float] = []
    for number in range(ROUNDS):
        measured = _records(turns(events, sessions, first=(number + 1) << 24), offset)
        offset += len(measured)
        rounds.append(_cpu_seconds(core, measured) / len(measured) * 1e6)
    assert core.size().open == sessions, "no session may have gone idle"
    return {"size": size, "us": min(rounds), "opening_events": offset, "rss_mib": memory, "sessions": sessions}


def _cpu_seconds(core: Partition, records: Sequence[Record]) -> float:
    began = time.process_time()
    for start in range(0, len(records), BATCH):
        core.process(records[start : start + BATCH])
    return time.process_time() - began


def _records(events: Iterable[Event], offset: int) -> list[Record]:
    return [
        Record("growth", 0, number, timestamp, 0, key, value, tuple(headers))
        for number, (key, value, headers, timestamp) in enumerate(events, offset)
    ]


if __name__ == "__main__":
    sys.stdout.buffer.write(orjson.dumps(cost(sys.argv[1], int(sys.argv[2]))) + b"\n")
