"""A consumer ends in peace whatever it was doing."""

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from aiokafka.protocol.fetch import FetchRequest

from pipeline.streaming import StreamConfig
from pipeline.streaming.clients import close_consumer, partition_reader
from tests.kafka.support import make_topics, until

pytestmark = pytest.mark.kafka

LONGER_THAN_THE_TEST_MS = 60_000


async def test_closed_while_a_failed_fetch_waits_to_be_made_again(
    bootstrap_servers: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broker that went away a moment ago: closing must not end as if the caller had been cancelled."""
    names = await make_topics(bootstrap_servers, unique, 1)
    config = StreamConfig(
        bootstrap_servers=bootstrap_servers,
        group=names.group,
        input_topic=names.source,
        changelog_topic=names.changelog,
        client_options={"retry_backoff_ms": LONGER_THAN_THE_TEST_MS},
    )
    consumer = partition_reader(config, 0)
    client: Any = consumer._client  # type: ignore[attr-defined]
    send, refused = client.send, 0

    async def without_fetches(node: int, request: Any, **options: Any) -> Any:
        nonlocal refused
        if isinstance(request, FetchRequest):
            refused += 1
            raise KafkaConnectionError("the broker went away")
        return await send(node, request, **options)

    monkeypatch.setattr(client, "send", without_fetches)
    await consumer.start()
    consumer.assign([TopicPartition(names.source, 0)])
    await until(lambda: refused > 0)
    await close_consumer(consumer)
    assert not any(connection.connected() for connection in client._conns.values())
