"""The order of a transaction's requests: group, partitions, records, offsets, end."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from aiokafka import TopicPartition
from aiokafka.errors import ConcurrentTransactions
from aiokafka.producer.sender import Sender
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.structs import OffsetAndMetadata

from pipeline.streaming import aiokafka_fixes

OUTPUT = TopicPartition("output", 0)
INPUT = TopicPartition("input", 0)


class Requests:
    """A sender that only notes what it is told to request."""

    def __init__(self) -> None:
        aiokafka_fixes.apply()
        self._txn_manager: Any = TransactionManager("id", 60_000)
        self._txn_manager.set_pid_and_epoch(1, 0)
        self._txn_manager.begin_transaction()
        self._message_accumulator = SimpleNamespace(_batches={})
        self._in_flight: set[int] = set()
        self.asked: list[str] = []

    async def _do_add_offsets_to_txn(self, group: str) -> None:
        self.asked.append("group")
        self._txn_manager.consumer_group_added(group)

    async def _do_add_partitions_to_txn(self, partitions: set[TopicPartition]) -> None:
        self.asked.append("partitions")
        for partition in list(partitions):
            self._txn_manager.partition_added(partition)

    async def _do_txn_offset_commit(self, offsets: dict[TopicPartition, Any], group: str) -> None:
        self.asked.append("offsets")
        for partition, offset in list(offsets.items()):
            self._txn_manager.offset_committed(partition, offset.offset, group)

    async def _do_txn_commit(self, result: Any) -> None:
        self.asked.append("end")

    async def go_on(self) -> bool:
        """Make the next request; False where there is none."""
        request = cast(Any, Sender)._maybe_do_transactional_request(self)
        if request is None:
            return False
        await request
        return True


async def test_the_offsets_wait_for_the_records() -> None:
    sender = Requests()
    sender._txn_manager.maybe_add_partition_to_txn(OUTPUT)
    committed = sender._txn_manager.add_offsets_to_txn({INPUT: OffsetAndMetadata(5, "")}, "group")
    assert await sender.go_on()
    assert await sender.go_on()
    assert sender.asked == ["group", "partitions"]

    sender._message_accumulator._batches[OUTPUT] = ["a batch that waits"]
    assert not await sender.go_on()
    sender._message_accumulator._batches.clear()
    sender._in_flight.add(1)
    assert not await sender.go_on()
    sender._in_flight.clear()
    assert await sender.go_on()
    assert sender.asked == ["group", "partitions", "offsets"]

    assert not await sender.go_on()
    sender._txn_manager.committing_transaction()
    assert await sender.go_on()
    assert sender.asked[-1] == "end"
    await asyncio.wait_for(committed, 1)


def test_a_coordinator_that_is_busy_is_asked_less_and_less_often() -> None:
    aiokafka_fixes.apply()
    manager = SimpleNamespace(consumer_group_added=lambda group: None)
    handler: Any = object.__new__(aiokafka_fixes._AddOffsetsHandler)
    handler._sender = SimpleNamespace(_txn_manager=manager)
    handler._group_id = "group"
    busy, free = SimpleNamespace(error_code=ConcurrentTransactions.errno), SimpleNamespace(error_code=0)
    waits = [handler.handle_response(busy) for _ in range(8)]
    assert waits == [0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.064, 0.064]
    handler.handle_response(free)
    assert handler.handle_response(busy) == 0.002
