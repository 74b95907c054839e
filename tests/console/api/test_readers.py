"""Which groups are drawn as readers of the pipeline's topics: those that are, however many others there are."""

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.console.kafka import readers
from pipeline.console.kafka.readers import Readers
from pipeline.ingest.file import FILES
from pipeline.ingest.journal.drain import JOURNALS
from tests.kafka.deploy import deploy
from topics.admin import connect

pytestmark = pytest.mark.kafka


async def commit(bootstrap_servers: str, group: str, topic: str, offset: int) -> None:
    """A group that has read so far."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        await consumer.commit({place: offset})
    finally:
        await consumer.stop()


async def test_others_take_no_place(bootstrap_servers: str, unique: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MOST_SHOWN", 2)
    deployed, elsewhere = await deploy(bootstrap_servers, unique, 1), await deploy(bootstrap_servers, f"b-{unique}", 1)
    topics = {deployed.input_topic, deployed.messages}
    for number in range(4):
        await commit(bootstrap_servers, f"a-{unique}-{number}", elsewhere.messages, 1)
        await commit(bootstrap_servers, f"{FILES}{unique}-{number}", deployed.input_topic, 1)
        await commit(bootstrap_servers, f"{JOURNALS}{unique}-{number}", deployed.input_topic, 1)
    for name in ("-replay-1", ""):
        await commit(bootstrap_servers, f"{deployed.group}{name}", deployed.input_topic, 1)
    for number in range(3):
        await commit(bootstrap_servers, f"z-{unique}-{number}", deployed.messages, number)
    async with connect(bootstrap_servers) as admin:
        known = Readers(admin, deployed.group)
        await known.look(topics)
        place = TopicPartition(deployed.messages, 0)
        assert known.shown == {f"z-{unique}-0": {place: 0}, f"z-{unique}-1": {place: 1}}
        assert known.more == 1


async def test_of_very_many_groups_each_is_asked_for_in_its_turn(
    bootstrap_servers: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readers, "MOST_ASKED", 1)
    deployed = await deploy(bootstrap_servers, unique, 1)
    name = f"z-{unique}"
    await commit(bootstrap_servers, name, deployed.messages, 5)
    place = TopicPartition(deployed.messages, 0)
    async with connect(bootstrap_servers) as admin:
        known = Readers(admin, deployed.group)
        listed = await admin.list_consumer_groups()  # pyright: ignore
        for _ in range(len(listed)):
            await known.look({deployed.messages})
        assert known.shown == {name: {place: 5}}
        # Who is shown is asked for each time.
        await commit(bootstrap_servers, name, deployed.messages, 6)
        await known.look({deployed.messages})
        assert known.shown == {name: {place: 6}}
