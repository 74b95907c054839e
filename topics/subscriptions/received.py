"""A record as it was received: the typed record, and where and how Kafka has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Generic, Protocol, TypeVar

T_co = TypeVar("T_co", covariant=True)

Headers = Sequence[tuple[str, bytes | None]]


class RawRecord(Protocol):
    """What is used of a record of aiokafka's."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Place(Protocol):
    """The topic partition a record came from, while it is assigned to this process."""

    @property
    def flowing(self) -> bool: ...
    @property
    def gone(self) -> bool: ...
    def finish(self, offset: int) -> None: ...


class Received(Generic[T_co]):
    """One record out of `Subscription.received()`.

    `record` is the model's instance; the rest is Kafka's.
    """

    __slots__ = ("place", "raw", "record")

    def __init__(self, record: T_co, raw: RawRecord, place: Place) -> None:
        self.record = record
        self.raw = raw
        """As the consumer gave it."""
        self.place = place

    @property
    def topic(self) -> str:
        """The topic's full name."""
        return self.raw.topic

    @property
    def partition(self) -> int:
        return self.raw.partition

    @property
    def offset(self) -> int:
        return self.raw.offset

    @property
    def timestamp(self) -> datetime:
        """The Kafka record's timestamp, UTC: when the event that made the record was collected."""
        return datetime.fromtimestamp(max(self.raw.timestamp, 0) / 1000, UTC)

    @property
    def timestamp_ms(self) -> int:
        """The same in milliseconds since the epoch; -1 where the record has none."""
        return self.raw.timestamp

    @property
    def key(self) -> bytes | None:
        return self.raw.key

    @property
    def value(self) -> bytes | None:
        """The bytes `record` was made of."""
        return self.raw.value

    @property
    def headers(self) -> Headers:
        return self.raw.headers

    def header(self, name: str) -> bytes | None:
        """The last header of that name; None where there is none."""
        return next((value for key, value in reversed(self.raw.headers) if key == name), None)

    @property
    def flowing(self) -> bool:
        """Whether its partition is still assigned to this process."""
        return self.place.flowing

    @property
    def gone(self) -> bool:
        """Whether its partition is not this process's any more: what becomes of the record here counts for nothing."""
        return self.place.gone

    def finish(self) -> None:
        """Nothing more is to be done with it: its offset may be committed."""
        self.place.finish(self.raw.offset)

    def __repr__(self) -> str:
        return f"Received({self.topic}[{self.partition}]@{self.offset}, {self.record!r})"
