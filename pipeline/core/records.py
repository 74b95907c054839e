"""What goes into the core and what comes out of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

Headers = list[tuple[str, bytes | None]]
"""Kafka headers. None, which is not the same as empty, is among those of rejected records only."""


class InputRecord(Protocol):
    """A record of the input topic; aiokafka's `ConsumerRecord` is one."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since the epoch."""
        ...

    @property
    def timestamp_type(self) -> int | None:
        """0: set by the producer, 1: set by the broker."""
        ...

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Iterable[tuple[str, bytes | None]]: ...


class Output(NamedTuple):
    """A record to produce, into the partition of the input record."""

    topic: str
    """Full name."""
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int
    """Milliseconds since the epoch: that of the input record."""


Change = tuple[bytes, bytes | None]
"""A changelog record: key and value; None deletes the key."""


@dataclass(slots=True)
class Counts:
    """How the consumed records ended: `used` + `ignored` + all of `rejected` = `consumed`."""

    consumed: int = 0
    used: int = 0
    ignored: int = 0
    rejected: dict[str, int] = field(default_factory=dict[str, int])
    types: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int), compare=False)
    """The used ones by event type; those that have a handler, so a closed set."""

    def add(self, other: Counts) -> None:
        """Add the counts of another batch to these."""
        self.consumed += other.consumed
        self.used += other.used
        self.ignored += other.ignored
        for reason, number in other.rejected.items():
            self.rejected[reason] = self.rejected.get(reason, 0) + number
        for name, number in other.types.items():
            self.types[name] = self.types.get(name, 0) + number


class Note(NamedTuple):
    """A record that came out and that metrics of the product are made of."""

    kind: str
    """The item's type, or `response`."""
    revision: int
    cause: str
    model: str | None
    content: dict[str, Any]
    """The record's own fields; not to be changed."""


class StateSize(NamedTuple):
    """What a partition keeps. open, idle: sessions. items, responses: of those that were heard of since the restore.
    asleep: changelog records of those that were not."""

    open: int
    idle: int
    items: int
    responses: int
    asleep: int


@dataclass(slots=True)
class BatchResult:
    """What a batch brought: all of it belongs into one transaction with the offsets of the batch."""

    outputs: list[Output]
    changes: list[Change]
    counts: Counts
    notes: list[Note] = field(default_factory=list[Note])
