"""A stream that gets nothing although records wait ends itself; one to which nothing comes does not."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from pipeline.kafka import EmbeddedKafka
from pipeline.streaming import StreamError
from tests.kafka.support import make_topics, new_stream, numbered, produce, running, until

pytestmark = pytest.mark.kafka

SOON: dict[str, Any] = {"progress_limit_seconds": 6.0, "idle_check_seconds": 0.5}


async def test_fetching_that_has_ceased_is_found_out(kafka: EmbeddedKafka, unique: str) -> None:
    names = await make_topics(kafka.bootstrap_servers, unique, 2)
    stream = new_stream(kafka.bootstrap_servers, names, config=SOON)
    task = asyncio.create_task(stream.run())
    await produce(kafka.bootstrap_servers, names.source, numbered(20, 2))
    await until(lambda: stream.stats.counts.consumed == 20)
    consumer: Any = stream._consumer
    consumer._fetcher._fetch_task.cancel()
    await asyncio.sleep(1.0)  # the fetch that was under way still brings what comes within its wait
    await produce(kafka.bootstrap_servers, names.source, numbered(20, 2))
    with pytest.raises(StreamError, match=r"no progress for \d+ s: records wait in in-"):
        await asyncio.wait_for(task, 60)


async def test_an_input_written_in_transactions_leaves_nothing_to_wait_for(kafka: EmbeddedKafka, unique: str) -> None:
    """The marker that ends a transaction has an offset, and no record."""
    names = await make_topics(kafka.bootstrap_servers, unique, 1)
    stream = new_stream(kafka.bootstrap_servers, names, config=SOON)
    async with running(stream):
        async with (
            AIOKafkaProducer(
                bootstrap_servers=kafka.bootstrap_servers, transactional_id=f"collector-{unique}"
            ) as producer,
            producer.transaction(),
        ):
            await producer.send(names.source, b"value", b"key", 0)
        await until(lambda: stream.stats.counts.consumed == 1)
        await asyncio.sleep(8)
        assert {view.lag for view in stream.stats.partitions.values()} == {0}
