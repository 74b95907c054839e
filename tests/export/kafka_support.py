"""Topics with exactly these records on them, and what is there."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic

from pipeline.core import Output
from pipeline.settings import Settings
from pipeline.streaming import aiokafka_fixes
from pipeline.streaming.record_batches import RecordBatches, all_acknowledged
from tests.kafka.support import read_all
from topics.admin import connect
from topics.fetched_records import FetchedRecord

Bare = tuple[int, bytes | None, bytes | None, tuple[tuple[str, bytes | None], ...], int]


def settings_for(bootstrap_servers: str, prefix: str = "realtime") -> Settings:
    return Settings.model_validate({"bootstrap_servers": bootstrap_servers, "prefix": prefix})


async def make(bootstrap_servers: str, *names: str, partitions: int = 1, **config: str) -> None:
    """Topics that take any timestamp and any size, and keep what is old."""
    any_time = {"message.timestamp.after.max.ms": str(2**63 - 1), "retention.ms": "-1"}
    made = any_time | {"max.message.bytes": "16000000"} | config
    async with connect(bootstrap_servers) as admin:
        await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=made) for name in names])
        async with asyncio.timeout(30):
            while not set(names) <= {one["topic"] for one in await admin.describe_topics()}:  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def put(
    bootstrap_servers: str, topic: str, records: Iterable[FetchedRecord], *, size: int = 40, leave_open: bool = False
) -> None:
    """Write the records in transactions of `size`, an aborted one behind each third; the last may stay open."""
    aiokafka_fixes.apply()
    producer: Any = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id=f"test-{uuid.uuid4().hex}")
    await producer.start()
    by_partition: dict[int, list[FetchedRecord]] = {}
    for record in records:
        by_partition.setdefault(record.partition, []).append(record)
    pieces = [
        (partition, some[start : start + size])
        for partition, some in by_partition.items()
        for start in range(0, len(some), size)
    ]
    try:
        for number, (partition, piece) in enumerate(pieces):
            await producer.begin_transaction()
            await _send(producer, topic, partition, piece)
            if leave_open and number == len(pieces) - 1:
                return
            await producer.commit_transaction()
            if number % 3 == 0:
                await producer.begin_transaction()
                await _send(producer, topic, partition, [piece[0]._replace(value=b"aborted")])
                await producer.abort_transaction()
    finally:
        if leave_open:
            await producer.client.close()
        else:
            await producer.stop()


async def _send(producer: Any, topic: str, partition: int, records: Sequence[FetchedRecord]) -> None:
    batches = RecordBatches(100_000, transactional=True)
    batches.add_outputs(Output(topic, one.key, one.value, one.headers, one.timestamp) for one in records)
    await all_acknowledged(await batches.send(producer, partition))


async def there(bootstrap_servers: str, topic: str) -> list[Bare]:
    """What a reader of committed records sees, by partition and offset, without the offsets."""
    records = await read_all(bootstrap_servers, topic)
    return bare(sorted(records, key=lambda record: (record.partition, record.offset)))


def bare(records: Iterable[Any]) -> list[Bare]:
    """All that is to come back."""
    return [
        (one.partition, one.key, one.value, tuple((name, value) for name, value in one.headers), one.timestamp)
        for one in records
    ]
