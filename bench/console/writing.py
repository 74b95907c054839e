"""CPU time of writing into the store, by the record, without Kafka and HTTP.

    python -m bench.console.writing [--batch 400] [--store postgresql://…] [--profile]

The records are those of `load.py`: thousands of sessions that go on at the same time, with responses and revisions.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bench.console.fill import PARTITIONS
from bench.console.load import SECONDS, TICKS, Lanes
from bench.console.records import PREFIX
from pipeline.console.projection.batch import BatchWriter
from pipeline.console.projection.positions import Place, Position
from pipeline.console.projection.projection import store_facts
from pipeline.console.store.store import Store, open_store
from pipeline.settings_load import load_settings
from pipeline.worker.process import GC_THRESHOLDS
from topics.fetched_records import FetchedRecord

ITEMS = 5_000
MEASURED_SECONDS = 6
"""Of the load, after all of its sessions overlap."""


def ticks(seconds: int) -> Iterator[list[FetchedRecord]]:
    """What comes in, tick after tick, in the order in which a consumer gets it."""
    lanes = Lanes(PARTITIONS, ITEMS)
    ends: Counter[Place] = Counter()
    for number in range(seconds * TICKS):
        some: list[FetchedRecord] = []
        for place, records in sorted(lanes.due(number).items()):
            for key, value in records:
                some.append(FetchedRecord(*place, ends[place], 1_780_000_000_000 + number, 0, key, value, []))
                ends[place] += 1
        yield some


def measure(store: Store, batch: int, profile: cProfile.Profile | None) -> None:
    """Write the load, the last seconds of it with a look at the clock."""
    store.prepare(store_facts(load_settings({"prefix": PREFIX})))
    writer = BatchWriter(store, PREFIX, None)
    places: dict[Place, Position] = {}
    waiting: list[FetchedRecord] = []
    records, batches, seconds = 0, 0, 0.0
    for number, some in enumerate(ticks(SECONDS + MEASURED_SECONDS)):
        waiting += some
        if len(waiting) < batch:
            continue
        before = {(one.topic, one.partition): places.get((one.topic, one.partition), Position(0)) for one in waiting}
        measured = number >= SECONDS * TICKS
        if profile is not None and measured:
            profile.enable()
        began = time.process_time()
        places.update(writer.write(waiting, before, {}).after)
        if measured:
            seconds += time.process_time() - began
            records += len(waiting)
            batches += 1
        if profile is not None:
            profile.disable()
        waiting = []
    told = f"{records:,} records in batches of {records / batches:,.0f}"
    print(f"{store.dialect.name}: {told}, CPU of this process {seconds / records * 1e6:.1f} µs a record")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=400, help="records of a transaction, at least")
    parser.add_argument("--store", help="by default a file that is deleted afterwards")
    parser.add_argument("--profile", action="store_true", help="tell where the time goes; all of it is slower then")
    options = parser.parse_args()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)  # as `itemstream console` has it
    profile = cProfile.Profile() if options.profile else None
    with tempfile.TemporaryDirectory() as folder, open_store(options.store or str(Path(folder, "store.db"))) as store:
        measure(store, options.batch, profile)
    if profile is not None:
        pstats.Stats(profile).sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main()
