"""Transactions of a command, one after another: records for any partitions, and offsets, all of it or none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from pipeline.core import Output
from pipeline.streaming import aiokafka_fixes
from pipeline.streaming.clients import Producer, close_producer
from pipeline.streaming.failures import DeliveryError, is_fenced
from pipeline.streaming.record_batches import RecordBatches, all_acknowledged

T = TypeVar("T")

TRANSACTION_TIMEOUT_MS = 10_000
"""Readers of the topics that are written wait for a transaction that is open. One that a killed process left is ended
by the next one of its name, or by Kafka after this time."""

BATCH_BYTES = 512 * 1024
"""Of a record batch; below the `max.message.bytes` of any topic here. A larger record goes alone."""

Outputs = Sequence[tuple[int, Output]]
"""Each with the partition it goes to."""

Fault = Callable[[str], None]
"""Called at each step by its name; tests kill the process there."""

Explain = Callable[[bool, BaseException], Exception]
"""Makes the error that is raised: whether another one of this name took over, and what Kafka said."""


def no_fault(_step: str) -> None:
    """Nothing happens."""


def in_transactions(records: Iterable[T], size: Callable[[T], int], most: int, most_bytes: int) -> Iterator[list[T]]:
    """Records put together for a transaction each: at most so many, of at most so many bytes, but one at least."""
    batch: list[T] = []
    total = 0
    for record in records:
        length = size(record)
        if batch and (len(batch) >= most or total + length > most_bytes):
            yield batch
            batch, total = [], 0
        batch.append(record)
        total += length
    if batch:
        yield batch


class Transactions:
    """One transactional producer: to start it ends what another of its name left open, and fences that one.

    connection: of aiokafka's clients, encryption and login. Whatever Kafka refuses is raised as `explain` tells it.
    """

    def __init__(
        self, name: str, bootstrap_servers: str, connection: Mapping[str, Any], explain: Explain,
        fault: Fault = no_fault, timeout_ms: int = TRANSACTION_TIMEOUT_MS,
    ) -> None:  # fmt: skip
        self._explain = explain
        self._fault = fault
        self._timeout_ms = timeout_ms
        aiokafka_fixes.apply()
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers,
            transactional_id=name,
            transaction_timeout_ms=timeout_ms,
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            **connection,
        )
        self._producer = cast(Producer, producer)

    async def start(self) -> None:
        """Fence whoever writes under this name."""
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            raise self._explain(is_fenced(error), error) from error
        self._fault("fenced")

    async def write(
        self, *steps: tuple[str, Outputs], offset: tuple[TopicPartition, int | OffsetAndMetadata, str] | None = None
    ) -> None:
        """One transaction: the outputs of each step, named for `fault`, then an offset of a group."""
        try:
            await self._producer.begin_transaction()
            self._fault("begun")
            for name, outputs in steps:
                await self._send(outputs)
                self._fault(name)
            if offset is not None:
                place, next_offset, group = offset
                await self._producer.send_offsets_to_transaction({place: next_offset}, group)
                self._fault("offsets-sent")
            await self._producer.commit_transaction()
            self._fault("committed")
        except (KafkaError, OSError, DeliveryError) as error:
            await self._abort()
            cause = error.cause if isinstance(error, DeliveryError) else error
            raise self._explain(is_fenced(error), cause) from error
        except BaseException:
            await self._abort()
            raise

    async def close(self) -> None:
        """Free the connections. Never raises."""
        await close_producer(self._producer)

    async def _send(self, outputs: Outputs) -> None:
        by_partition: dict[int, list[Output]] = {}
        for partition, output in outputs:
            by_partition.setdefault(partition, []).append(output)
        acknowledgements: list[Awaitable[Any]] = []
        for partition, some in by_partition.items():
            batches = RecordBatches(BATCH_BYTES, transactional=True)
            batches.add_outputs(some)
            acknowledgements += await batches.send(self._producer, partition)
        # All of them before the commit: aiokafka commits a transaction of which a batch was refused.
        await all_acknowledged(acknowledgements)

    async def _abort(self) -> None:
        if aiokafka_fixes.in_transaction(self._producer):
            with contextlib.suppress(Exception):
                async with asyncio.timeout(self._timeout_ms / 1000):
                    await self._producer.abort_transaction()
