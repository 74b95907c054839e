"""Fetched records whose header keys are not UTF-8."""

from typing import Any

import pytest
from aiokafka.record.memory_records import MemoryRecords

from pipeline.streaming.header_keys import ExactBatchBuilder, LenientRecords

ODD = b"\xff\xfe".decode("utf-8", "surrogateescape")


def batch(*headers: list[tuple[str, bytes | None]]) -> bytes:
    builder = ExactBatchBuilder(100_000, is_transactional=False)
    for number, some in enumerate(headers):
        builder.append(timestamp=1_000 + number, key=b"k%d" % number, value=b"v", headers=some)
    return bytes(builder._build())


def read(data: bytes) -> list[Any]:
    """The records of one batch, read as aiokafka's fetcher does: what it has seen it skips."""
    found: list[Any] = []
    for record in LenientRecords(data).next_batch():
        if record.offset >= len(found):
            found.append(record)
    return found


def test_aiokafka_alone_fails_on_them() -> None:
    with pytest.raises(UnicodeDecodeError):
        list(MemoryRecords(batch([(ODD, b"1")])).next_batch() or [])


def test_they_are_read_with_surrogate_escapes() -> None:
    records = read(batch([("a", b"1")], [(ODD, b"2"), ("b", None)], []))
    assert [r.key for r in records] == [b"k0", b"k1", b"k2"]
    assert records[1].headers == [(ODD, b"2"), ("b", None)]
    assert [r.timestamp for r in records] == [1_000, 1_001, 1_002]


def test_good_batches_are_read_as_ever_and_bad_ones_do_not_hide_them() -> None:
    records = LenientRecords(batch([("a", b"1")]) + batch([(ODD, b"2")]) + batch([("c", b"3")]))
    names: list[str] = []
    while records.has_next():
        names += [name for r in records.next_batch() for name, _ in r.headers]
    assert names == ["a", ODD, "c"]
