"""Kafka away, relays and senders killed: what the journal acknowledged is in the topic, once, in order per session."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.kafka import EmbeddedKafka
from tests.faults.relay.scene import Scene, scene
from tests.ingest.support import make_topic
from tests.kafka.support import until

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

PARTITIONS = 3


@pytest.fixture
def mortal_kafka() -> Iterator[EmbeddedKafka]:
    """A broker of this test's own, to be killed."""
    broker = EmbeddedKafka()
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()


async def kafka_away_and_relay_killed(
    kafka: EmbeddedKafka, folder: Path, unique: str, *, away: float, callers: int, **changes: str
) -> Scene:
    topic = await make_topic(kafka.bootstrap_servers, f"events-{unique}", PARTITIONS)
    async with scene(
        kafka.bootstrap_servers, topic, folder, callers=callers, seconds_between=0.02, **changes
    ) as running:
        relay = await running.start()
        await until(lambda: len(running.acknowledged) > callers * 20)
        await asyncio.to_thread(kafka.kill)
        await asyncio.sleep(away / 2)
        relay.kill()
        assert relay.wait() == -signal.SIGKILL
        before = len(running.acknowledged)
        relay = await running.start()
        await asyncio.sleep(away / 2)
        assert len(running.acknowledged) > before, "while Kafka is away the journal goes on"
        await asyncio.to_thread(kafka.start)
        running.provider.silent = True
        verdict = await running.judged()
        print(verdict.acknowledged, "acknowledged,", verdict.found, "found")
        assert verdict.wrong == {}, running.log()
        assert verdict.found >= verdict.acknowledged > callers * 40
        relay.terminate()
        assert await asyncio.to_thread(relay.wait, 20) == 0, running.log()
    return running


@pytest.mark.timeout(120)
async def test_kafka_away_and_the_relay_killed_meanwhile(
    mortal_kafka: EmbeddedKafka, tmp_path: Path, unique: str
) -> None:
    await kafka_away_and_relay_killed(mortal_kafka, tmp_path, unique, away=3, callers=10)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("fsync", ["none", "interval", "always"])
async def test_a_minute_without_kafka(mortal_kafka: EmbeddedKafka, tmp_path: Path, unique: str, fsync: str) -> None:
    await kafka_away_and_relay_killed(mortal_kafka, tmp_path, unique, away=60, callers=50, journal_fsync=fsync)


SMALL = {"journal_max_bytes": "262144", "journal_fsync_interval": "0.01"}
"""Segments of 16 KiB: one is full every moment."""


async def test_relays_killed_at_each_step_of_their_journal(bootstrap_servers: str, tmp_path: Path, unique: str) -> None:
    topic = await make_topic(bootstrap_servers, f"events-{unique}", PARTITIONS)
    async with scene(bootstrap_servers, topic, tmp_path, callers=10, seconds_between=0.002, **SMALL) as running:
        for point in ("written", "acknowledged", "synced", "rolled"):
            relay = await running.start(point, 3 if point == "rolled" else 20)
            assert await asyncio.to_thread(relay.wait, 30) == -signal.SIGKILL, running.log()
        before = len(running.acknowledged)
        await running.start()
        await until(lambda: len(running.acknowledged) > before)
        running.provider.silent = True
        verdict = await running.judged()
        assert verdict.wrong == {}, running.log()
        assert verdict.acknowledged > 80


async def test_senders_killed_at_each_step_of_their_transactions(
    bootstrap_servers: str, tmp_path: Path, unique: str
) -> None:
    """Each relay starts its sender again, which is killed at the same step; then the relay is killed too."""
    topic = await make_topic(bootstrap_servers, f"events-{unique}", PARTITIONS)
    async with scene(bootstrap_servers, topic, tmp_path, callers=10, seconds_between=0.002, **SMALL) as running:
        for number, point in enumerate(("fenced", "begun", "sent", "offsets-sent", "committed", "forgotten")):
            relay = await running.start(sender_point=point, sender_passes=0 if point in {"fenced", "forgotten"} else 3)
            log = tmp_path / f"relay-{number}.log"
            await until(lambda: "relay_sender_ended" in log.read_text(), 60)  # noqa: B023
            relay.kill()
            relay.wait()
        running.provider.silent = True
        await running.start()
        verdict = await running.judged()
        assert verdict.wrong == {}, running.log()
        assert verdict.acknowledged > 100
