"""What the stream asks of the code it runs: the core's `Partition` is one, tests bring smaller ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from pipeline.core.records import BatchResult, InputRecord


class InputRecords(Protocol):
    """The records of a batch, in the order of their offsets; to be gone through once."""

    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[InputRecord]: ...


class PartitionCore(Protocol):
    """The state of one input partition and the function over it.

    `process` and `idle` move the state on at once; where the result could not be committed the object is thrown away
    and a new one is restored from the changelog.
    """

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take a changelog record: of each key the last, in no order of keys; a deleted key does not come."""
        ...

    def restored(self) -> None:
        """The changelog is at its end."""
        ...

    def process(self, records: InputRecords, now_ms: int) -> BatchResult:
        """Process the records in order; `now_ms` is the wall clock."""
        ...

    def idle(self, wall_ms: int) -> BatchResult:
        """Expire sessions by wall clock; called while the partition has no traffic."""
        ...


CoreFactory = Callable[[int], PartitionCore]
"""A new, empty core for an input partition."""
