"""Events per second of the HTTP collector: one process, acknowledged by Kafka, in batches of several sizes and alone.

    python -m bench.ingest_http [--seconds S] [--senders N] [--batch N …]

Starts an embedded Kafka and the command `itemstream ingest http`, then sends simulated events of all dialects from this
process, `--senders` requests at a time, each sender a session. Counted is what was answered 200; the collector's
processor time beside it, so that a busy machine shows. Last, the topic's end says whether all of it is there.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
import uuid
from itertools import islice
from typing import NamedTuple

import aiohttp
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench import processes
from pipeline import simulate
from pipeline.kafka import EmbeddedKafka, probe

COMMAND = (sys.executable, "-m", "pipeline.cli.main", "ingest", "http")
PATH = "/v1/realtime/server-events"
PARTITIONS = 6
MADE = 20_000
"""Events that are simulated; they are sent again and again."""


class Measured(NamedTuple):
    """One way of sending."""

    batch: int
    events: int
    seconds: float
    processor_seconds: float
    latencies: list[float]

    def line(self) -> str:
        ordered = sorted(self.latencies)
        p50, p99 = (ordered[int(len(ordered) * share)] * 1000 for share in (0.5, 0.99))
        return (
            f"{self.batch:>6} {self.events / self.seconds:>10,.0f} {self.events / self.processor_seconds:>16,.0f} "
            f"{self.processor_seconds / self.seconds:>9.0%} {p50:>9.1f} {p99:>9.1f}"
        )


def made() -> list[bytes]:
    """Values of simulated events, in the order of their time."""
    return [event.value for event in islice(simulate.interleave(simulate.sessions(1, None)), MADE) if event.value]


async def send(url: str, pid: int, values: list[bytes], batch: int, senders: int, seconds: float) -> Measured:
    bodies = [b"\n".join(values[start : start + batch]) for start in range(0, len(values) - batch + 1, batch)]
    headers = {"content-type": "application/x-ndjson"}
    latencies: list[float] = []
    ends = time.perf_counter() + seconds
    cpu, began = processes.cpu_seconds(pid), time.perf_counter()

    async def sender(client: aiohttp.ClientSession, number: int) -> None:
        query = {"session_id": f"sess_{uuid.uuid4().hex}", "provider": "openai"}
        while (now := time.perf_counter()) < ends:
            number = (number + 1) % len(bodies)
            async with client.post(PATH, data=bodies[number], headers=headers, params=query) as answer:
                told = await answer.read()
                assert answer.status == 200, told
            latencies.append(time.perf_counter() - now)

    async with aiohttp.ClientSession(url, connector=aiohttp.TCPConnector(limit=senders)) as client:
        await asyncio.gather(*(sender(client, number * 7) for number in range(senders)))
    took = time.perf_counter() - began
    return Measured(batch, len(latencies) * batch, took, processes.cpu_seconds(pid) - cpu, latencies)


async def end(servers: str, topic: str) -> int:
    consumer = AIOKafkaConsumer(bootstrap_servers=servers)
    await consumer.start()
    ends = await consumer.end_offsets([TopicPartition(topic, number) for number in range(PARTITIONS)])
    await consumer.stop()
    return sum(ends.values())


async def measure(servers: str, options: argparse.Namespace) -> None:
    topic = f"bench-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, PARTITIONS, 1)])
    await admin.close()
    values = made()
    port = probe.free_ports(1)[0]
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "--bootstrap-servers", servers, "--input-topic", topic, "--ingest-port", str(port),
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    print((await process.stderr.readline()).decode(), end="")
    try:
        size = sum(map(len, values)) / len(values)
        print(
            f"events of {size:.0f} bytes on average, {options.senders} requests at a time, {options.seconds:g} s each"
        )
        print(f"{'batch':>6} {'events/s':>10} {'events/s of CPU':>16} {'of a core':>9} {'p50 ms':>9} {'p99 ms':>9}")
        sent = 0
        for batch in options.batch:
            measured = await send(
                f"http://127.0.0.1:{port}", process.pid, values, batch, options.senders, options.seconds
            )
            sent += measured.events
            print(measured.line(), flush=True)
        print(f"{sent:,} events were answered 200, {await end(servers, topic):,} are in the topic")
    finally:
        process.terminate()
        await process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--senders", type=int, default=16)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 10, 100, 500])
    options = parser.parse_args()
    with EmbeddedKafka() as broker:
        uvloop.run(measure(broker.bootstrap_servers, options))


if __name__ == "__main__":
    main()
