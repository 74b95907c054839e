"""Writes redriven records of one partition of a rejected topic, each with its marker in the same transaction."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from pipeline.core import Output
from pipeline.errors import ItemstreamError
from pipeline.rejected.markers import Marker, marker_topic
from pipeline.rejected.record import Place
from pipeline.rejected.revive import Redriven, marker_key
from pipeline.settings import Settings
from pipeline.streaming import aiokafka_fixes
from pipeline.streaming.clients import Producer, close_producer
from pipeline.streaming.failures import DeliveryError, is_fenced
from pipeline.streaming.record_batches import RecordBatches, all_acknowledged

TRANSACTION_TIMEOUT_MS = 10_000
"""Readers of the topic that is written to wait for a transaction that is open. One that a killed process left is ended
by the next redrive, or by Kafka after this time."""

BATCH_BYTES = 512 * 1024
"""Of a record batch; below the `max.message.bytes` of any topic here. A larger record goes alone."""

Fault = Callable[[str], None]
"""Called at each step by its name; tests kill the process there."""


def no_fault(_step: str) -> None:
    """Nothing happens."""


class RedriveWriter:
    """The one writer of a partition's markers.

    Its `transactional.id` is the rejected topic and partition: to start it ends the transaction a killed one left open,
    and fences one that still runs. So what the markers say after `start` is all there is, until another one starts; and
    then a commit here is refused.
    """

    def __init__(self, settings: Settings, topic: str, partition: int, fault: Fault = no_fault) -> None:
        self._topic = topic
        self._partition = partition
        self._fault = fault
        self._producer = _producer(settings, f"itemstream-redrive-{topic}-{partition}")

    async def start(self) -> None:
        """Fence whoever redrives the partition beside this."""
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            raise self._explained(error) from error
        self._fault("fenced")

    async def write(self, records: Sequence[Redriven], markers: Mapping[Place, Marker]) -> None:
        """Write the records and their markers: all become visible together, or none. Raises ItemstreamError."""
        try:
            await self._producer.begin_transaction()
            self._fault("begun")
            await self._send([(one.partition, _output(one)) for one in records])
            self._fault("records-sent")
            name = marker_topic(self._topic)
            now = [
                (self._partition, Output(name, marker_key(place), marker.encoded(), [], -1))
                for place, marker in markers.items()
            ]
            await self._send(now)
            self._fault("markers-sent")
            await self._producer.commit_transaction()
            self._fault("committed")
        except (KafkaError, OSError, DeliveryError) as error:
            await self._abort()
            raise self._explained(error) from error
        except BaseException:
            await self._abort()
            raise

    async def close(self) -> None:
        """Free the connections. Never raises."""
        await close_producer(self._producer)

    async def _send(self, outputs: Sequence[tuple[int, Output]]) -> None:
        by_partition: dict[int, RecordBatches] = {}
        for partition in dict(outputs):
            by_partition[partition] = RecordBatches(BATCH_BYTES, transactional=True)
            by_partition[partition].add_outputs(output for to, output in outputs if to == partition)
        acknowledgements: list[Awaitable[Any]] = []
        for partition, batches in by_partition.items():
            acknowledgements += await batches.send(self._producer, partition)
        # All of them before the commit: aiokafka commits a transaction of which a batch was refused.
        await all_acknowledged(acknowledgements)

    async def _abort(self) -> None:
        if aiokafka_fixes.in_transaction(self._producer):
            with contextlib.suppress(Exception):
                async with asyncio.timeout(TRANSACTION_TIMEOUT_MS / 1000):
                    await self._producer.abort_transaction()

    def _explained(self, error: BaseException) -> ItemstreamError:
        if is_fenced(error):
            return ItemstreamError(
                f"another redrive of {self._topic}-{self._partition} was started and goes on in place of this one; "
                "nothing was written twice: `itemstream rejected list` shows what was redriven"
            )
        cause = error.cause if isinstance(error, DeliveryError) else error
        return ItemstreamError(
            f"Kafka refused to redrive records of {self._topic}-{self._partition}: {cause or type(cause).__name__}; "
            "what was committed before stays, run the same command again for the rest"
        )


def _producer(settings: Settings, transactional_id: str) -> Producer:
    aiokafka_fixes.apply()
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers,
        transactional_id=transactional_id,
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        acks="all",
        linger_ms=0,
        max_batch_size=BATCH_BYTES,
        **settings.connection(),
    )
    return cast(Producer, producer)


def _output(record: Redriven) -> Output:
    return Output(record.topic, record.key, record.value, record.headers, record.timestamp)
