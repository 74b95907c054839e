"""Simulated sessions as input records, and the core over them in batches, with crashes in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

import orjson

from pipeline.core import CoreSettings, Counts, Output, Partition
from pipeline.simulate import Faults, SimulatedEvent, interleave, sessions
from tests.core.events import Json, Record, restored

SETTINGS = CoreSettings()


def records_of(events: Iterable[SimulatedEvent]) -> list[Record]:
    return [
        Record(event.value, event.session_id.encode(), list(event.headers), offset, event.time_ms)
        for offset, event in enumerate(events)
    ]


def stream(seed: int, count: int, *, repeat: float = 0.0, bad: float = 0.0, bare: bool = False) -> list[Record]:
    """Records of so many sessions that go on at the same time."""
    faults = Faults(repeat, bad) if repeat or bad else None
    return records_of(interleave(sessions(seed, count, bare=bare, faults=faults)))


class Run:
    """A partition that takes batches, and may crash after any of them."""

    def __init__(self, settings: CoreSettings = SETTINGS, partition: Partition | None = None) -> None:
        self.settings = settings
        self.partition = partition or Partition(settings)
        self.outputs: list[Output] = []
        self.changelog: dict[bytes, bytes | None] = {}
        self.counts = Counts()

    def take(self, batch: Sequence[Record]) -> None:
        result = self.partition.process(batch)
        assert result.counts.consumed == len(batch)
        self.counts.add(result.counts)
        self.outputs += result.outputs
        self.changelog |= result.changes

    def crash(self, random: Random) -> None:
        """Lose the partition; what is left is the last value of each key, in an order of its own."""
        left = list(self.changelog.items())
        random.shuffle(left)
        # Deletions go in the end; the tombstones of some are still there.
        left = [(key, value) for key, value in left if value is not None or random.random() < 0.5]
        self.partition = restored(left, self.settings)

    def end(self) -> list[Output]:
        result = self.partition.end()
        self.outputs += result.outputs
        self.changelog |= result.changes
        return self.outputs


def batches(records: Sequence[Record], cuts: Iterable[int]) -> list[Sequence[Record]]:
    """The records cut at these places."""
    places = sorted({cut % (len(records) + 1) for cut in cuts} | {0, len(records)})
    return [records[start:end] for start, end in pairwise(places)]


def whole(records: Sequence[Record]) -> Run:
    run = Run()
    run.take(records)
    run.end()
    return run


def by_session(outputs: Iterable[Output]) -> dict[bytes | None, list[Output]]:
    out: dict[bytes | None, list[Output]] = {}
    for output in outputs:
        out.setdefault(output.key, []).append(output)
    return out


def without_source(outputs: Iterable[Output]) -> list[Json]:
    """Records in order, less the source, which names an offset, and what was rejected."""
    records: list[Json] = [orjson.loads(output.value or b"") for output in outputs if "rejected" not in output.topic]
    for record in records:
        del record["source"]
    return records
