"""Outputs as whole record batches: one batch object a topic, no future and no task a record."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any, Protocol

from aiokafka.producer.message_accumulator import BatchBuilder

from pipeline.core import Change, Output
from pipeline.streaming.failures import DeliveryError
from pipeline.streaming.header_keys import ExactBatchBuilder


class BatchSender(Protocol):
    """Where batches go: a producer."""

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> Awaitable[Any]: ...


class FastBatchBuilder(BatchBuilder):
    """aiokafka's batch builder, filled by many records at a time: its `append` costs as much as the record itself."""

    _builder: Any
    _relative_offset: int

    def __init__(self, batch_bytes: int, *, transactional: bool) -> None:
        super().__init__(batch_bytes, 0, is_transactional=transactional)  # pyright: ignore[reportUnknownMemberType]

    def fill(self, records: Sequence[Output], start: int) -> int:
        """Append records from index `start` on; the index of the first that was not taken.

        Raises UnicodeEncodeError for a record with a header key that is not UTF-8; those before it are in then.
        """
        append = self._builder.append
        number: int = self._relative_offset
        try:
            for index in range(start, len(records)):
                _, key, value, headers, timestamp = records[index]
                if append(number, timestamp, key, value, headers) is None:
                    return index
                number += 1
        finally:
            self._relative_offset = number
        return len(records)


class RecordBatches:
    """Record batches under construction, for one partition number over many topics.

    batch_bytes: size of a batch. A record that does not fit goes into the next one; a record larger than a batch goes
    alone (a builder always takes its first). Order within a topic is kept.
    """

    def __init__(self, batch_bytes: int, *, transactional: bool) -> None:
        self._batch_bytes = batch_bytes
        self._transactional = transactional
        self._batches: list[tuple[str, Any]] = []

    def add_outputs(self, outputs: Iterable[Output]) -> None:
        """Append the records, each to its topic."""
        topics: dict[str, list[Output]] = {}
        for output in outputs:
            some = topics.get(output[0])
            if some is None:
                some = topics[output[0]] = []
            some.append(output)
        for topic, some in topics.items():
            self._fill(topic, some)

    def add_changes(self, topic: str, changes: Iterable[Change], timestamp: int) -> None:
        """Append changelog records, all with the same timestamp (milliseconds)."""
        self._fill(topic, [Output(topic, key, value, [], timestamp) for key, value in changes])

    async def send(self, sender: BatchSender, partition: int) -> list[Awaitable[Any]]:
        """Hand all batches to the producer; the returned awaitables end with Kafka's acknowledgements.

        They raise DeliveryError. Await all of them before a commit: aiokafka commits a transaction whose batch failed.
        """
        # The first batch of every topic goes first: a second one waits until the producer has taken the first, and by
        # then all topics should have joined the transaction.
        order = sorted(range(len(self._batches)), key=lambda index: self._is_later(index))
        return [
            _acknowledged(await sender.send_batch(batch, topic, partition=partition), topic, batch)
            for topic, batch in (self._batches[index] for index in order)
        ]

    def _is_later(self, index: int) -> bool:
        return index > 0 and self._batches[index - 1][0] == self._batches[index][0]

    def _fill(self, topic: str, records: list[Output]) -> None:
        done = 0
        while done < len(records):
            batch = FastBatchBuilder(self._batch_bytes, transactional=self._transactional)
            odd: int | None = None
            try:
                done = batch.fill(records, done)
            except UnicodeEncodeError:
                # A rejected record carries the input's headers, and one of their keys is not UTF-8.
                done = odd = done + batch.record_count()
            if batch.record_count():
                self._batches.append((topic, batch))
            if odd is not None:
                self._batches.append((topic, self._exact(records[odd])))
                done = odd + 1

    def _exact(self, record: Output) -> ExactBatchBuilder:
        batch = ExactBatchBuilder(self._batch_bytes, is_transactional=self._transactional)
        _, key, value, headers, timestamp = record
        batch.append(timestamp=timestamp, key=key, value=value, headers=headers)
        return batch


async def _acknowledged(sent: Awaitable[Any], topic: str, batch: Any) -> None:
    try:
        await sent
    except Exception as error:
        raise DeliveryError(topic, batch.record_count(), batch.size(), error) from error


async def all_acknowledged(acknowledgements: Iterable[Awaitable[Any]]) -> None:
    """Wait for every one of them, then raise the first failure."""
    for result in await asyncio.gather(*acknowledgements, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result
