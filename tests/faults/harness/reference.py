"""What must be there: the core run over the input topic without faults, one record at a time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core import CoreSettings, Output, Partition
from pipeline.streaming.changelog import OWNER_KEY, POSITION_KEY


@dataclass(frozen=True, slots=True)
class Due:
    """An output that must come, and the input record that brings it."""

    output: Output
    offset: int


def fold(settings: CoreSettings, records: Sequence[Any]) -> tuple[Partition, list[Due]]:
    """The state after one partition's input, and all that came out on the way, in order."""
    partition = Partition(settings)
    partition.restored()
    now_ms = time.time_ns() // 1_000_000
    due: list[Due] = []
    for record in records:
        due += [Due(output, record.offset) for output in partition.process([record], now_ms).outputs]
    return partition, due


def restore(settings: CoreSettings, changelog: Sequence[Any]) -> Partition:
    """The state as a worker that takes the partition over would find it."""
    partition = Partition(settings)
    for record in changelog:
        if record.key not in (POSITION_KEY, OWNER_KEY):
            partition.restore(record.key, record.value)
    partition.restored()
    return partition


def state_of(partition: Partition) -> dict[str, Any]:
    """All of a partition's state as plain values, to compare."""
    return {
        session.name: {
            "cursor": _plain(session.cursor.copy()),
            "config": _plain(session.config.copy()),
            "items": {name: _plain(item.copy()) for name, item in session.items.items()},
            "replies": {name: _plain(reply.copy()) for name, reply in session.replies.items()},
            "forgotten": {name: list(left) for name, left in session.forgotten.items()},
        }
        for session in partition.wake_all().values()
    }


def _plain(value: Any) -> Any:
    """Lists and tuples alike: the changelog knows lists only."""
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value
