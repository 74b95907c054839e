"""Apache Kafka as an object: it starts, answers, survives a kill with its data, and says why where it can't start."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from pipeline.errors import ItemstreamError
from pipeline.kafka import EmbeddedKafka
from pipeline.kafka.config import server_properties
from pipeline.kafka.probe import cluster_id
from pipeline.kafka.process import find_running

pytestmark = pytest.mark.kafka


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


async def test_killed_and_started_again_it_has_its_data() -> None:
    async with EmbeddedKafka() as broker:
        port, before = broker.port, cluster_id(broker.port)
        await _create(broker, "kept")
        async with AIOKafkaProducer(bootstrap_servers=broker.bootstrap_servers, acks="all") as producer:
            for number in range(100):
                await producer.send_and_wait("kept", str(number).encode(), partition=0)
        broker.kill()
        assert broker.pid is None
        assert cluster_id(port) is None

        broker.start()
        assert (broker.port, cluster_id(port)) == (port, before)
        async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap_servers) as consumer:
            partition = TopicPartition("kept", 0)
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            values = [(await consumer.getone()).value for _ in range(100)]
    assert values == [str(number).encode() for number in range(100)]


async def test_two_at_once_keep_apart(kafka: EmbeddedKafka, unique: str) -> None:
    async with EmbeddedKafka() as other:
        assert other.port != kafka.port
        assert cluster_id(other.port) != cluster_id(kafka.port)
        await _create(other, unique)
        assert unique in await _topics(other)
        assert unique not in await _topics(kafka)
        folder = other.data_dir
    assert not folder.exists(), "a temporary data folder goes with its broker"


def test_a_taken_port_is_named(taken_port: int, tmp_path: Path) -> None:
    with pytest.raises(ItemstreamError, match=f"^port {taken_port} is in use by another program"):
        EmbeddedKafka(taken_port, tmp_path).start()


def test_a_failed_start_says_why_in_one_line(tmp_path: Path) -> None:
    broker = EmbeddedKafka(data_dir=tmp_path, properties={"log.segment.bytes": "many"})
    with pytest.raises(ItemstreamError, match=r"Invalid value many for configuration log\.segment\.bytes") as failed:
        broker.start()
    assert "\n" not in str(failed.value)
    assert broker.pid is None


def test_a_broker_that_dies_at_its_start_is_told_from_a_slow_one(tmp_path: Path) -> None:
    # StorageTool does not look at this one; the broker does.
    broker = EmbeddedKafka(data_dir=tmp_path, properties={"metric.reporters": "no.such.Reporter"})
    with pytest.raises(ItemstreamError, match=r"did not start \(exit code 1, log .*no\.such\.Reporter"):
        broker.start()
    assert find_running(tmp_path) is None


def test_one_data_folder_has_one_broker(tmp_path: Path) -> None:
    with EmbeddedKafka(data_dir=tmp_path) as first:
        running = find_running(tmp_path)
        assert running
        assert (running.pid, running.port) == (first.pid, first.port)
        with pytest.raises(ItemstreamError, match=f"already runs on .*port {first.port}"):
            EmbeddedKafka(data_dir=tmp_path).start()
        assert first.start() is first, "a second start of the same object changes nothing"
    assert find_running(tmp_path) is None
    assert (tmp_path / "log" / "meta.properties").exists(), "a given data folder stays"


def test_it_ends_with_a_program_that_is_killed() -> None:
    program = (
        "from pipeline.kafka import EmbeddedKafka\n"
        "broker = EmbeddedKafka().start()\n"
        "print(broker.pid, broker.data_dir, flush=True)\n"
        "input()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        pid, folder = starter.stdout.readline().decode().split()
        starter.kill()
    until = time.monotonic() + 60
    while Path(f"/proc/{pid}").exists() or Path(folder).exists():
        assert time.monotonic() < until, "the broker, or its temporary folder, is still there"
        time.sleep(0.05)


def test_stop_twice_is_fine() -> None:
    broker = EmbeddedKafka()
    broker.stop()
    broker.stop()


def test_topics_are_made_on_purpose_only() -> None:
    assert "auto.create.topics.enable=false\n" in server_properties(1, 2, Path("/data"), {})


def test_given_properties_win() -> None:
    text = server_properties(1, 2, Path("/data"), {"num.partitions": 7, "auto.create.topics.enable": True})
    assert "num.partitions=7\n" in text
    assert "num.partitions=1\n" not in text
    assert "auto.create.topics.enable=true\n" in text


async def _create(broker: EmbeddedKafka, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def _topics(broker: EmbeddedKafka) -> set[str]:
    async with AIOKafkaConsumer(bootstrap_servers=broker.bootstrap_servers) as consumer:
        return await consumer.topics()
