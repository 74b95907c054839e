"""Rules of the stream, each broken on purpose: a run with one of them must be found out."""

from __future__ import annotations

from typing import Any

from aiokafka import TopicPartition

from pipeline.core.records import BatchResult
from pipeline.streaming.assignment import Assignment
from pipeline.streaming.partition import InputPartition
from pipeline.streaming.record_batches import RecordBatches, all_acknowledged
from pipeline.streaming.writer import ExactlyOnceWriter, PartitionWriter


class NoEpochRule(Assignment):
    """Records fetched before a rebalance are processed after it."""

    def is_stale(self, partition: InputPartition, epoch: int, first_offset: int) -> bool:
        return False


class _OffsetsOutside(ExactlyOnceWriter):
    """Commits the group's offset on its own, before the transaction."""

    commit_offset: Any = None

    async def commit(self, result: BatchResult, next_offset: int) -> None:
        await self.commit_offset(self.source, next_offset)
        await super().commit(result, next_offset)


class OffsetsOutside(Assignment):
    """Offsets are committed outside of the transaction."""

    def _new_writer(self, source: TopicPartition) -> PartitionWriter:
        writer = _OffsetsOutside(self._config, source, self._fault, self._config.produce_batch_bytes)
        writer.commit_offset = self._commit_offset
        return writer


class _StateFirst(ExactlyOnceWriter):
    """Writes the state in a transaction of its own, before that of the outputs."""

    async def commit(self, result: BatchResult, next_offset: int) -> None:
        state = RecordBatches(self._batch_bytes, transactional=True)
        state.add_changes(self.config.changelog_topic, self._state(result, next_offset), 0)
        await self.producer.begin_transaction()
        await all_acknowledged(await state.send(self.producer, self.source.partition))
        await self.producer.commit_transaction()
        await super().commit(BatchResult(result.outputs, [], result.counts), next_offset)


class StateFirst(Assignment):
    """The state is advanced before the commit."""

    def _new_writer(self, source: TopicPartition) -> PartitionWriter:
        return _StateFirst(self._config, source, self._fault, self._config.produce_batch_bytes)


class StateKept(Assignment):
    """After a failed commit the partition goes on with the state that was not committed."""

    async def failed(self, partition: InputPartition, error: BaseException) -> None:
        self._stats.aborted += 1
        await partition.writer.abort()
        partition.position = partition.committed
        self._consumer.seek(partition.source, partition.committed)


MUTATIONS: dict[str, type[Assignment]] = {
    "no-epoch-rule": NoEpochRule,
    "offsets-outside": OffsetsOutside,
    "state-first": StateFirst,
    "state-kept": StateKept,
}
