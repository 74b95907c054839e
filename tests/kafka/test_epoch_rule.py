"""Records fetched before a rebalance must not be processed after it; and the check that says so can fail."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from pipeline.core import BatchResult
from pipeline.streaming.assignment import Assignment
from pipeline.streaming.partition import InputPartition
from tests.kafka.support import (
    Names,
    assert_exactly_once,
    header,
    make_topics,
    new_stream,
    numbered,
    produce,
    read_all,
    running,
    until,
)

pytestmark = pytest.mark.kafka


class WithoutTheRule(Assignment):
    """Takes every record that was ever fetched."""

    def is_stale(self, partition: InputPartition, epoch: int, first_offset: int) -> bool:
        return False


class Gate:
    """A handler that stands still in front of a batch while it is shut."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()

    def shut(self) -> None:
        self.reached.clear()
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    async def __call__(self, batch: Any) -> BatchResult:
        if not self._open.is_set():
            self.reached.set()
            await self._open.wait()
        return batch.process()


async def records_after_a_rebalance(
    bootstrap_servers: str, names: Names, assignment_type: type[Assignment]
) -> tuple[list[Any], int]:
    """All outputs, and the number of records dropped as stale.

    The stream is stopped in front of a batch, while a fetch of all four partitions waits to be taken; another worker
    takes two of them over, processes their records and leaves; then the first goes on with what it has.
    """
    gate = Gate()
    slow = new_stream(bootstrap_servers, names, handler=gate, assignment_type=assignment_type)
    async with running(slow):
        await until(lambda: len(slow.stats.partitions) == 4)
        gate.shut()
        await produce(bootstrap_servers, names.source, [(0, b"first", b"v")])
        await gate.reached.wait()
        # So that the fetch brings all four: held until there is something in each.
        partitions = slow._consumer.assignment()
        slow._consumer.pause(*partitions)
        await asyncio.sleep(0.5)
        await produce(bootstrap_servers, names.source, numbered(400, 4))
        slow._consumer.resume(*partitions)
        await asyncio.sleep(1)
        other = new_stream(bootstrap_servers, names)
        async with running(other):
            await until(lambda: other.stats.counts.consumed >= 200)
        await until(lambda: len(slow.stats.partitions) == 4)
        gate.open()
        await until(lambda: slow.stats.counts.consumed + other.stats.counts.consumed >= 401)
        await asyncio.sleep(0.5)
    return await read_all(bootstrap_servers, names.output), slow.stats.stale


@pytest.fixture(autouse=True)
def one_long_poll(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fetch that is under way when the stream is stopped is the one that brings the records."""
    monkeypatch.setattr("pipeline.streaming.stream.POLL_MS", 20_000)


@pytest.fixture
async def names(bootstrap_servers: str, unique: str) -> Names:
    return await make_topics(bootstrap_servers, unique, 4)


async def test_what_was_fetched_before_a_rebalance_is_dropped(bootstrap_servers: str, names: Names) -> None:
    records, stale = await records_after_a_rebalance(bootstrap_servers, names, Assignment)
    assert stale >= 100
    assert_exactly_once(records, 401)


async def test_without_the_rule_there_are_duplicates(bootstrap_servers: str, names: Names) -> None:
    records, _ = await records_after_a_rebalance(bootstrap_servers, names, WithoutTheRule)
    times = Counter(header(record, "from") for record in records)
    assert sum(count - 1 for count in times.values()) >= 100
