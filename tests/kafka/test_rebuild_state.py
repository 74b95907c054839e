"""State that a release can't read ends the worker with one line, or is made anew from the input where asked for."""

from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete

from pipeline.core import BatchResult
from pipeline.streaming import UnrecoverableError
from pipeline.streaming.core_interface import InputRecords
from tests.kafka.support import (
    EchoCore,
    Names,
    assert_exactly_once,
    make_topics,
    new_stream,
    numbered,
    produce,
    read_all,
    running,
    until,
)

pytestmark = pytest.mark.kafka

BOTH = pytest.mark.parametrize("delivery", ["exactly-once", "at-least-once"])
COUNT = 3_000
PARTITIONS = 2


class NewerCore(EchoCore):
    """Writes state of a newer version: the older core can't read its numbers."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        super().restore(key, value and value.removeprefix(b"newer:"))

    def process(self, records: InputRecords, now_ms: int) -> BatchResult:
        result = super().process(records, now_ms)
        result.changes = [(key, b"newer:" + (value or b"")) for key, value in result.changes]
        return result


@pytest.fixture
async def names(bootstrap_servers: str, unique: str) -> Names:
    return await make_topics(bootstrap_servers, unique, PARTITIONS)


async def run_to_the_end(bootstrap_servers: str, names: Names, core: type[EchoCore], **config: Any) -> None:
    """Produce some records and process them."""
    await produce(bootstrap_servers, names.source, numbered(COUNT, PARTITIONS))
    stream = new_stream(bootstrap_servers, names, new_core=lambda _: core(names.output), config=config)
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == COUNT)


@BOTH
async def test_without_being_asked_it_ends_with_one_line(bootstrap_servers: str, names: Names, delivery: str) -> None:
    await run_to_the_end(bootstrap_servers, names, NewerCore, delivery=delivery)
    stream = new_stream(bootstrap_servers, names, config={"delivery": delivery})
    with pytest.raises(UnrecoverableError, match=r"can't be read: .* --rebuild-state$"):
        await stream.run()


@BOTH
async def test_forth_and_back(bootstrap_servers: str, names: Names, delivery: str) -> None:
    """The older release goes on with the state it would have written itself, and so does the newer one after it."""
    await run_to_the_end(bootstrap_servers, names, EchoCore, delivery=delivery)
    await run_to_the_end(bootstrap_servers, names, NewerCore, delivery=delivery)
    await run_to_the_end(bootstrap_servers, names, EchoCore, delivery=delivery, rebuild_reach_ms=1)
    assert_exactly_once(await read_all(bootstrap_servers, names.output), 3 * COUNT)
    await run_to_the_end(bootstrap_servers, names, NewerCore, delivery=delivery)
    assert_exactly_once(await read_all(bootstrap_servers, names.output), 4 * COUNT)


@BOTH
async def test_a_changelog_that_is_gone(bootstrap_servers: str, names: Names, delivery: str) -> None:
    await run_to_the_end(bootstrap_servers, names, EchoCore, delivery=delivery)
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([names.changelog])
        await admin.create_topics([NewTopic(names.changelog, PARTITIONS, 1)])
    finally:
        await admin.close()
    await run_to_the_end(bootstrap_servers, names, EchoCore, delivery=delivery, rebuild_reach_ms=1)
    assert_exactly_once(await read_all(bootstrap_servers, names.output), 2 * COUNT)


async def test_state_of_what_is_no_more_leaves_the_changelog(bootstrap_servers: str, names: Names) -> None:
    await run_to_the_end(bootstrap_servers, names, NewerCore)
    await produce(bootstrap_servers, names.changelog, [(0, b"a session nobody knows", b"newer:1")])
    await run_to_the_end(bootstrap_servers, names, EchoCore, rebuild_reach_ms=1)
    last = {record.key: record.value for record in await read_all(bootstrap_servers, names.changelog)}
    assert last[b"a session nobody knows"] is None
    assert not any((value or b"").startswith(b"newer:") for value in last.values())


async def test_input_that_is_gone_can_not_tell_the_state(bootstrap_servers: str, names: Names) -> None:
    await run_to_the_end(bootstrap_servers, names, NewerCore)
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        gone = {TopicPartition(names.source, number): RecordsToDelete(before_offset=10) for number in range(PARTITIONS)}
        await admin.delete_records(gone)
    finally:
        await admin.close()
    stream = new_stream(bootstrap_servers, names, config={"rebuild_reach_ms": 3_600_000})
    with pytest.raises(UnrecoverableError, match="reaches back 0 minutes, sessions are kept for 60"):
        await stream.run()
