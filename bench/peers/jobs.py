"""What every program does with the records: the same two functions for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from pipeline.core import CoreSettings, Output, Partition
from topics.catalogue import CATALOGUE


class Record(NamedTuple):
    """An input record as the core wants it, for clients whose own has other names."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


def echo(value: bytes) -> bytes:
    """The pass-through: parse and write again."""
    return orjson.dumps(orjson.loads(value))


class Core:
    """The job: itemstream's core, its state in memory only (a peer keeps none of it over a restart)."""

    def __init__(self, prefix: str) -> None:
        self._settings = CoreSettings(prefix=prefix)
        self._partitions: dict[int, Partition] = {}

    def process(self, partition: int, records: Iterable[Record]) -> list[Output]:
        """What came of records of one input partition."""
        core = self._partitions.get(partition)
        if core is None:
            core = self._partitions[partition] = Partition(self._settings)
            core.restored()
        return core.process(records).outputs


def output_topics(prefix: str) -> list[str]:
    """Every topic the core writes to."""
    return [spec.full_name(prefix) for spec in CATALOGUE]
