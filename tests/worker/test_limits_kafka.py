"""Records too large for their topics do not stop a worker: they are rejected, and the next ones come out."""

import asyncio
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.kafka import EmbeddedKafka
from pipeline.settings import Settings
from pipeline.worker.preflight import PreflightError, preflight
from pipeline.worker.run import run_worker
from tests.kafka.support import header, read_all
from topics.admin import DeployedTopic, SetConfig, apply_changes, connect, deployment, make_plan, read_state

pytestmark = pytest.mark.kafka

SMALL = 100_000


@pytest.fixture
async def settings(kafka: EmbeddedKafka, prefix: str, group: str, unique: str) -> Settings:
    """A deployment whose topics take records of 100 kB at most, the input but for compression 1 MB."""
    topics = deployment(prefix, group, f"events-{unique}")
    async with connect(kafka.bootstrap_servers) as admin:
        state = await read_state(admin, topics)
        await apply_changes(admin, make_plan(topics, state, partitions=1, replication_factor=1).changes, state)
    await _shrink(kafka, [topic for topic in topics if topic.role != "input"], SMALL)
    return Settings.model_validate(
        {"bootstrap_servers": kafka.bootstrap_servers, "prefix": prefix, "group": group, "input_topic": topics[0].name}
    )


async def _shrink(kafka: EmbeddedKafka, topics: list[DeployedTopic], most: int) -> None:
    changes = [SetConfig(topic.name, {}, {"max.message.bytes": str(most)}) for topic in topics]
    async with connect(kafka.bootstrap_servers) as admin:
        await apply_changes(admin, changes, await read_state(admin, topics))


def item(name: str, text: str) -> bytes:
    content = [{"type": "input_text", "text": text}]
    told = {"id": name, "type": "message", "role": "user", "content": content}
    return orjson.dumps({"type": "conversation.item.done", "event_id": name, "item": told})


@pytest.mark.parametrize("delivery", ["exactly-once", "at-least-once"])
async def test_what_does_not_fit_is_rejected_and_the_next_comes_out(settings: Settings, delivery: str) -> None:
    settings = settings.model_copy(update={"delivery": delivery})
    told = [
        item("fits", "x" * 30_000),
        item("too-large-an-output", "x" * 60_000),
        item("too-large-as-it-came", "x" * 3_000_000),  # compressed, so that the input topic takes it
        *(item(f"one-of-a-batch-{number}", "x" * 9_000) for number in range(30)),
        item("last", "x"),
    ]
    async with AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, compression_type="zstd", max_request_size=20_000_000
    ) as producer:
        for value in told:
            await producer.send_and_wait(settings.input_topic, value, b"session", 0)
    messages = await _run(settings, settings.prefix + ".items.messages", 32)
    rejected = await read_all(settings.bootstrap_servers, settings.prefix + ".rejected")
    assert [orjson.loads(record.value)["item_id"] for record in messages] == [
        "fits",
        *(f"one-of-a-batch-{number}" for number in range(30)),
        "last",
    ]
    assert [header(record, "itemstream-reject-reason") for record in rejected] == [b"too_large"] * 2
    assert [header(record, "itemstream-left-out") for record in rejected if len(record.headers) > 9] == [b"value"]
    assert [record.key for record in rejected] == [b"session"] * 2


async def _run(settings: Settings, topic: str, count: int) -> list[Any]:
    """Run a worker until the topic has so many records."""
    stop = asyncio.Event()
    worker = asyncio.create_task(run_worker(settings, stop))
    found: list[Any] = []
    try:
        async with asyncio.timeout(30):
            while not worker.done() and len(found) < count:
                found = await read_all(settings.bootstrap_servers, topic)
    finally:
        stop.set()
        await worker
    return found


async def test_a_topic_with_room_for_nothing_is_named(kafka: EmbeddedKafka, settings: Settings) -> None:
    name = f"{settings.prefix}.responses"
    topics = deployment(settings.prefix, settings.group, settings.input_topic)
    await _shrink(kafka, [topic for topic in topics if topic.name == name], 2_000)
    with pytest.raises(PreflightError, match=rf"^topic {name} takes records of 2000 bytes at most, .*set max\.message"):
        await preflight(settings)
