"""The worker's output records onto its topics at a pace, as a process of its own.

    python -m bench.console.load --bootstrap-servers S --partitions P --items 5000

The core has made them beforehand, of simulated sessions that go on at the same time; they are written again and again,
each time of other sessions. Not by a worker: two cores are not enough for broker, worker and console at this pace.
Tells on stdout when all sessions that overlap do, runs until SIGTERM, and says then whether it kept the pace.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import signal
import time
import uuid
from collections import defaultdict
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import uvloop
from aiokafka import AIOKafkaProducer

from bench.console.records import PREFIX, is_new_item
from pipeline import simulate
from pipeline.core import CoreSettings, Output, Partition
from tests.core.events import Record

EVENTS = 20_000
"""Of the simulation, deltas and all, are the base that is written again and again."""
SECONDS = 10
"""Each copy of the base takes."""
TICKS = 20
"""A second."""

Due = dict[tuple[str, int], list[tuple[bytes, bytes]]]
"""Keys and values, by topic and partition."""


def base() -> list[Output]:
    """What comes of sessions that overlap, in the order in which it comes; each from its first event to its last."""
    ended: set[str] = set()
    events = simulate.interleave(simulate.sessions(6, None), on_end=lambda one: ended.add(one.session_id))
    some = [one for one in list(islice(events, EVENTS)) if one.session_id in ended]
    core = Partition(CoreSettings(prefix=PREFIX))
    outputs = core.process(
        Record(one.value, one.session_id.encode(), list(one.headers), number, one.time_ms)
        for number, one in enumerate(some)
    ).outputs
    return [one for one in [*outputs, *core.end().outputs] if one.key and one.value]


class Lanes:
    """`items` a second: the base in many lanes, each a little behind the one before, over and over."""

    def __init__(self, partitions: int, items: int) -> None:
        self._partitions = partitions
        self._base = base()
        of_base = sum(is_new_item(one.topic, one.value or b"") for one in self._base)
        self._lanes = math.ceil(items * SECONDS / of_base)
        self._run = uuid.uuid4().hex[:8].encode()
        # The newest of the store.
        self._today = datetime.now(UTC).strftime("%Y-%m-%dT").encode()

    def due(self, number: int) -> Due:
        """What is to be written in this tick."""
        due: Due = defaultdict(list)
        length = SECONDS * TICKS
        per_tick = len(self._base) / length
        for lane in range(self._lanes):
            at = number - lane * length // self._lanes
            if at < 0:
                continue
            copy, place = divmod(at, length)
            suffix = b"-%s-%d-%d" % (self._run, lane, copy)
            for one in self._base[round(place * per_tick) : round((place + 1) * per_tick)]:
                name = one.key or b""
                value = (one.value or b"").replace(name, name + suffix).replace(b"2026-05-28T", self._today)
                due[one.topic, (name[-1] + lane) % self._partitions].append((name + suffix, value))
        return due


class Load:
    """The lanes onto the topics."""

    def __init__(self, producer: Any, partitions: int, items: int) -> None:
        self._producer = producer
        self._lanes = Lanes(partitions, items)

    async def tick(self, number: int) -> int:
        """Write what is due in this tick; how many records."""
        due = self._lanes.due(number)
        for (topic, partition), some in due.items():
            await self._send(topic, partition, some)
        return sum(map(len, due.values()))

    async def _send(self, topic: str, partition: int, some: list[tuple[bytes, bytes]]) -> None:
        now = time.time_ns() // 1_000_000
        batch = self._producer.create_batch()
        for key, value in some:
            if batch.append(key=key, value=value, timestamp=now) is None:
                await self._producer.send_batch(batch, topic, partition=partition)
                batch = self._producer.create_batch()
                batch.append(key=key, value=value, timestamp=now)
        await self._producer.send_batch(batch, topic, partition=partition)


async def run(options: argparse.Namespace) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AIOKafkaProducer(bootstrap_servers=options.bootstrap_servers, max_batch_size=900_000) as producer:
        load = Load(producer, options.partitions, options.items)
        began, number, sent = time.perf_counter(), 0, 0
        while not stop.is_set():
            sent += await load.tick(number)
            number += 1
            if number == SECONDS * TICKS:
                print("steady", flush=True)
            # What was late is made up for.
            await asyncio.sleep(max(0.0, began + number / TICKS - time.perf_counter()))
        await producer.flush()
        late = time.perf_counter() - began - number / TICKS
    print(f"{sent:,} records, {late:.1f} s late at the end", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--items", type=int, required=True, help="a second, revisions of the same one not counted")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
