"""A rejected record, read: where it stands, where it came from, why it was rejected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from pipeline.core import Headers, InputRecord
from pipeline.core.event import leading_type
from pipeline.errors import UsageError

_DLT = "kafka_dlt-"
_OURS = "itemstream-"
REASON = "itemstream-reject-reason"
LEFT_OUT = "itemstream-left-out"
UNTOLD = "unknown"


class Place(NamedTuple):
    """Where a record stands in Kafka."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}-{self.partition}-{self.offset}"

    @classmethod
    def parse(cls, text: str, topic: str) -> Self:
        """`TOPIC-PARTITION-OFFSET`, or `PARTITION:OFFSET` of `topic`. Raises UsageError for anything else."""
        named, _, numbers = text.rpartition("-")
        before, _, partition = named.rpartition("-")
        if before and partition.isdecimal() and numbers.isdecimal():
            if before != topic:
                raise UsageError(f"{text} is a record of topic {before}, and this reads {topic}: add --topic {before}")
            return cls(topic, int(partition), int(numbers))
        partition, colon, offset = text.partition(":")
        if colon and partition.isdecimal() and offset.isdecimal():
            return cls(topic, int(partition), int(offset))
        raise UsageError(f"{text!r} names no record; write PARTITION:OFFSET or TOPIC-PARTITION-OFFSET, as `list` does")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the record was read that turned out unusable."""

    place: Place
    timestamp: int
    """Milliseconds since the epoch; -1 where it had none."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record of the worker's `rejected` topic, or of a subscriber's dead letters."""

    place: Place
    timestamp: int
    """Milliseconds since the epoch: the rejected input's, which is not when it was rejected."""
    key: bytes | None
    value: bytes | None
    input_headers: Headers
    """Those of the record as it came, less what was added when it was rejected."""
    added: dict[str, bytes | None]
    """The headers that were added when it was rejected."""

    @property
    def by_worker(self) -> bool:
        """Whether the worker rejected it; else a subscriber's handler failed on it."""
        return REASON in self.added

    @property
    def reason(self) -> str:
        """The worker's reason; for a dead letter the name of the exception, without its module."""
        named = self._text(REASON) or self._text(f"{_DLT}exception-cause-fqcn") or self._text(f"{_DLT}exception-fqcn")
        return named.rpartition(".")[2] if named else UNTOLD

    @property
    def message(self) -> str:
        """What was said of it, for people."""
        return self._text(f"{_DLT}exception-message") or ""

    @property
    def stacktrace(self) -> str | None:
        """Where a subscriber's handler failed, where that was written down."""
        return self._text(f"{_DLT}exception-stacktrace")

    @property
    def left_out(self) -> Sequence[str]:
        """Parts of the input that the rejected topic had no room for: `value`, `headers`, `key`."""
        return tuple(filter(None, (self._text(LEFT_OUT) or "").split(",")))

    @property
    def origin(self) -> Origin | None:
        """Where it was read; None where the headers do not say."""
        topic = self._text(f"{_DLT}original-topic")
        partition, offset = (self._number(f"{_DLT}original-{name}") for name in ("partition", "offset"))
        if topic is None or partition is None or offset is None:
            return None
        timestamp = self._number(f"{_DLT}original-timestamp")
        return Origin(Place(topic, partition, offset), -1 if timestamp is None else timestamp)

    @property
    def session_id(self) -> str | None:
        """Header `ce_sessionid`, else the key: as the worker reads it."""
        raw = dict(self.input_headers).get("ce_sessionid") or self.key
        return raw.decode(errors="backslashreplace") if raw else None

    @property
    def event_type(self) -> str | None:
        """Header `ce_type`, else what the value itself says first; None where neither does."""
        raw = dict(self.input_headers).get("ce_type") or leading_type(self.value or b"")
        return raw.decode(errors="backslashreplace") if raw else None

    def added_text(self, name: str) -> str | None:
        """A header that was added when it was rejected, as text."""
        return self._text(name)

    def _text(self, name: str) -> str | None:
        raw = self.added.get(name)
        return raw.decode(errors="backslashreplace") if raw else None

    def _number(self, name: str) -> int | None:
        raw = self.added.get(name)
        return int.from_bytes(raw, "big", signed=True) if raw else None


def rejected_record(record: InputRecord) -> Rejected:
    """A record of a rejected topic, taken apart.

    What was added stands behind the input's own headers. An input may itself carry such headers (it was copied from a
    rejected topic, say): of each name only the last one was added, and what stands before the first that was not is
    the input's.
    """
    headers = list(record.headers)
    added, own = _split(headers)
    return Rejected(
        Place(record.topic, record.partition, record.offset),
        record.timestamp,
        record.key,
        record.value,
        own,
        added,
    )


def _split(headers: Sequence[tuple[str, bytes | None]]) -> tuple[dict[str, bytes | None], Headers]:
    added: dict[str, bytes | None] = {}
    first = len(headers)
    for name, value in reversed(headers):
        if not name.startswith((_DLT, _OURS)) or name in added:
            break
        added[name] = value
        first -= 1
    return added, list(headers[:first])


def header_text(headers: Iterable[tuple[str, bytes | None]], name: str) -> str | None:
    """The last header of a name, as text; None where it is missing or empty."""
    raw = dict(headers).get(name)
    return raw.decode(errors="backslashreplace") if raw else None
