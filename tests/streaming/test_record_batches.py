"""Outputs as record batches: order, splitting, records larger than a batch, header keys that are not UTF-8."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from aiokafka.record.memory_records import MemoryRecords

from pipeline.core import Output
from pipeline.streaming.failures import DeliveryError
from pipeline.streaming.header_keys import read_leniently
from pipeline.streaming.record_batches import RecordBatches, all_acknowledged


class Sent:
    """A producer that keeps what it is given; `refused` is the error of every batch."""

    def __init__(self, refused: Exception | None = None) -> None:
        self.batches: list[tuple[str, int, list[Any]]] = []
        self._refused = refused

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Awaitable[Any]:
        raw = bytes(batch._build())
        records = list(read_leniently(raw)) if _is_exact(batch) else list(MemoryRecords(raw).next_batch() or [])
        self.batches.append((topic, partition, records))
        acknowledged: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._refused is not None:
            acknowledged.set_exception(self._refused)
        else:
            acknowledged.set_result(None)
        return acknowledged


def _is_exact(batch: Any) -> bool:
    return type(batch).__name__ == "ExactBatchBuilder"


def output(topic: str, value: bytes | None, key: bytes | None = b"k", headers: Any = None) -> Output:
    return Output(topic, key, value, headers or [("h", b"v")], 1_700_000_000_000)


async def send(outputs: list[Output], batch_bytes: int = 100_000) -> list[tuple[str, int, list[Any]]]:
    sent = Sent()
    batches = RecordBatches(batch_bytes, transactional=True)
    batches.add_outputs(outputs)
    await all_acknowledged(await batches.send(sent, 3))
    return sent.batches


async def test_one_batch_a_topic_in_order_to_the_input_partition() -> None:
    batches = await send([output("a", b"1"), output("b", b"2"), output("a", b"3")])
    assert [(topic, partition, [r.value for r in records]) for topic, partition, records in batches] == [
        ("a", 3, [b"1", b"3"]),
        ("b", 3, [b"2"]),
    ]


async def test_a_full_batch_is_followed_by_another() -> None:
    values = [bytes([n]) * 300 for n in range(10)]
    batches = await send([output("a", value) for value in values], batch_bytes=1_000)
    assert len(batches) > 2
    assert [record.value for _, _, records in batches for record in records] == values


async def test_a_record_larger_than_a_batch_goes_alone() -> None:
    large = b"x" * 5_000
    batches = await send([output("a", b"1"), output("a", large), output("a", b"2")], batch_bytes=1_000)
    assert [[len(r.value) for r in records] for _, _, records in batches] == [[1], [5_000], [1]]


async def test_null_key_value_and_header_value() -> None:
    ((_, _, (record,)),) = await send([output("a", None, None, [("empty", None)])])
    assert (record.key, record.value, list(record.headers)) == (None, None, [("empty", None)])
    assert record.timestamp == 1_700_000_000_000


async def test_header_keys_that_are_not_utf8_come_out_as_the_bytes_they_were() -> None:
    odd = b"k\xff\xfe".decode("utf-8", "surrogateescape")
    batches = await send([output("a", b"1"), output("a", b"2", headers=[(odd, b"v")]), output("a", b"3")])
    records = [record for _, _, some in batches for record in some]
    assert [r.value for r in records] == [b"1", b"2", b"3"]
    assert records[1].headers[0][0].encode("utf-8", "surrogateescape") == b"k\xff\xfe"


async def test_changes_and_tombstones() -> None:
    sent = Sent()
    batches = RecordBatches(100_000, transactional=False)
    batches.add_changes("state", [(b"s", b"1"), (b"t", None)], 5)
    await all_acknowledged(await batches.send(sent, 0))
    ((_, _, records),) = sent.batches
    assert [(r.key, r.value, r.timestamp) for r in records] == [(b"s", b"1", 5), (b"t", None, 5)]


async def test_a_refused_batch_names_its_topic() -> None:
    batches = RecordBatches(100_000, transactional=True)
    batches.add_outputs([output("a", b"1"), output("a", b"2")])
    with pytest.raises(DeliveryError, match=r"2 records .* topic a") as caught:
        await all_acknowledged(await batches.send(Sent(ValueError("no")), 0))
    assert caught.value.records == 2
