"""How one batch is made durable: in one transaction, or in an order that loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from pipeline.core.records import BatchResult, Change, Output
from pipeline.streaming import aiokafka_fixes
from pipeline.streaming.changelog import owner_record, position_record
from pipeline.streaming.clients import Producer, close_producer, partition_producer
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.fault_points import FaultHook
from pipeline.streaming.record_batches import RecordBatches, all_acknowledged

ABORT_SECONDS = 5.0

NO_TIMESTAMP = -1
"""What the state carries. Nobody needs its time, and Kafka refuses times that are ahead of its own by more than
`message.timestamp.after.max.ms`: a worker whose clock is wrong could write no state."""

CommitOffset = Callable[[TopicPartition, int], Awaitable[None]]
"""Commits the group's offset of an input partition outside of any transaction."""


class PartitionWriter(ABC):
    """Everything one input partition writes, and the fence that keeps a former owner from writing."""

    def __init__(self, config: StreamConfig, source: TopicPartition, fault: FaultHook, batch_bytes: int) -> None:
        self.config = config
        self.source = source
        self.fault = fault
        self._batch_bytes = batch_bytes
        self._producer: Producer | None = None
        self.clamp_timestamps = False
        """Write outputs from the future as of now; set where a topic refused one."""

    @property
    def producer(self) -> Producer:
        assert self._producer is not None, "start() comes first"
        return self._producer

    async def start(self) -> None:
        """Start the producer: ends a former owner's open transaction and fences it."""
        self._producer = partition_producer(self.config, self.source.partition, self._batch_bytes)
        await self._producer.start()
        # Else the first batch for each topic waits for its metadata.
        topics = (*self.config.output_topics, self.config.changelog_topic)
        await asyncio.gather(*(self._producer.partitions_for(topic) for topic in topics))

    @abstractmethod
    async def commit(self, result: BatchResult, next_offset: int) -> None:
        """Make outputs, state and the input offset durable. Raises where it is not certain that they are."""

    @abstractmethod
    async def abort(self) -> None:
        """Give up what is open, so that readers need not wait for it. Never raises."""

    async def close(self) -> None:
        """Free the connections. Never raises."""
        if self._producer is not None:
            await close_producer(self._producer)

    def _outputs(self, result: BatchResult) -> list[Output]:
        if not self.clamp_timestamps:
            return result.outputs
        now = _now_ms()
        return [output._replace(timestamp=min(output.timestamp, now)) for output in result.outputs]

    def _state(self, result: BatchResult, next_offset: int) -> list[Change]:
        """The changelog records of a batch. Where nothing came of it, its offset alone is enough."""
        if not result.changes and not result.outputs:
            return []
        return [*result.changes, position_record(next_offset)]


class ExactlyOnceWriter(PartitionWriter):
    """One transaction a batch: outputs, state and offset become visible together or not at all."""

    async def commit(self, result: BatchResult, next_offset: int) -> None:
        partition = self.source.partition
        producer = self.producer
        # All batches are built before the transaction begins: it is open for as short as can be.
        batches = RecordBatches(self._batch_bytes, transactional=True)
        batches.add_outputs(self._outputs(result))
        batches.add_changes(self.config.changelog_topic, self._state(result, next_offset), NO_TIMESTAMP)
        await producer.begin_transaction()
        self.fault("begun", partition)
        offsets = asyncio.ensure_future(
            producer.send_offsets_to_transaction({self.source: next_offset}, self.config.group)
        )
        await asyncio.sleep(
            0
        )  # the offsets are to be the first thing the producer's own task finds, see aiokafka_fixes
        try:
            acknowledgements = await batches.send(producer, partition)
            self.fault("outputs-sent", partition)
        except BaseException:
            offsets.cancel()
            raise
        await all_acknowledged([offsets, *acknowledgements])
        self.fault("offsets-sent", partition)
        await producer.commit_transaction()
        self.fault("committed", partition)

    async def abort(self) -> None:
        if self._producer is None or not aiokafka_fixes.in_transaction(self._producer):
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(ABORT_SECONDS):
                await self._producer.abort_transaction()


class AtLeastOnceWriter(PartitionWriter):
    """No transactions: outputs are acknowledged before the state is written, the state before the offset.

    What a crash leaves is then one of: outputs that the state does not know (they come again, with the same ids), or
    state that the committed offset does not know (its position record says where to go on: nothing is repeated).
    The state is one record batch, which Kafka takes whole or not at all. Should it ever be too large for one
    (`state_batch_bytes`), a crash in between leaves sessions that have seen the events about to come again: the core
    does not apply an event twice.

    The producer keeps the id and epoch of its transactional id, so that a former owner that still runs is fenced from
    the changelog by the first record written here; its late outputs are repeats with the same ids.
    """

    def __init__(
        self,
        config: StreamConfig,
        source: TopicPartition,
        fault: FaultHook,
        batch_bytes: int,
        commit_offset: CommitOffset,
    ) -> None:
        super().__init__(config, source, fault, batch_bytes)
        self._commit_offset = commit_offset

    async def start(self) -> None:
        await super().start()
        aiokafka_fixes.forget_transactional_id(self.producer)
        await self._write_state([owner_record(self.config.client_id)])

    async def commit(self, result: BatchResult, next_offset: int) -> None:
        partition = self.source.partition
        batches = RecordBatches(self._batch_bytes, transactional=False)
        batches.add_outputs(self._outputs(result))
        await all_acknowledged(await batches.send(self.producer, partition))
        self.fault("outputs-sent", partition)
        if state := self._state(result, next_offset):
            await self._write_state(state)
        self.fault("changelog-sent", partition)
        # Refused while the group rebalances. That does no harm: the state says where to go on.
        with contextlib.suppress(CommitFailedError, IllegalStateError):
            await self._commit_offset(self.source, next_offset)
        self.fault("committed", partition)

    async def abort(self) -> None:
        """Nothing is ever open."""

    async def _write_state(self, changes: list[Change]) -> None:
        batches = RecordBatches(self.config.state_batch_bytes, transactional=False)
        batches.add_changes(self.config.changelog_topic, changes, NO_TIMESTAMP)
        await all_acknowledged(await batches.send(self.producer, self.source.partition))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
