"""A great many broken events through the real worker on real Kafka: `python -m tests.kafka.fuzz_worker --count 100000`.

Every record must end as used, ignored or rejected; the worker must not restart anything. Its time is held beside that
of the same events unbroken. Prints the figures as JSON, and leaves with 1 where something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
import uuid
from collections.abc import Sequence
from itertools import islice
from random import Random
from typing import Any

from aiokafka import AIOKafkaProducer

from pipeline.kafka import EmbeddedKafka
from pipeline.stack import WorkerProcess
from tests.core.events import Record
from tests.core.fuzz_core import clean
from tests.core.mutate import mutated
from tests.kafka.deploy import Deployed, deploy

PARTITIONS = 2
LARGEST = 1_000_000
"""The input topic takes no larger records; what is larger never gets to the worker."""
DEADLINE_SECONDS = 120.0


def records(count: int, seed: int, *, broken: bool) -> list[Record]:
    """So many events of simulated sessions, each of them broken or none."""
    random = Random(seed)
    whole = islice(clean(seed), count)
    return [mutated(random, record)[1] if broken else record for record in whole]


async def produce(deployed: Deployed, batch: Sequence[Record]) -> int:
    """Write them to the input topic; how many it took."""
    producer: Any = AIOKafkaProducer(bootstrap_servers=deployed.bootstrap_servers, max_request_size=2 * LARGEST)
    acknowledged: list[Any] = []
    now_ms = int(time.time() * 1000)  # the broker refuses records from the future
    async with producer:
        for record in batch:
            if len(record.value or b"") + len(record.key or b"") + _size(record) > LARGEST:
                continue
            # Kafka's headers have names of UTF-8; broken names are the stream's own tests.
            headers = [(name.encode(errors="replace").decode(), value) for name, value in record.headers]
            # aiokafka's producer takes no record that has neither key nor value.
            key = record.key if record.key is not None or record.value is not None else b""
            partition = sum(record.key or b"") % PARTITIONS
            sent = producer.send(
                deployed.input_topic,
                record.value,
                key,
                partition,
                min(max(record.timestamp, 0), now_ms),
                headers,
            )
            acknowledged.append(await sent)
        await asyncio.gather(*acknowledged)
    return len(acknowledged)


def _size(record: Record) -> int:
    return sum(len(name) + len(value or b"") for name, value in record.headers)


def work(deployed: Deployed, expected: int) -> dict[str, Any]:
    """Run the worker until it has committed all of it: its counters, and the seconds it took from its first commit."""
    settings = deployed.settings(reject_limit_window=0).model_dump(exclude_unset=True)
    worker = WorkerProcess({**settings, "stats_interval": 0.1})
    worker.start()
    began = first = time.monotonic()
    try:
        while (consumed := worker.counters().get("consumed", 0)) < expected:
            worker.check()
            if not consumed:
                first = time.monotonic()
            if time.monotonic() - began > DEADLINE_SECONDS:
                raise TimeoutError(f"the worker consumed {consumed:,} of {expected:,} records")
            time.sleep(0.02)
        seconds = time.monotonic() - first
    finally:
        code = worker.stop()
    return {**worker.counters(), "seconds": round(seconds, 2), "exit_code": code}


async def fuzz(bootstrap_servers: str, count: int, seed: int) -> dict[str, Any]:
    """The figures of a run, with `problems`."""
    told: dict[str, Any] = {"inputs": count, "seed": seed}
    for name, broken in (("clean", False), ("broken", True)):
        deployed = await deploy(bootstrap_servers, uuid.uuid4().hex[:8], PARTITIONS)
        sent = await produce(deployed, records(count, seed, broken=broken))
        counters = await asyncio.to_thread(work, deployed, sent)
        kept = ("consumed", "used", "ignored", "rejected", "aborted", "restarts", "seconds", "exit_code")
        told[name] = {"sent": sent, **{key: counters.get(key, 0) for key in kept}}
        told[name]["records_per_second"] = round(sent / max(counters["seconds"], 0.01))
    told["problems"] = list(_problems(told["broken"]))
    return told


def _problems(figures: dict[str, Any]) -> list[str]:
    ended = figures["used"] + figures["ignored"] + sum(figures["rejected"].values())
    return [
        text
        for text, wrong in (
            (f"{figures['sent']} sent, {figures['consumed']} consumed", figures["sent"] != figures["consumed"]),
            (f"{figures['consumed']} consumed, {ended} ended", ended != figures["consumed"]),
            (
                f"{figures['restarts']} restarts, {figures['aborted']} aborted",
                figures["restarts"] or figures["aborted"],
            ),
            (f"exit code {figures['exit_code']}", figures["exit_code"]),
            ("internal errors", figures["rejected"].get("internal_error")),
        )
        if wrong
    ]


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with EmbeddedKafka() as kafka:
        told = asyncio.run(fuzz(kafka.bootstrap_servers, arguments.count, arguments.seed))
    print(json.dumps(told, indent=2))
    return 1 if told["problems"] else 0


if __name__ == "__main__":
    sys.exit(main())
