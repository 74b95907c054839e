"""The projection on real topics: the store is what they are."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.console.opening import store_of
from pipeline.console.projection.projection import Projection
from pipeline.console.store.store import Store
from tests.console.projection.reference import contents, expected, read_up_to
from tests.console.projection.support import projecting, until
from tests.examples.support import _write, simulated
from tests.kafka.deploy import Deployed, deploy

pytestmark = pytest.mark.kafka


async def on_the_topics(deployed: Deployed) -> list[Any]:
    """Every record of the output topics, by a plain consumer."""
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=deployed.bootstrap_servers, isolation_level="read_committed")
    await consumer.start()
    try:
        there = [name for name in await consumer.topics() if name.startswith(deployed.prefix + ".")]
        places = [TopicPartition(name, one) for name in there for one in range(1 if name.endswith(".erased") else 2)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        found: list[Any] = []
        while any([await consumer.position(one) < ends[one] for one in places]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += records
        return found
    finally:
        await consumer.stop()


def is_read(store: Store, records: list[Any]) -> bool:
    found = read_up_to(store)
    return all(found.get((one.topic, one.partition), 0) > one.offset for one in records)


async def test_the_store_equals_the_topics(bootstrap_servers: str, unique: str, tmp_path: Path) -> None:
    deployed = await deploy(bootstrap_servers, unique, 2)
    await _write(deployed, simulated(deployed.prefix, 30))
    records = await on_the_topics(deployed)
    with store_of(deployed.settings(console_store=str(tmp_path / "store.db"))) as store:
        projection = Projection(deployed.settings(), store)
        assert projection.status.lag is None, "nobody knows yet"
        async with projecting(projection):
            # Never 0 before all that was there is in the store.
            await until(lambda: projection.status.lag == 0)
            assert is_read(store, records)
            changes = projection.changes.listen()
            told = asyncio.ensure_future(anext(changes))
            await asyncio.sleep(0)
            await _write(deployed, simulated(deployed.prefix, 31)[-20:])
            changed = await asyncio.wait_for(told, 10)
            await changes.aclose()
            records = await on_the_topics(deployed)
            # The lag is told after the commit.
            await until(lambda: is_read(store, records) and projection.status.lag == 0)
        assert changed.sessions
        assert contents(store) == expected(records, deployed.prefix)
