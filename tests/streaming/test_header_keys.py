"""Fetched records whose header keys are not UTF-8."""

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED
from aiokafka.record.memory_records import MemoryRecords

from pipeline.streaming.header_keys import ExactBatchBuilder, LenientRecords
from topics.fetched_records import FastPartitionRecords

ODD = b"\xff\xfe".decode("utf-8", "surrogateescape")


def batch(*headers: list[tuple[str, bytes | None]], first: int = 0) -> bytes:
    builder = ExactBatchBuilder(100_000, is_transactional=False)
    for number, some in enumerate(headers):
        builder.append(timestamp=1_000 + number, key=b"k%d" % number, value=b"v", headers=some)
    return first.to_bytes(8, "big") + bytes(builder._build())[8:]


def read(data: bytes) -> list[Any]:
    """The records of a fetch, read as the worker does."""
    kind: Any = FastPartitionRecords
    place = TopicPartition("t", 0)
    return list(kind(place, LenientRecords(data), [], 0, None, None, True, READ_COMMITTED))


def test_aiokafka_alone_fails_on_them() -> None:
    with pytest.raises(UnicodeDecodeError):
        list(MemoryRecords(batch([(ODD, b"1")])).next_batch() or [])


def test_they_are_read_with_surrogate_escapes() -> None:
    records = read(batch([("a", b"1")], [(ODD, b"2"), ("b", None)], []))
    assert [r.key for r in records] == [b"k0", b"k1", b"k2"]
    assert records[1].headers == [(ODD, b"2"), ("b", None)]
    assert [r.timestamp for r in records] == [1_000, 1_001, 1_002]


def test_good_batches_are_read_as_ever_and_bad_ones_do_not_hide_them() -> None:
    log = batch([("a", b"1")]) + batch([(ODD, b"2")], first=1) + batch([("c", b"3")], first=2)
    names = [name for record in read(log) for name, _ in record.headers]
    assert names == ["a", ODD, "c"]
