"""A deployment with a past, a worker that runs, and a console that looks at it: what the tests in the browser meet.

The worker that met the past took no event above `SMALL`; the one that runs now does: what it rejected for its size can
be sent again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from pipeline.settings import Settings
from pipeline.simulate import SimulatedEvent
from pipeline.stack import WorkerProcess
from tests.console.e2e.console import ConsoleProcess
from tests.kafka.deploy import Deployed, deploy
from tests.rejected.support import bad_value, message
from tests.replay.support import collect, past

PARTITIONS = 3
COUNT = 1_500
DAY_SECONDS = 86_400
SMALL = 30_000
BIG = "sess_big"
"""Session of an event that was too large, to be sent again."""
OTHER = "sess_other"
"""Another one, that stays as it is."""
BROKEN = "sess_broken"
"""Session of events that are no use to any worker."""
REASONS = ("not_json", "not_object", "type_missing", "item_missing", "item_invalid")


@dataclass(frozen=True)
class Scene:
    """What is there."""

    deployed: Deployed
    events: Sequence[SimulatedEvent]
    console: ConsoleProcess

    @property
    def settings(self) -> Settings:
        return self.deployed.settings()

    @property
    def session(self) -> str:
        """A session without anything odd."""
        return next(event.session_id for event in self.events if event.session_id)


def large(item_id: str) -> bytes:
    """An event that is larger than the first worker took."""
    return orjson.dumps(message(item_id, "word " * (SMALL // 4)))


def odd() -> list[tuple[str, bytes | None]]:
    """Session and value of what the first worker rejects."""
    broken = [(BROKEN, bad_value(reason, f"item_{reason}")) for reason in REASONS]
    return [*broken, (BIG, large("item_big")), (OTHER, large("item_other"))]


async def send(deployed: Deployed, values: Sequence[tuple[str, bytes | None]]) -> None:
    """Write events of sessions into the input, now."""
    producer: Any = AIOKafkaProducer(bootstrap_servers=deployed.bootstrap_servers)
    async with producer:
        for session, value in values:
            await producer.send_and_wait(deployed.input_topic, value, session.encode())


async def _past(
    bootstrap_servers: str, unique: str, count: int, days: int
) -> tuple[Deployed, Sequence[SimulatedEvent]]:
    deployed = await deploy(bootstrap_servers, unique, PARTITIONS)
    # Oldest first, as they came.
    ages = [(day, 1 + day * DAY_SECONDS) for day in reversed(range(days))]
    events = [event for day, age in ages for event in past(count // days, 8 + day, faults=False, ago_seconds=age)]
    await collect(deployed, events)
    await send(deployed, odd())
    return deployed, events


@contextmanager
def worker(deployed: Deployed, **settings: object) -> Generator[WorkerProcess]:
    """The real worker, in a process of its own."""
    running = WorkerProcess({**deployed.settings(**settings).model_dump(exclude_unset=True)})
    running.start()
    try:
        yield running
    finally:
        running.stop()


def has_consumed(running: WorkerProcess, count: int, seconds: float = 60) -> None:
    """Waits until the worker has committed so many."""
    deadline = time.monotonic() + seconds
    while running.counters().get("consumed", 0) < count:
        running.check()
        assert time.monotonic() < deadline, running.counters()
        time.sleep(0.05)


@contextmanager
def scene(
    bootstrap_servers: str, unique: str, folder: Path, count: int = COUNT, days: int = 1, **settings: object
) -> Generator[Scene]:
    """All of it, as long as the context is open. days: over how many the past is spread;
    settings: of the console."""
    deployed, events = asyncio.run(_past(bootstrap_servers, unique, count, days))
    with worker(deployed, max_event_bytes=SMALL, reject_limit_window=0) as first:
        has_consumed(first, len(events) + len(odd()))
    with worker(deployed), ConsoleProcess(deployed, folder, **settings) as console:
        console.until_read()
        yield Scene(deployed, events, console)
