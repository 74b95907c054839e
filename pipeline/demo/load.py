"""The demo's input: simulated sessions with their ledger, a recorded one where there is one, and the end of time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from pipeline.core import CoreSettings, Output
from pipeline.ledger import Expected
from pipeline.recorded import RecordedEvent, read_lines, run
from pipeline.settings import Settings
from pipeline.simulate import Faults
from pipeline.simulate.playing import Load, Played, play
from pipeline.simulate.producer import KafkaWriter

SESSIONS = 250
BACK_MS = 2 * 60 * 60 * 1000
"""How long ago the demo's sessions happened: long enough that all of them are idle now."""

RECORDED_EVERY_MS = 20

FAULTS = Faults(repeat_ratio=0.02, bad_ratio=0.002)


def demo_load(seed: int, sessions: int) -> Load:
    """Sessions of every dialect that ended a while ago, with repeated events and broken records among them."""
    load = Load(seed=seed, count=sessions, faults=FAULTS)
    started = int(time.time() * 1000) - BACK_MS - load.span_ms
    return Load(seed=seed, count=sessions, faults=FAULTS, start_ms=started)


async def play_simulated(load: Load, settings: Settings, servers: str) -> tuple[Played, list[Expected]]:
    """Play the load into the input topic; what was sent, and what must come of it."""
    expected: list[Expected] = []
    writer = KafkaWriter(servers, settings.input_topic, settings.connection())
    await writer.start()
    try:
        played = await play(load, writer, expected.extend)
    finally:
        await writer.close()
    return played, expected


def recording_of(file: Path) -> tuple[list[RecordedEvent], list[Output]]:
    """A recorded session's events, and what the core alone makes of them."""
    with file.open("rb") as lines:
        events = list(read_lines(lines, file.stem, file.stem))
    return events, list(run(events, CoreSettings()))


async def play_recorded(events: Sequence[RecordedEvent], settings: Settings, servers: str) -> None:
    """Send a recorded session to the input topic, in order, an event every 20 ms: recordings have no clock."""
    began = int(time.time() * 1000) - BACK_MS
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True, **settings.connection())
    async with producer:
        for number, event in enumerate(events):
            at = began + number * RECORDED_EVERY_MS
            await producer.send(settings.input_topic, key=event.key, value=event.value, timestamp_ms=at)


async def let_time_pass(settings: Settings, servers: str) -> None:
    """One event of now in every partition: stream time moves on, and sessions that ended are idle."""
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True, **settings.connection())
    async with producer:
        for partition in sorted(await producer.partitions_for(settings.input_topic)):
            await producer.send_and_wait(
                settings.input_topic,
                key=f"clock-{partition}".encode(),
                value=b'{"type":"session.created","session":{}}',
                partition=partition,
            )
