"""A deployment with a past: simulated sessions that the real worker has processed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from pipeline import simulate
from pipeline.core.content import words_of
from pipeline.replay.job import Job
from pipeline.replay.jobs import Order, create
from pipeline.replay.run import run
from pipeline.settings import Settings
from pipeline.simulate import Faults, SimulatedEvent
from pipeline.worker.supervisor import settings_json
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import read_all
from tests.rejected.support import work
from topics.catalogue import CATALOGUE

PARTITIONS = 3

Content = dict[str, list[tuple[Any, ...]]]


def past(count: int, seed: int = 8, faults: bool = True, ago_seconds: int = 1) -> list[SimulatedEvent]:
    """So many events of sessions that go on at once; the last of them was so long ago."""
    broken = Faults(repeat_ratio=0.01, bad_ratio=0.01) if faults else None

    def made(start_ms: int) -> list[SimulatedEvent]:
        sessions = simulate.sessions(seed, None, start_ms=start_ms, faults=broken)
        return list(islice(simulate.interleave(sessions), count))

    start = 1_780_000_000_000
    span = made(start)[-1].time_ms - start
    return made(time.time_ns() // 1_000_000 - span - ago_seconds * 1_000)


async def collect(deployed: Deployed, events: Sequence[SimulatedEvent]) -> None:
    """Write the events into the input as a collector does: Kafka's own partitioner, by session."""
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=deployed.bootstrap_servers, linger_ms=5, max_batch_size=500_000, enable_idempotence=True
    )
    await producer.start()
    try:
        sent = [
            await producer.send(
                deployed.input_topic,
                event.value,
                event.session_id.encode(),
                headers=event.headers,
                timestamp_ms=event.time_ms,
            )
            for event in events
        ]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


@dataclass(frozen=True)
class Past:
    """What was, and what the worker made of it."""

    deployed: Deployed
    events: Sequence[SimulatedEvent]
    cached: dict[str, Content] = field(default_factory=dict[str, Content])

    @property
    def settings(self) -> Settings:
        return self.deployed.settings(batch_max_records=200)

    async def replay(self, to: str, **order: Any) -> Job:
        """Replay into side topics, in this process."""
        planned = await create(self.settings, Order(kind="topics", to=to, **order))
        return await run(self.settings, planned.job, asyncio.Event())

    async def content(self, prefix: str | None = None) -> Content:
        """All that is on the output topics under a prefix."""
        return await content(self.deployed.bootstrap_servers, prefix or self.deployed.prefix)

    async def live(self) -> Content:
        """What the worker made, read once: for a past that stays as it is."""
        if not self.cached:
            self.cached["live"] = await self.content()
        return self.cached["live"]


async def make_past(bootstrap_servers: str, unique: str, count: int, ago_seconds: int = 1) -> Past:
    deployed = await deploy(bootstrap_servers, unique, PARTITIONS)
    events = past(count, ago_seconds=ago_seconds)
    await collect(deployed, events)
    await work(deployed.settings(), lambda now: now["consumed"] >= count)
    return Past(deployed, events)


async def content(bootstrap_servers: str, prefix: str) -> Content:
    """Topic without its prefix -> everything of its records but their offsets, partition by partition, in order."""
    read = await asyncio.gather(*(read_all(bootstrap_servers, spec.full_name(prefix)) for spec in CATALOGUE))
    return {
        spec.name: [
            (one.partition, one.timestamp, one.key, one.value, tuple(one.headers))
            for one in sorted(records, key=lambda one: (one.partition, one.offset))
        ]
        for spec, records in zip(CATALOGUE, read, strict=True)
    }


def values(content: Content) -> list[dict[str, Any]]:
    """The JSON of every record that has one."""
    return [orjson.loads(row[3]) for name, rows in content.items() if name != "rejected" for row in rows]


def replay_process(
    settings: Settings, job: str, point: str = "-", passes: int = 0, *extra: str
) -> subprocess.Popen[str]:
    """A process that works on a job; it kills itself after `passes` passes of `point`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.replay.killed_replay", job, point, str(passes), *extra],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(settings_json(settings) + "\n")
    process.stdin.flush()
    return process


def another_joiner() -> Callable[[list[dict[str, Any]]], str | None]:
    """Changes the core: the text of a message is another one. Returns what makes the text of its parts now."""

    def joined(parts: list[dict[str, Any]]) -> str | None:
        words = [said for part in parts if (said := words_of(part)) is not None]
        return " | ".join(words).upper() if words else None

    vars(sys.modules["pipeline.core.enrich.message"])["text_of"] = joined
    return joined


async def ended(process: subprocess.Popen[str], seconds: float = 120) -> tuple[int, str]:
    """Exit code and what it printed."""
    try:
        out, _ = await asyncio.to_thread(process.communicate, None, seconds)
    finally:
        process.kill()
        process.wait()
    return process.returncode, out.strip()
