"""A journal into a real Kafka: each record once, in order, whatever comes in between."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from pipeline.core import Output
from pipeline.ingest.journal.drain import Drain
from pipeline.ingest.journal.folder import remembered_sent
from pipeline.ingest.journal.format import segments
from pipeline.ingest.journal.writer import JournalLimits, JournalWriter
from pipeline.settings import Settings
from pipeline.streaming.transactions import Transactions
from tests.ingest.support import make_topic
from tests.kafka.support import read_all, until

pytestmark = pytest.mark.kafka

LIMITS = JournalLimits(segment_bytes=2_000)


def number_of(record: Any) -> int:
    return int(record.value)


class Ground:
    """A journal's folder and a topic of the test's own."""

    def __init__(self, bootstrap_servers: str, topic: str, folder: Path) -> None:
        self.topic = topic
        self.folder = folder
        self.settings = Settings.model_validate({"bootstrap_servers": bootstrap_servers, "input_topic": topic})
        self.numbers = iter(range(1_000_000))

    def unpack(self, record: bytes) -> Output:
        value = record.rstrip(b".")
        return Output(self.topic, b"key-%d" % (int(value.split(b" ")[0]) % 5), value, [("h", b"x")], 1_700_000_000_000)

    def fill(self, count: int) -> None:
        """Write the next records and close the journal."""
        writer = JournalWriter(self.folder, LIMITS)
        for _ in range(count):
            assert writer.append(b"%d" % next(self.numbers) + b"." * 50)
        writer.close()

    @contextlib.asynccontextmanager
    async def draining(self, *, finish: bool = False, name: str | None = None) -> AsyncGenerator[Drain]:
        """finish: until the journal is empty. name: of another group than the journal's, which has no offset."""
        drain = Drain(self.settings, self.folder, self.unpack)
        drain.name = name or drain.name
        stop, finishing = asyncio.Event(), asyncio.Event()
        if finish:
            finishing.set()
        task = asyncio.create_task(drain.run(stop, finishing))
        try:
            yield drain
            if finish:
                await asyncio.wait_for(task, 60)
        finally:
            stop.set()
            await task

    async def check(self, count: int) -> None:
        """The first `count` records are there, once, in order within their key."""
        records = await read_all(self.settings.bootstrap_servers, self.topic)
        assert sorted(map(number_of, records)) == list(range(count))
        for key in {record.key for record in records}:
            numbers = [number_of(record) for record in records if record.key == key]
            assert numbers == sorted(numbers)


@pytest.fixture
async def ground(bootstrap_servers: str, unique: str, tmp_path: Path) -> Ground:
    return Ground(bootstrap_servers, await make_topic(bootstrap_servers, f"events-{unique}", 2), tmp_path)


async def test_once_in_order_and_the_sent_segments_go(ground: Ground) -> None:
    for count in (100, 200, 300):
        ground.fill(100)
        assert len(segments(ground.folder)) > 1
        async with ground.draining(finish=True) as drain:
            pass
        assert (drain.stats.sent, drain.stats.error) == (100, None)
        assert len(segments(ground.folder)) == 1
        assert remembered_sent(ground.folder) == drain.stats.position
        await ground.check(count)
    (record, *_) = await read_all(ground.settings.bootstrap_servers, ground.topic)
    assert (record.headers, record.timestamp) == ([("h", b"x")], 1_700_000_000_000)


async def test_while_it_is_written(ground: Ground) -> None:
    writer = JournalWriter(ground.folder, LIMITS)
    async with ground.draining() as drain:
        for number in range(500):
            assert writer.append(b"%d" % number)
            if number % 50 == 0:
                await asyncio.sleep(0.02)
        await until(lambda: drain.stats.sent == 500)
    writer.close()
    await ground.check(500)


async def test_fenced_it_goes_on_behind_what_was_committed(ground: Ground) -> None:
    ground.fill(50)
    async with ground.draining() as drain:
        await until(lambda: drain.stats.sent == 50)
        other = Transactions(drain.name, ground.settings.bootstrap_servers, {}, lambda _, cause: RuntimeError(cause))
        await other.start()
        await other.close()
        ground.fill(50)
        await until(lambda: drain.stats.sent == 100)
        assert drain.stats.error is None
    await ground.check(100)


async def test_the_groups_offset_expired(ground: Ground) -> None:
    ground.fill(50)
    async with ground.draining(finish=True):
        pass
    ground.fill(50)
    async with ground.draining(finish=True, name=f"{ground.topic}-nobody-knows"):
        pass
    await ground.check(100)


async def test_a_topic_that_comes_later(bootstrap_servers: str, unique: str, tmp_path: Path) -> None:
    ground = Ground(bootstrap_servers, f"later-{unique}", tmp_path)
    ground.fill(10)
    async with ground.draining() as drain:
        await until(lambda: drain.stats.error)
        assert (
            drain.stats.error == f"the topic {ground.topic} does not exist; make it with: itemstream topics apply --yes"
        )
        await make_topic(bootstrap_servers, ground.topic)
        await until(lambda: drain.stats.sent == 10)
        assert drain.stats.error is None
    await ground.check(10)


async def test_a_record_its_topic_does_not_take_is_left_out(
    bootstrap_servers: str, unique: str, tmp_path: Path
) -> None:
    ground = Ground(bootstrap_servers, f"small-{unique}", tmp_path)
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.create_topics([NewTopic(ground.topic, 1, 1, topic_configs={"max.message.bytes": "2000"})])
    await admin.close()
    writer = JournalWriter(tmp_path, LIMITS)
    for record in (b"0", b"1 " + b"x" * 3_000, b"1"):
        assert writer.append(record)
    writer.close()
    async with ground.draining(finish=True) as drain:
        pass
    assert (drain.stats.sent, drain.stats.skipped) == (2, 1)
    await ground.check(2)
