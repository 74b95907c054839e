"""Committed records per second of the stream alone: every record is parsed and written back out.

    python bench/passthrough.py [--records N] [--partitions P] [--rounds R] [--bootstrap-servers HOST:PORT] [--agents]

Without --bootstrap-servers an embedded Kafka is started. The records are written first; what is timed is from the first
record processed to the last one committed. Both delivery modes take turns, so that a slow moment hits both.
"""

import argparse
import asyncio
import statistics
import time
import uuid
from collections.abc import Sequence
from typing import Any

import orjson
import uvloop
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from pipeline.app import create_app
from pipeline.core import BatchResult, Counts, InputRecord, Output
from pipeline.kafka import EmbeddedKafka
from pipeline.logs import configure_logs
from pipeline.streaming import StreamConfig, TransactionalStream

MODES = ("exactly-once", "at-least-once")
KEYS = 100


class Echo:
    """Parses and serialises every record; the state is a number a key."""

    def __init__(self, output: str) -> None:
        self._output = output
        self._numbers: dict[bytes, int] = {}
        self.first: float | None = None

    def restore(self, key: bytes, value: bytes | None) -> None:
        self._numbers[key] = int(value or b"0")

    def restored(self) -> None:
        pass

    def process(self, records: Sequence[InputRecord], now_ms: int) -> BatchResult:
        self.first = self.first or time.perf_counter()
        topic, numbers = self._output, self._numbers
        headers: list[tuple[str, bytes | None]] = [("content-type", b"application/json")]
        outputs: list[Output] = []
        changed: set[bytes] = set()
        for record in records:
            key = record.key or b""
            numbers[key] = numbers.get(key, 0) + 1
            changed.add(key)
            value = orjson.dumps(orjson.loads(record.value or b"null"))
            outputs.append(Output(topic, key, value, headers, record.timestamp))
        changes: list[tuple[bytes, bytes | None]] = [(key, b"%d" % numbers[key]) for key in changed]
        return BatchResult(outputs, changes, Counts(consumed=len(records), used=len(records)))

    def idle(self, wall_ms: int) -> BatchResult:
        return BatchResult([], [], Counts())


def record(number: int) -> bytes:
    """About 290 bytes: a delta as providers send them."""
    return orjson.dumps(
        {
            "type": "response.output_audio_transcript.delta",
            "event_id": f"event_{number:020d}",
            "response_id": "resp_CbHxTQYFR5pQeqgKZdQRd",
            "item_id": f"item_{number % KEYS:021d}",
            "output_index": 0,
            "content_index": 0,
            "delta": " lorem ipsum dolor sit amet, consetetur",
            "obfuscation": "k3Bd9PaX0f1Lm",
        }
    )


async def fill(servers: str, topic: str, partitions: int, records: int) -> None:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, partitions, 1)])
    await admin.close()
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers, max_batch_size=500_000)
    await producer.start()
    per_partition = records // partitions
    for partition in range(partitions):
        waiting: list[Any] = []
        number = 0
        while number < per_partition:
            batch = producer.create_batch()
            while number < per_partition and batch.append(
                timestamp=None, key=b"session-%d-%d" % (partition, number % KEYS), value=record(number), headers=[]
            ):
                number += 1
            batch.close()
            waiting.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*waiting)
    await producer.stop()


async def run(servers: str, source: str, partitions: int, records: int, mode: Any, agents: bool) -> float:
    """One run; records committed per second."""
    unique = uuid.uuid4().hex[:8]
    output, group = f"out-{unique}", f"group-{unique}"
    changelog = f"{group}-changelog"
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    compact = {"cleanup.policy": "compact"}
    await admin.create_topics(
        [NewTopic(output, partitions, 1), NewTopic(changelog, partitions, 1, topic_configs=compact)]
    )
    await admin.close()
    await asyncio.sleep(1)
    config = StreamConfig(
        bootstrap_servers=servers,
        group=group,
        input_topic=source,
        changelog_topic=changelog,
        output_topics=(output,),
        delivery=mode,
    )
    cores: list[Echo] = []
    streams: list[TransactionalStream] = []

    def new_core(_: int) -> Echo:
        cores.append(Echo(output))
        return cores[-1]

    def make_stream(**options: Any) -> TransactionalStream:
        streams.append(TransactionalStream(config, new_core, **options))
        return streams[-1]

    app: Any = None
    task: asyncio.Task[None] | None = None
    if agents:
        app = create_app("bench", lambda handler: make_stream(handler=handler))
        await app.start()
    else:
        task = asyncio.create_task(make_stream().run())
    stats = streams[0].stats
    wanted = records // partitions * partitions
    cpu = time.process_time()
    while stats.counts.consumed < wanted:
        await asyncio.sleep(0.005)
        if task is not None and task.done():
            task.result()
    ended = time.perf_counter()
    cpu = time.process_time() - cpu
    started = min(core.first for core in cores if core.first is not None)
    if app is not None:
        await app.stop()
    if task is not None:
        streams[0].stop()
        await task
    print(
        f"  {mode}: {wanted / (ended - started):,.0f} records/s, {stats.transactions} transactions, "
        f"commit {1000 * stats.commit_seconds / stats.transactions:.1f} ms, "
        f"{1e6 * cpu / wanted:.2f} µs CPU a record, of it {1e6 * stats.process_seconds / wanted:.2f} in the core"
    )
    return wanted / (ended - started)


async def main(arguments: argparse.Namespace, servers: str) -> None:
    source = f"in-{uuid.uuid4().hex[:8]}"
    await fill(servers, source, arguments.partitions, arguments.records)
    rates: dict[str, list[float]] = {mode: [] for mode in MODES}
    for _ in range(arguments.rounds):
        for mode in MODES:
            rate = await run(servers, source, arguments.partitions, arguments.records, mode, arguments.agents)
            rates[mode].append(rate)
    for mode, some in rates.items():
        print(f"{mode}: median {statistics.median(some):,.0f} records/s of {len(some)} rounds")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Pass-through speed of the transactional stream.")
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bootstrap-servers")
    parser.add_argument("--agents", action="store_true", help="through the Faust app, as the worker does")
    given = parser.parse_args()
    configure_logs("warning")
    if given.bootstrap_servers:
        uvloop.run(main(given, given.bootstrap_servers))
    else:
        with EmbeddedKafka() as kafka:
            uvloop.run(main(given, kafka.bootstrap_servers))
