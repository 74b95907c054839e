"""Outputs as whole record batches: one batch object a topic, no future and no task a record."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Protocol, cast

from aiokafka.producer import message_accumulator

from pipeline.core.records import Change, Output
from pipeline.streaming.clients import BatchBuilder
from pipeline.streaming.failures import DeliveryError
from pipeline.streaming.header_keys import ExactBatchBuilder

MakeBatch = Callable[[], BatchBuilder]


class BatchSender(Protocol):
    """Where batches go: a producer."""

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> Awaitable[Any]: ...


class RecordBatches:
    """Record batches under construction, for one partition number over many topics.

    A record that does not fit goes into a new batch; a record larger than a batch goes alone (the builder always takes
    the first one). Order within a topic is kept.
    """

    def __init__(self, make_batch: MakeBatch, make_exact_batch: MakeBatch) -> None:
        self._make_batch = make_batch
        self._make_exact_batch = make_exact_batch
        self._topics: dict[str, list[BatchBuilder]] = {}

    def add_outputs(self, outputs: Iterable[Output]) -> None:
        """Append the records, each to its topic."""
        topics = self._topics
        for topic, key, value, headers, timestamp in outputs:
            batches = topics.get(topic)
            if batches is None:
                batches = topics[topic] = [self._make_batch()]
            try:
                taken = batches[-1].append(timestamp=timestamp, key=key, value=value, headers=headers)
            except UnicodeEncodeError:
                # A rejected record carries the input's headers, and one of their keys is not UTF-8.
                self._add_alone(batches, timestamp, key, value, headers)
                continue
            if taken is None:
                batches.append(self._make_batch())
                batches[-1].append(timestamp=timestamp, key=key, value=value, headers=headers)

    def add_changes(self, topic: str, changes: Iterable[Change], timestamp: int) -> None:
        """Append changelog records, all with the same timestamp (milliseconds)."""
        batches = self._topics.setdefault(topic, [self._make_batch()])
        for key, value in changes:
            if batches[-1].append(timestamp=timestamp, key=key, value=value, headers=[]) is None:
                batches.append(self._make_batch())
                batches[-1].append(timestamp=timestamp, key=key, value=value, headers=[])

    def _add_alone(
        self, batches: list[BatchBuilder], timestamp: int, key: bytes | None, value: bytes | None, headers: list[Any]
    ) -> None:
        exact = self._make_exact_batch()
        exact.append(timestamp=timestamp, key=key, value=value, headers=headers)
        exact.close()
        if batches[-1].record_count() == 0:
            batches.pop()
        batches += [exact, self._make_batch()]

    async def send(self, sender: BatchSender, partition: int) -> list[Awaitable[Any]]:
        """Hand all batches to the producer; the returned awaitables end with Kafka's acknowledgements.

        They raise DeliveryError. Await all of them before a commit: aiokafka commits a transaction whose batch failed.
        """
        return [
            _acknowledged(await sender.send_batch(batch, topic, partition=partition), topic, batch)
            for topic, batches in self._topics.items()
            for batch in batches
            if batch.record_count()
        ]


async def _acknowledged(sent: Awaitable[Any], topic: str, batch: BatchBuilder) -> None:
    try:
        await sent
    except Exception as error:
        raise DeliveryError(topic, batch.record_count(), batch.size(), error) from error


async def all_acknowledged(acknowledgements: Iterable[Awaitable[Any]]) -> None:
    """Wait for every one of them, then raise the first failure."""
    for result in await asyncio.gather(*acknowledgements, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


def new_batches(batch_bytes: int, *, transactional: bool) -> RecordBatches:
    """Record batches of at most `batch_bytes` (but for a single larger record), uncompressed."""
    return RecordBatches(
        lambda: cast(Any, message_accumulator).BatchBuilder(batch_bytes, 0, is_transactional=transactional),
        lambda: ExactBatchBuilder(batch_bytes, is_transactional=transactional),
    )
