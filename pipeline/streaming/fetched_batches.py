"""The record batches of a fetch, which stay bytes until their records are processed.

A record with eight headers is thirty Python objects. Made of a whole fetch at once they fill the caches and wait there,
each looked at by the search for cyclic garbage, until their turn comes: that costs as much as making them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, cast

from pipeline.core.records import InputRecord
from topics.fetched_records import FastPartitionRecords, FetchedRecord, made

_new = cast(Any, tuple).__new__


class Records:
    """What a batch is made of: records that are read while one iterates over them, to the end; once, unless `kept`."""

    __slots__ = ("_count", "_kept", "_parts", "next_offset")

    def __init__(self, parts: Iterable[Iterable[InputRecord]], count: int, next_offset: int) -> None:
        self._parts: Iterable[Iterable[InputRecord]] | None = parts
        self._kept: Sequence[InputRecord] | None = None
        self._count = count
        self.next_offset = next_offset
        """After the last of them."""

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[InputRecord]:
        if self._kept is not None:
            return iter(self._kept)
        parts, self._parts = self._parts, None
        assert parts is not None, "records of a batch are read once"
        return chain.from_iterable(parts)

    def kept(self) -> Sequence[InputRecord]:
        """All of them, made at once; from then on they can be gone through again."""
        if self._kept is None:
            self._kept = list(self)
        return self._kept


class FetchedBatch:
    """A record batch, its checksum verified, from offset `offset` on."""

    __slots__ = ("_batch", "_place", "_rest", "_whole", "count", "next_offset", "offset", "size", "timestamp")

    def __init__(self, place: tuple[str, int], batch: Any, start: int) -> None:
        self._place = place
        self._batch = batch
        self._rest: Iterator[FetchedRecord] | None = None
        self.offset: int = max(start, batch.base_offset)
        """Where it goes on: what is before is passed over, or was taken."""
        self.next_offset: int = batch.next_offset
        """After the last record there ever was in it."""
        self._whole = getattr(batch, "count", None) == self.next_offset - batch.base_offset
        self.count: int = self.next_offset - self.offset
        """Records from there on; at most, where some were compacted away."""
        self.size: int = getattr(batch, "size", 0)
        """Bytes, as they came."""
        self.timestamp: int | None = getattr(batch, "timestamp", None)
        """Of its first record, milliseconds; None where the batch is of a format that does not say."""

    def end_before(self, offset: int) -> None:
        """Leave out the records from there on; `offset` lies within the batch."""
        self.count -= self.next_offset - offset
        self.next_offset = offset

    def take(self, most: int) -> tuple[Iterable[FetchedRecord], int]:
        """Records from `offset` on, to be read before the next ones are, and their number.

        At most so many, but all of a batch in which some were compacted away: there, offsets do not count records.
        """
        if self._rest is None:
            self._rest = _records(self._place, self._batch, self.offset)
        if not self._whole:
            self.offset, self.count = self.next_offset, 0
            some = [record for record in self._rest if record.offset < self.next_offset]
            return some, len(some)
        count = min(most, self.count)
        self.offset += count
        self.count -= count
        return islice(self._rest, count), count


def _records(place: tuple[str, int], batch: Any, start: int) -> Iterator[FetchedRecord]:
    topic, partition = place
    try:
        for record in batch:
            offset = record.offset
            if offset >= start:
                start = offset + 1
                yield _new(
                    FetchedRecord,
                    (
                        topic, partition, offset, record.timestamp, record.timestamp_type,
                        record.key, record.value, record.headers,
                    ),
                )  # fmt: skip
    except UnicodeDecodeError:  # a header's key
        yield from made(place, batch.leniently(), start)


def undecoded(key: bytes) -> bytes:
    """Given to a consumer as its `key_deserializer`, its fetches come as `FetchedBatch`es. Never called."""
    return key


class PartitionBatches(FastPartitionRecords):
    """Stands in for aiokafka's PartitionRecords: records, or batches for a consumer that wants them `undecoded`."""

    def _read(self, batch: Any) -> list[Any]:
        if self._key_deserializer is not undecoded:
            return super()._read(batch)
        start = self.next_fetch_offset
        return [FetchedBatch(self._tp, batch, start)] if start < batch.next_offset else []
