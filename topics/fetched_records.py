"""The records of a fetch, made at half the cost of aiokafka's own: for the worker and for subscribers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from aiokafka.consumer import fetcher


class FetchedRecord(NamedTuple):
    """A fetched record. A tuple takes a third of the time of aiokafka's dataclass, which also counts and copies."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


_new = cast(Any, tuple).__new__
# Where aiokafka looks different inside, `AIOKAFKAS` is no class of its, and subscribers keep what they are given.
AIOKAFKAS: Any = getattr(fetcher, "PartitionRecords", object)


class FastPartitionRecords(AIOKAFKAS):
    """Stands in for aiokafka's PartitionRecords."""

    def __iter__(self) -> Iterator[FetchedRecord]:
        # The generator itself, without a Python call a record around it.
        return self._records_iterator

    def _consumer_record(self, tp: Any, record: Any) -> FetchedRecord:
        return _new(
            FetchedRecord,
            (
                tp.topic,
                tp.partition,
                record.offset,
                record.timestamp,
                record.timestamp_type,
                record.key,
                record.value,
                record.headers,
            ),
        )
