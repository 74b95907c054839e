"""Events in Kafka as a collector writes them: keyed, headed, stamped, in order."""

import time
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.cli.main import main
from pipeline.errors import ItemstreamError
from pipeline.simulate import Faults, interleave, sessions
from pipeline.simulate.playing import Load, play
from pipeline.simulate.producer import KafkaWriter

pytestmark = pytest.mark.kafka

PARTITIONS = 3


@pytest.fixture
def input_topic(bootstrap_servers: str, prefix: str) -> str:
    name = f"{prefix}-events"
    where = ["--bootstrap-servers", bootstrap_servers, "--prefix", prefix, "--input-topic", name]
    assert main(["topics", "apply", "--yes", "--partitions", str(PARTITIONS), *where]) == 0
    return name


async def read(bootstrap_servers: str, topic: str, count: int) -> list[Any]:
    consumer: Any = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        found: list[Any] = []
        until = time.monotonic() + 30
        while len(found) < count and time.monotonic() < until:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += records
        return found
    finally:
        await consumer.stop()


async def test_what_was_played_is_in_the_topic(bootstrap_servers: str, input_topic: str) -> None:
    load = Load(seed=3, count=25, faults=Faults(repeat_ratio=0.02, bad_ratio=0.02))
    writer = KafkaWriter(bootstrap_servers, input_topic)
    await writer.start()
    played = await play(load, writer)
    await writer.close()
    wanted = list(interleave(sessions(3, 25, faults=load.faults)))
    found = await read(bootstrap_servers, input_topic, played.events)
    assert len(found) == len(wanted) == played.events
    homes: dict[bytes, set[int]] = {}
    for record in found:
        homes.setdefault(record.key, set()).add(record.partition)
    assert all(len(partitions) == 1 for partitions in homes.values())
    assert len({partition for partitions in homes.values() for partition in partitions}) == PARTITIONS
    for session_id in homes:
        ours = [record for record in found if record.key == session_id]
        theirs = [event for event in wanted if event.session_id.encode() == session_id]
        assert [(r.value, r.timestamp) for r in ours] == [(event.value, event.time_ms) for event in theirs]
        assert [list(r.headers) for r in ours] == [event.headers for event in theirs]


async def test_a_topic_that_does_not_exist(bootstrap_servers: str, prefix: str) -> None:
    writer = KafkaWriter(bootstrap_servers, f"{prefix}-none")
    with pytest.raises(ItemstreamError, match=r"does not exist; make it with itemstream topics apply"):
        await writer.start()
    await writer.close()


async def test_no_broker() -> None:
    writer = KafkaWriter("127.0.0.1:1", "any")
    with pytest.raises(ItemstreamError, match=r"no Kafka at 127\.0\.0\.1:1"):
        await writer.start()
    await writer.close()


def test_the_command_plays_into_kafka(
    bootstrap_servers: str, input_topic: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ledger = tmp_path / "ledger.jsonl"
    where = ["--bootstrap-servers", bootstrap_servers, "--input-topic", input_topic]
    assert main(["simulate", "--sessions", "20", "--ledger", str(ledger), *where]) == 0
    told = capfd.readouterr().err
    assert f"events of 20 sessions to {input_topic}" in told
    assert len(ledger.read_bytes().splitlines()) > 60
