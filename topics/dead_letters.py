"""Headers of records that could not be used: those of Spring Kafka's `DeadLetterPublishingRecoverer`.

Its names and its encodings (numbers are big-endian), so that its tools read ours. Used for the `rejected` topic of the
worker and for the dead letters of subscribers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

Headers = list[tuple[str, bytes | None]]

LONGEST_MESSAGE = 1_000
"""Characters: some messages quote the record."""

PREFIX = "kafka_dlt-"

NUMBERS = frozenset(f"{PREFIX}original-{name}" for name in ("partition", "offset", "timestamp"))
"""Headers that hold a big-endian number."""

_TIMESTAMP_TYPES = {0: b"CreateTime", 1: b"LogAppendTime"}


class Original(Protocol):
    """What is told of the record that could not be used."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a record stood before it was moved: an `Original` that was read back from headers."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int | None = 0


def origin_headers(original: Original) -> Headers:
    """Where the record stands."""
    return [
        (f"{PREFIX}original-topic", original.topic.encode()),
        (f"{PREFIX}original-partition", original.partition.to_bytes(4, "big", signed=True)),
        (f"{PREFIX}original-offset", original.offset.to_bytes(8, "big", signed=True)),
        (f"{PREFIX}original-timestamp", original.timestamp.to_bytes(8, "big", signed=True)),
        (
            f"{PREFIX}original-timestamp-type",
            _TIMESTAMP_TYPES.get(original.timestamp_type or 0, b"NoTimestampType"),
        ),
    ]


def exception_headers(fqcn: str, message: str) -> Headers:
    """What went wrong. `fqcn`: the exception's class with its module."""
    return [
        (f"{PREFIX}exception-fqcn", fqcn.encode()),
        (f"{PREFIX}exception-message", message[:LONGEST_MESSAGE].encode(errors="replace")),
    ]


def origin_of(headers: Iterable[tuple[str, bytes | None]]) -> Origin | None:
    """Where a dead letter stood; None where its headers do not say so. The last of a name counts."""
    told = dict(headers)
    topic = told.get(f"{PREFIX}original-topic")
    numbers = [told.get(f"{PREFIX}original-{name}") for name in ("partition", "offset", "timestamp")]
    if topic is None or numbers[0] is None or numbers[1] is None:
        return None
    partition, offset, timestamp = (-1 if raw is None else int.from_bytes(raw, "big", signed=True) for raw in numbers)
    kinds = {name: number for number, name in _TIMESTAMP_TYPES.items()}
    kind = kinds.get(told.get(f"{PREFIX}original-timestamp-type") or b"")
    return Origin(topic.decode(errors="replace"), partition, offset, timestamp, kind)


def readable_headers(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str | None]:
    """Headers for people: numbers in decimal, the rest as text, bytes that are none kept readable."""
    return {name: None if value is None else _readable(name, value) for name, value in headers}


def _readable(name: str, value: bytes) -> str:
    if name in NUMBERS:
        return str(int.from_bytes(value, "big", signed=True))
    return value.decode(errors="backslashreplace")
