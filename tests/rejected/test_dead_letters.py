"""What a subscriber gave up, redriven: to it alone, and handled."""

import asyncio

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.core import CoreSettings, Partition
from pipeline.rejected.redrive import Order, redrive
from pipeline.rejected.selection import Selection
from tests.core.events import Record
from tests.kafka.deploy import deploy
from tests.kafka.support import read_all, until
from tests.rejected.support import message
from topics import Message
from topics.subscribers import Retry, subscriber

pytestmark = pytest.mark.kafka


async def test_a_dead_letter_is_handled_again_by_its_subscriber_alone(bootstrap_servers: str, unique: str) -> None:
    deployed = await deploy(bootstrap_servers, unique, 1)
    event = Record(orjson.dumps(message("item_1", "hello")), b"s")
    (output,) = Partition(CoreSettings(prefix=deployed.prefix)).process([event]).outputs
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers) as producer:
        headers = [(name, value or b"") for name, value in output.headers]
        await producer.send_and_wait(output.topic, output.value, output.key, 0, headers=headers)
    handled: list[str | None] = []
    mended = False

    @subscriber(
        Message,
        group=f"g-{unique}",
        bootstrap_servers=bootstrap_servers,
        prefix=deployed.prefix,
        retry=Retry(attempts=1),
    )
    async def handle(record: Message) -> None:
        if not mended:
            raise ValueError("not today")
        handled.append(record.text)

    running = asyncio.create_task(handle.run())
    try:
        letters: list[object] = []
        async with asyncio.timeout(60):
            while not letters:
                await asyncio.sleep(0.5)
                try:
                    letters = await read_all(bootstrap_servers, handle.dead_letter_topic)
                except Exception:
                    continue  # the topic is being made
        mended = True
        order = Order(handle.dead_letter_topic, Selection(reasons=frozenset({"ValueError"})))
        assert (await redrive(deployed.settings(), order)).redriven == 1
        assert (await redrive(deployed.settings(), order)).already == 1
        await until(lambda: handled, 60)
    finally:
        handle.stop()
        await running
    assert handled == ["hello"]
    assert len(await read_all(bootstrap_servers, deployed.messages)) == 1
