"""A worker that is told to stop leaves its group at once, also while the group waits for a member that is gone."""

import asyncio
import time
from typing import Any

import pytest

from tests.faults.harness.group import members
from tests.kafka.support import Names, make_topics, new_stream, numbered, produce, running, until

pytestmark = pytest.mark.kafka

CONFIG = {"session_timeout_ms": 30_000, "heartbeat_interval_ms": 300}


@pytest.fixture
async def names(bootstrap_servers: str, unique: str) -> Names:
    return await make_topics(bootstrap_servers, unique, 4)


async def test_leaves_while_the_group_waits_for_another(bootstrap_servers: str, names: Names) -> None:
    """Else Kafka would give it partitions when the wait is over, and they would stand still for a session timeout."""
    await produce(bootstrap_servers, names.source, numbered(400, 4))
    gone, leaves, stays = (new_stream(bootstrap_servers, names, config=CONFIG) for _ in range(3))
    async with running(gone):
        await until(lambda: gone.stats.counts.consumed == 400)
        coordinator: Any = gone._consumer._coordinator  # type: ignore[attr-defined]
        await coordinator._stop_heartbeat_task()  # as if it were killed: Kafka misses it after the session timeout
        async with running(stays):
            leaving = asyncio.create_task(leaves.run())
            async with asyncio.timeout(20):
                while await members(bootstrap_servers, names.group) < 3:  # noqa: ASYNC110 - told by Kafka
                    await asyncio.sleep(0.1)
            assert not leaves.stats.rebalances, "it waits for an assignment"
            began = time.monotonic()
            leaves.stop()
            await leaving
            took = time.monotonic() - began
            assert took < 10
            assert await members(bootstrap_servers, names.group) == 2
