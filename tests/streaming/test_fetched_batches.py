"""Record batches that are decoded when their records are wanted."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.errors import CorruptRecordException
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streaming.fetched_batches import FetchedBatch, PartitionBatches
from pipeline.streaming.header_keys import LenientRecords
from tests.streaming.logs import PLACE, Headers, batches, record_batch
from topics.fetched_records import FetchedRecord

ODD: Headers = [(b"\xff".decode("utf-8", "surrogateescape"), b"1")]


def taken(some: Sequence[FetchedBatch], most: int) -> list[list[FetchedRecord]]:
    """Everything, at most so many at a time; what is told beforehand is held against what comes."""
    found: list[list[FetchedRecord]] = []
    for batch in some:
        while batch.count:
            records, number = batch.take(most)
            found.append(list(records))
            assert len(found[-1]) == number
            if found[-1]:
                assert batch.offset > found[-1][-1].offset
        assert batch.offset == batch.next_offset
    return found


def eager(log: bytes, start: int) -> list[FetchedRecord]:
    kind: Any = PartitionBatches
    return list(kind(PLACE, LenientRecords(log), [], start, None, None, True, READ_COMMITTED))


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[bytes], int]:
    """A log, some of it compacted away, and where a fetch of it begins."""
    offset, log = 0, list[bytes]()
    for _ in range(draw(st.integers(1, 4))):
        offsets = [offset + place for place in range(draw(st.integers(1, 6)))]
        offset = offsets[-1] + 1
        if left := [one for one in offsets if draw(st.integers(0, 4))]:
            log.append(record_batch(left, headers=ODD if draw(st.booleans()) else []))
    return log, draw(st.integers(0, offset))


@given(logs(), st.integers(1, 7))
def test_the_same_records_as_read_at_once(log_and_start: tuple[list[bytes], int], most: int) -> None:
    log, start = log_and_start
    found = taken(batches(*log, start=start), most)
    assert list(chain.from_iterable(found)) == eager(b"".join(log), start)


@given(logs(), st.integers(1, 7), st.data())
def test_it_can_end_earlier(log_and_start: tuple[list[bytes], int], most: int, data: st.DataObject) -> None:
    log, start = log_and_start
    for raw in log:
        for batch in batches(raw, start=start):
            end = data.draw(st.integers(batch.offset + 1, batch.next_offset))
            wanted = [record for record in eager(raw, batch.offset) if record.offset < end]
            batch.end_before(end)
            assert list(chain.from_iterable(taken([batch], most))) == wanted


@given(st.integers(1, 20), st.integers(1, 7))
def test_a_batch_of_which_nothing_is_gone_is_cut_where_it_is_asked_to(count: int, most: int) -> None:
    found = taken(batches(record_batch(range(100, 100 + count)), start=100), most)
    assert all(len(some) == most for some in found[:-1])
    assert len(found[-1]) <= most


def test_it_tells_what_it_is_before_it_is_read() -> None:
    log = record_batch(range(10, 15))
    (batch,) = batches(log, start=12)
    assert (batch.offset, batch.next_offset, batch.count, batch.size) == (12, 15, 3, len(log))
    assert batch.timestamp == 1_010, "of its first record"


def test_a_broken_one_is_seen_when_it_is_fetched() -> None:
    broken = bytearray(record_batch([0, 1]))
    broken[-1] ^= 1
    with pytest.raises(CorruptRecordException):
        batches(bytes(broken))
