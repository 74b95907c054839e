"""Records per second of `subscribe`, typed, beside a raw aiokafka loop with `orjson.loads`, in the same run.

    python -m bench.subscribe [--records N] [--partitions P] [--rounds R] [--bootstrap-servers HOST:PORT] [--cpu]

Without --bootstrap-servers an embedded Kafka is started. Records are function calls as the docs' example has them. Both
loops read all of them, read_committed, without a group; they take turns, so that a slow moment hits both. --cpu counts
this process's CPU seconds and not the clock's: for a machine that does other things, too.
"""

import argparse
import asyncio
import statistics
import time
import uuid
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pydantic import BaseModel

from pipeline.kafka import EmbeddedKafka
from topics import FunctionCall, Message, Response, subscribe
from topics.schemas import load_example
from topics.subscriptions.decode import spec_of

MODELS: tuple[type[BaseModel], ...] = (FunctionCall, Message, Response)


clock = time.perf_counter


async def fill(servers: str, prefix: str, model: type[BaseModel], records: int, partitions: int) -> None:
    spec = spec_of(model)
    topic = spec.full_name(prefix)
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    await admin.create_topics([NewTopic(topic, partitions, 1)])
    await asyncio.sleep(0.5)
    await admin.close()
    example = load_example(spec)
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers, linger_ms=20, max_batch_size=500_000)
    await producer.start()
    sent: list[Any] = []
    for number in range(records):
        session = f"sess_{number % 200:04}"
        value = {**example, "id": f"{session}:{number}", "session_id": session, "session_sequence": number + 1}
        headers = [
            ("ce_specversion", b"1.0"), ("ce_id", value["id"].encode()),
            ("ce_source", f"/realtime/openai/{session}".encode()),
            ("ce_type", spec.record_type.encode()), ("ce_time", b"2026-01-31T12:00:00.123Z"),
            ("content-type", b"application/json"),
        ]  # fmt: skip
        place = number % 200 % partitions
        sent.append(await producer.send(topic, orjson.dumps(value), session.encode(), place, headers=headers))
    await asyncio.gather(*sent)
    await producer.stop()


async def raw(servers: str, prefix: str, model: type[BaseModel], records: int, partitions: int) -> float:
    """Seconds of `getmany` and `orjson.loads`, from the first record on."""
    topic = spec_of(model).full_name(prefix)
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=servers, isolation_level="read_committed", enable_auto_commit=False
    )
    await consumer.start()
    places = [TopicPartition(topic, number) for number in range(partitions)]
    consumer.assign(places)
    await consumer.seek_to_beginning(*places)
    count, began = 0, clock()
    while count < records:
        for some in (await consumer.getmany(timeout_ms=200)).values():
            for record in some:
                orjson.loads(record.value)
                count += 1
    seconds = clock() - began
    await consumer.stop()
    return seconds


async def typed(servers: str, prefix: str, model: type[BaseModel], records: int) -> float:
    """Seconds of `async for record in subscribe(model)`, from the start of the loop on."""
    count = 0
    async with subscribe(model, bootstrap_servers=servers, prefix=prefix) as subscription:
        began = clock()
        async for _ in subscription:
            count += 1
            if count == records:
                break
        return clock() - began


async def measure(servers: str, records: int, partitions: int, rounds: int) -> None:
    unit = "records/s of CPU" if clock is time.process_time else "records/s"
    print(f"{records:,} records a topic, {partitions} partitions, {rounds} rounds; {unit} (median)")
    for model in MODELS:
        prefix = f"bench-{uuid.uuid4().hex[:8]}"
        await fill(servers, prefix, model, records, partitions)
        loops: list[float] = []
        typeds: list[float] = []
        for _ in range(rounds):
            loops.append(records / await raw(servers, prefix, model, records, partitions))
            typeds.append(records / await typed(servers, prefix, model, records))
        ratios = [one / other for one, other in zip(typeds, loops, strict=True)]
        size = len(orjson.dumps(load_example(spec_of(model))))
        print(
            f"{model.__name__:<14} {size:>5} bytes  getmany + orjson.loads {statistics.median(loops):>8,.0f}  "
            f"subscribe {statistics.median(typeds):>8,.0f}  ratio {statistics.median(ratios):.2f} "
            f"({min(ratios):.2f} to {max(ratios):.2f})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=60_000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--bootstrap-servers")
    parser.add_argument("--cpu", action="store_true")
    options = parser.parse_args()
    if options.cpu:
        global clock
        clock = time.process_time
    sizes = options.records, options.partitions, options.rounds
    if options.bootstrap_servers:
        asyncio.run(measure(options.bootstrap_servers, *sizes))
        return
    with EmbeddedKafka() as broker:
        asyncio.run(measure(broker.bootstrap_servers, *sizes))


if __name__ == "__main__":
    main()
