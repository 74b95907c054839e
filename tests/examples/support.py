"""Records on the topics of a test, and a program of examples/ that reads them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

from pipeline.core import CoreSettings, Partition
from pipeline.core.records import Output
from pipeline.simulate.generate import sessions
from tests.core.events import Record
from tests.kafka.deploy import Deployed, deploy

ROOT = Path(__file__).parents[2]


def simulated(prefix: str, count: int, scenarios: Sequence[str] = ()) -> list[Output]:
    """What the core brings out of simulated sessions."""
    core = Partition(CoreSettings(prefix=prefix))
    out: list[Output] = []
    for session in sessions(5, count, scenarios=scenarios):
        events = [
            Record(event.value, session.session_id.encode(), list(event.headers), number, event.time_ms)
            for number, event in enumerate(session.events)
        ]
        out += [*core.process(events).outputs, *core.end().outputs]
    return out


def of_events(prefix: str, *events: dict[str, Any]) -> list[Output]:
    """What the core brings out of these events of one session."""
    core = Partition(CoreSettings(prefix=prefix))
    return core.process([Record(orjson.dumps(event), b"s1", offset=n) for n, event in enumerate(events)]).outputs


async def _write(deployed: Deployed, outputs: Sequence[Output]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=deployed.bootstrap_servers, linger_ms=5) as producer:
        for one in outputs:
            headers = [(name, value or b"") for name, value in one.headers]
            partition = sum(one.key or b"") % 2
            await producer.send(one.topic, one.value, one.key, partition, timestamp_ms=one.timestamp, headers=headers)
        await producer.flush()


def filled(bootstrap_servers: str, unique: str, outputs: Sequence[Output]) -> Deployed:
    """A deployment of two partitions, with these outputs (of prefix `test-{unique}`) on its topics."""
    deployed = asyncio.run(deploy(bootstrap_servers, unique, 2))
    write(deployed, outputs)
    return deployed


def write(deployed: Deployed, outputs: Sequence[Output]) -> None:
    """Further outputs on the topics."""
    asyncio.run(_write(deployed, outputs))


def start(
    name: str, deployed: Deployed, *arguments: str, env: Mapping[str, str] | None = None
) -> subprocess.Popen[str]:
    """The program as a user runs it."""
    settings = {"ITEMSTREAM_BOOTSTRAP_SERVERS": deployed.bootstrap_servers, "ITEMSTREAM_PREFIX": deployed.prefix}
    return subprocess.Popen(
        [sys.executable, str(ROOT / "examples" / name), *arguments],
        env={**os.environ, **settings, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
