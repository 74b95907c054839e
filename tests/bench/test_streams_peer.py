"""The Kafka Streams peer on a real broker: every record once, its JSON unchanged, and a clean end."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

RUN = Path(__file__).parents[2] / "bench" / "streams" / "run"
RECORDS, PARTITIONS = 2000, 2

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    subprocess.run([RUN, "--build"], check=True, timeout=280)


async def fill(servers: str, source: str, sink: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in (source, sink)])
    await admin.close()
    async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
        for number in range(RECORDS):
            value = json.dumps({"n": number, "text": "héllo", "deep": [None, {"x": 1.5}]}).encode()
            await producer.send(source, value, key=b"%d" % number, headers=[("ce_type", b"t")])
        await producer.flush()


async def committed(servers: str, topic: str, wanted: int, seconds: float) -> list[tuple[bytes, dict, list]]:
    """What a read_committed reader sees, until `wanted` are there, and a moment longer for what is too many."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    consumer.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
    seen = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for records in (await consumer.getmany(timeout_ms=500)).values():
            seen += [(record.key, json.loads(record.value or b""), list(record.headers)) for record in records]
        if len(seen) >= wanted:
            deadline = min(deadline, time.monotonic() + 1)
    await consumer.stop()
    return seen


@pytest.mark.parametrize("tuning", ["defaults", "throughput", "latency"])
@pytest.mark.parametrize("delivery", ["at-least-once", "exactly-once"])
async def test_every_record_comes_out_once(bootstrap_servers: str, unique: str, delivery: str, tuning: str) -> None:
    source, sink = f"in-{unique}", f"out-{unique}"
    await fill(bootstrap_servers, source, sink)
    options = {
        "--bootstrap-servers": bootstrap_servers, "--input": source, "--output": sink, "--group": f"streams-{unique}",
        "--delivery": delivery, "--tuning": tuning,
    }  # fmt: skip
    program = subprocess.Popen(  # noqa: ASYNC220
        [RUN, *(word for pair in options.items() for word in pair)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "READY\n"
        seen = await committed(bootstrap_servers, sink, RECORDS, seconds=40)
        program.send_signal(signal.SIGTERM)
        assert program.wait(25) == 0
    finally:
        if program.poll() is None:
            os.kill(program.pid, signal.SIGKILL)
            program.wait()
    assert sorted(int(key) for key, _, _ in seen) == list(range(RECORDS))
    for key, value, headers in seen:
        assert value == {"n": int(key), "text": "héllo", "deep": [None, {"x": 1.5}]}
        assert headers == [("ce_type", b"t")]


@pytest.mark.parametrize("wrong", [["--delivery", "twice"], ["--speed", "9"], ["--tuning"]])
def test_wrong_use_is_told(wrong: list[str]) -> None:
    done = subprocess.run(
        [RUN, "--input", "a", "--output", "b", "--group", "c", *wrong], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 2
    assert wrong[0] in done.stderr
