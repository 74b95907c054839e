"""What Kafka says of a run's consumer group."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tests.faults.harness.topics import Topics

STABLE = "Stable"


async def joined(bootstrap_servers: str, group: str, members: int, seconds: float) -> bool:
    """Wait until the group is at rest with so many members; False where it is not in time."""
    deadline = time.monotonic() + seconds
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    try:
        while time.monotonic() < deadline:
            with contextlib.suppress(Exception):
                if admin._client.cluster.brokers():
                    ((_, _, state, _, _, found, *_),) = (await admin.describe_consumer_groups([group]))[0].groups
                    if state == STABLE and len(found) == members:
                        return True
                else:
                    await admin.start()
                    continue
            await asyncio.sleep(0.1)
        return False
    finally:
        await admin.close()


async def members(bootstrap_servers: str, group: str) -> int:
    """How many members the group has, whatever it is doing."""
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        ((_, _, _, _, _, found, *_),) = (await admin.describe_consumer_groups([group]))[0].groups
        return len(found)
    finally:
        await admin.close()


async def drained(bootstrap_servers: str, topics: Topics, seconds: float) -> bool:
    """Wait until everything in the input is committed; False where it is not in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(Exception):
            if not await behind(bootstrap_servers, topics):
                return True
        await asyncio.sleep(0.2)
    return False


async def behind(bootstrap_servers: str, topics: Topics) -> int:
    """Input records that the group has not committed."""
    partitions = [TopicPartition(topics.input, number) for number in range(topics.partitions)]
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers)
    try:
        await admin.start()
        offsets = await admin.list_consumer_group_offsets(topics.group)
        committed = sum(max(0, offsets[one].offset) for one in partitions if one in offsets)
        await consumer.start()
        return sum((await consumer.end_offsets(partitions)).values()) - committed
    finally:
        await admin.close()
        await consumer.stop()
