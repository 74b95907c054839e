"""Checks outputs as they come, in memory that does not grow: what the core makes of the input, topic by topic."""

from __future__ import annotations

import time
from collections import Counter, defaultdict, deque
from typing import Any

from pipeline.core import CoreSettings, Output, Partition
from tests.faults.harness.verdict import identity

EXAMPLES = 10


class LiveCheck:
    """Exactly once: the records of a topic's partition must be those of a run without faults, byte for byte, in order.

    `due` takes input records, `came` output records, each partition's in order. What does not match is told from its
    identity: a record that came before is a duplicate, one that comes later means that those before it are lost.
    """

    def __init__(self, core: CoreSettings, input_topic: str) -> None:
        self._core = core
        self._input = input_topic
        self._partitions: dict[int, Partition] = {}
        self._due: defaultdict[tuple[str, int], deque[Output]] = defaultdict(deque)
        self._came: defaultdict[tuple[str, int], deque[Any]] = defaultdict(deque)
        self.input_records = 0
        self.records = 0
        self.wrong: Counter[str] = Counter()
        self.examples: list[str] = []

    @property
    def waiting(self) -> int:
        """Outputs that are due and have not come, as far as is known by now."""
        return sum(len(due) for due in self._due.values())

    def take(self, record: Any) -> None:
        """An input or output record."""
        place = (record.topic, record.partition)
        if record.topic == self._input:
            self.input_records += 1
            partition = self._partitions.get(record.partition)
            if partition is None:
                partition = self._partitions[record.partition] = Partition(self._core)
                partition.restored()
            for output in partition.process([record], time.time_ns() // 1_000_000).outputs:
                self._due[output.topic, record.partition].append(output)
                self._match((output.topic, record.partition))
        else:
            self.records += 1
            self._came[place].append(record)
            self._match(place)

    def end(self) -> dict[str, int]:
        """All has been read: what is wrong, by kind."""
        for due in self._due.values():
            for output in due:
                self._note("lost", output)
        for came in self._came.values():
            for record in came:
                self._note("unexpected", record)
        return {name: self.wrong[name] for name in ("lost", "duplicates", "different", "unexpected")}

    def _match(self, place: tuple[str, int]) -> None:
        due, came = self._due[place], self._came[place]
        while due and came:
            wanted, record = due[0], came[0]
            if (
                wanted.value == record.value
                and wanted.key == record.key
                and list(wanted.headers) == list(record.headers)
            ):
                due.popleft()
                came.popleft()
            elif identity(wanted) == identity(record):
                self._note("different", due.popleft())
                came.popleft()
            elif any(identity(record) == identity(later) for later in due):
                self._note("lost", due.popleft())
            else:
                # Not due now or later (so far): it came before, for what is due follows the input in order.
                self._note("duplicates", came.popleft())

    def _note(self, what: str, record: Any) -> None:
        self.wrong[what] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(f"{what}: {identity(record)}")


def _parts(record: Any) -> tuple[Any, ...]:
    return record.value, record.key, record.timestamp, list(record.headers)
