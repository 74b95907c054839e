"""aiokafka as its documentation shows it: `getmany`, one `send` a record, all acknowledged before the commit."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import Any

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.peers.jobs import Core, echo
from bench.peers.options import EXACTLY_ONCE, parse

BATCH = 2_000
WAIT_MS = 100
FETCH_BYTES = 4 * 1024 * 1024
BATCH_BYTES = 500_000

Message = tuple[str, bytes | None, bytes | None, Sequence[tuple[str, bytes | None]], int]
"""Topic, value, key, headers, timestamp."""


async def run() -> None:
    given = parse()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    transactional = given.delivery == EXACTLY_ONCE
    consumer: Any = AIOKafkaConsumer(
        given.input, bootstrap_servers=given.bootstrap_servers, group_id=given.group, enable_auto_commit=False,
        auto_offset_reset="earliest", max_partition_fetch_bytes=FETCH_BYTES, isolation_level="read_committed",
    )  # fmt: skip
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=given.bootstrap_servers, max_batch_size=BATCH_BYTES, linger_ms=5, acks="all",
        **({"transactional_id": given.group} if transactional else {}),
    )  # fmt: skip
    core = Core(given.output) if given.job == "core" else None

    def messages(partition: int, records: Sequence[Any]) -> list[Message]:
        if core is None:
            return [(given.output, echo(record.value), record.key, (), record.timestamp) for record in records]
        return [(topic, value, key, headers, at) for topic, key, value, headers, at in core.process(partition, records)]

    async def send(fetched: dict[Any, Sequence[Any]]) -> None:
        futures = [
            await producer.send(topic, value, key, where.partition, timestamp_ms=at, headers=list(headers))
            for where, records in fetched.items()
            for topic, value, key, headers, at in messages(where.partition, records)
        ]
        await asyncio.gather(*futures)

    async with consumer, producer:
        while not stop.is_set():
            fetched = await consumer.getmany(timeout_ms=WAIT_MS, max_records=BATCH)
            if not fetched:
                continue
            offsets = {where: records[-1].offset + 1 for where, records in fetched.items()}
            if transactional:
                async with producer.transaction():
                    await send(fetched)
                    await producer.send_offsets_to_transaction(offsets, given.group)
            else:
                await send(fetched)
                await consumer.commit(offsets)


if __name__ == "__main__":
    uvloop.run(run())
