"""Where outputs to check come from: lines of `itemstream process`, or the topics in Kafka."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.errors import ItemstreamError
from pipeline.ledger.check import Checker, RawOutput
from topics.admin import connect
from topics.catalogue import CATALOGUE

POLL_MS = 200
"""How long one look for new records takes, at most."""


def process_outputs(lines: Iterable[bytes]) -> Iterator[RawOutput]:
    """Outputs from the lines `itemstream process` prints. Raises `ItemstreamError` at a line that is none."""
    for number, line in enumerate(lines, 1):
        try:
            output: dict[str, Any] = orjson.loads(line)
            topic, key, value = output["topic"], output["key"], output["value"]
            headers: dict[str, str] = output["headers"]
        except (ValueError, KeyError, TypeError) as error:
            raise ItemstreamError(f"line {number} is no output of itemstream process ({error})") from error
        yield (
            topic,
            None if key is None else str(key).encode(),
            value.encode() if isinstance(value, str) else orjson.dumps(value),
            [(name, str(told).encode()) for name, told in headers.items()],
        )


async def read_topics(
    checker: Checker,
    bootstrap_servers: str,
    prefix: str,
    *,
    timeout: float,
    connection: Mapping[str, Any] | None = None,
    start: Mapping[TopicPartition, int] | None = None,
) -> bool:
    """Feeds the checker all output topics of a prefix, `read_committed`, until it is complete and nothing follows.

    `timeout`: seconds after which to stop in any case. `start`: offsets to begin at, else the beginning. Returns
    whether the checker was complete. Raises `ItemstreamError` where Kafka cannot be reached or topics are missing.
    """
    deadline = time.monotonic() + timeout
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=16 * 1024 * 1024,
        fetch_max_wait_ms=100,
        **dict(connection or {}),
    )
    try:
        partitions = await _partitions(bootstrap_servers, prefix, connection or {})
        await consumer.start()
        consumer.assign(partitions)
        for partition, offset in (start or {}).items():
            consumer.seek(partition, offset)
        while time.monotonic() < deadline:
            if await _feed(checker, consumer):
                continue
            if checker.complete and await _at_end(consumer, partitions):
                return True
        return checker.complete
    except KafkaError as error:
        raise ItemstreamError(f"cannot read the outputs from {bootstrap_servers}: {error}") from error
    finally:
        await consumer.stop()


async def end_offsets(
    bootstrap_servers: str, prefix: str, connection: Mapping[str, Any] | None = None
) -> dict[TopicPartition, int]:
    """Where the output topics end now: what to give `read_topics` as `start`, before a load begins."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, **dict(connection or {}))
    try:
        partitions = await _partitions(bootstrap_servers, prefix, connection or {})
        await consumer.start()
        return cast(dict[TopicPartition, int], await consumer.end_offsets(partitions))
    except KafkaError as error:
        raise ItemstreamError(f"cannot read the ends of the topics from {bootstrap_servers}: {error}") from error
    finally:
        await consumer.stop()


async def _partitions(bootstrap_servers: str, prefix: str, connection: Mapping[str, Any]) -> list[TopicPartition]:
    names = [spec.full_name(prefix) for spec in CATALOGUE]
    async with connect(bootstrap_servers, **connection) as admin:
        described = await admin.describe_topics(names)
    found = {topic["topic"]: len(topic["partitions"]) for topic in described if not topic["error_code"]}
    if missing := [name for name in names if not found.get(name)]:
        raise ItemstreamError(
            f"topics are missing ({', '.join(missing)}); make them with itemstream topics apply --yes"
        )
    return [TopicPartition(name, number) for name in names for number in range(found[name])]


async def _feed(checker: Checker, consumer: Any) -> bool:
    """Gives the checker what there is to read. False where there was nothing."""
    batches: dict[TopicPartition, list[Any]] = await consumer.getmany(timeout_ms=POLL_MS)
    for partition, records in batches.items():
        for record in records:
            checker.add(partition.topic, record.key, record.value, record.headers)
        await asyncio.sleep(0)
    return bool(batches)


async def _at_end(consumer: Any, partitions: Sequence[TopicPartition]) -> bool:
    ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return False
    return True
