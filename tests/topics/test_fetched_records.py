"""The records of a fetch: what aiokafka's own reader gives, at less cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.errors import CorruptRecordException
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from topics.fetched_records import AIOKAFKAS, FastPartitionRecords

PLACE = TopicPartition("t", 3)


def batch(first: int, values: Sequence[bytes], *, producer: int = -1, compression: int = 0) -> bytes:
    """A record batch of the log, its first offset `first`."""
    builder = BatchBuilder(1_000_000, compression, is_transactional=producer >= 0)
    for number, value in enumerate(values):
        builder.append(timestamp=1_000 + number, key=b"k", value=value, headers=[("h", value)])
    if producer >= 0:
        builder._set_producer_state(producer, 0, 0)
    data = bytearray(builder._build())
    data[:8] = first.to_bytes(8, "big")
    return bytes(data)


def both(log: bytes, start: int, aborted: Sequence[tuple[int, int]] = ()) -> list[list[tuple[int, bytes]]]:
    """What each reader finds, and where it would go on."""
    found: list[list[tuple[int, bytes]]] = []
    for kind in (AIOKAFKAS, FastPartitionRecords):
        records: Any = kind(PLACE, MemoryRecords(log), list(aborted), start, None, None, True, READ_COMMITTED)
        read = [(one.offset, one.value) for one in records]
        found.append([*read, (records.next_fetch_offset, b"")])
    return found


LOG = batch(10, [b"a", b"b", b"c"]) + batch(20, [b"d"], compression=1) + batch(30, [b"e", b"f"], producer=7)


@pytest.mark.parametrize("start", [10, 11, 12, 13, 20, 21, 31, 32])
@pytest.mark.parametrize("aborted", [[], [(7, 30)], [(8, 5)]])
def test_it_finds_what_aiokafka_finds(start: int, aborted: list[tuple[int, int]]) -> None:
    own, fast = both(LOG, start, aborted)
    assert fast == own


def test_all_of_a_record_is_there() -> None:
    reader: Any = FastPartitionRecords(PLACE, MemoryRecords(LOG), [], 10, None, None, True, READ_COMMITTED)
    first = next(iter(reader))
    assert first == ("t", 3, 10, 1_000, 0, b"k", b"a", [("h", b"a")])


def test_after_a_broken_batch_nothing_more_comes_and_the_position_stays() -> None:
    broken = bytearray(LOG)
    broken[len(batch(10, [b"a", b"b", b"c"])) - 1] ^= 1
    reader: Any = FastPartitionRecords(PLACE, MemoryRecords(bytes(broken)), [], 10, None, None, True, READ_COMMITTED)
    with pytest.raises(CorruptRecordException):
        list(reader)
    assert list(reader) == [], "the batches behind it must be fetched again, not read past it"
    assert reader.next_fetch_offset == 10
