"""Odd input and odd sizes on a real broker: nothing a producer can write stops the stream."""

import asyncio
import time
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from structlog.testing import capture_logs

from pipeline.streaming import UnrecoverableError, clients
from pipeline.streaming.header_keys import ExactBatchBuilder
from tests.kafka.support import (
    Names,
    assert_exactly_once,
    committed_offsets,
    make_topics,
    new_stream,
    numbered,
    produce,
    read_all,
    running,
    until,
)

pytestmark = pytest.mark.kafka


@pytest.fixture
async def names(bootstrap_servers: str, unique: str) -> Names:
    return await make_topics(bootstrap_servers, unique, 1)


async def test_null_key_null_value_null_header_value_and_odd_header_keys(bootstrap_servers: str, names: Names) -> None:
    odd = b"\xff\xfe".decode("utf-8", "surrogateescape")
    batch = ExactBatchBuilder(100_000, is_transactional=False)
    batch.append(timestamp=None, key=b"k", value=b"1", headers=[("a", b"1")])
    batch.append(
        timestamp=None,
        key=None,
        value=None,
        headers=[(odd, b"\xff"), ("none", None), ("twice", b"1"), ("twice", b"2")],
    )
    batch.append(timestamp=-1, key=b"\xff\x00", value=b"\xff\xfe\x00", headers=[])
    batch.close()
    producer: Any = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    async with producer:
        await (await producer.send_batch(batch, names.source, partition=0))
    clients.aiokafka_fixes.apply()
    stream = new_stream(bootstrap_servers, names)
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == 3)
    records = await read_all(bootstrap_servers, names.output)
    assert [(r.key, r.value) for r in records] == [(b"k", b"1"), (None, None), (b"\xff\x00", b"\xff\xfe\x00")]
    assert list(records[1].headers[2:]) == [(odd, b"\xff"), ("none", None), ("twice", b"1"), ("twice", b"2")]


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_compressed_input(bootstrap_servers: str, names: Names, compression: Any) -> None:
    producer: Any = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, compression_type=compression, linger_ms=20)
    async with producer:
        await asyncio.gather(*[await producer.send(names.source, b"v" * 100, b"k") for _ in range(50)])
    stream = new_stream(bootstrap_servers, names)
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == 50)
    assert_exactly_once(await read_all(bootstrap_servers, names.output), 50)


async def test_input_written_in_transactions(bootstrap_servers: str, names: Names) -> None:
    """Markers leave gaps in the offsets; aborted records are not processed."""
    producer: Any = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id=f"t-{names.group}")
    async with producer:
        for number in range(6):
            await producer.begin_transaction()
            for _ in range(10):
                await producer.send(names.source, b"v", b"k")
            await (producer.abort_transaction() if number % 2 else producer.commit_transaction())
    stream = new_stream(bootstrap_servers, names)
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == 30)
        await until(lambda: stream.stats.partitions[0].lag <= 11)
    assert_exactly_once(await read_all(bootstrap_servers, names.output), 30)


async def test_the_changelog_ends_with_markers_and_has_compacted_gaps(bootstrap_servers: str, names: Names) -> None:
    """Restoring must end although the last offsets of the changelog are never seen as records."""
    for round_number in range(1, 4):
        await produce(bootstrap_servers, names.source, numbered(20, 1))
        stream = new_stream(bootstrap_servers, names)
        async with running(stream):
            await until(lambda: stream.stats.counts.consumed == 20)  # noqa: B023
            assert stream.stats.restore_seconds_max < 10
            assert (stream.stats.restored_records > 0) == (round_number > 1)
    assert_exactly_once(await read_all(bootstrap_servers, names.output), 60)


async def delete_records(bootstrap_servers: str, names: Names, before_offset: int) -> None:
    """What retention does, at once."""
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.delete_records({TopicPartition(names.source, 0): RecordsToDelete(before_offset=before_offset)})
    await admin.close()


async def lose_unread(bootstrap_servers: str, names: Names, before_offset: int) -> None:
    """Of 100 records a worker reads 50; then those before `before_offset` are deleted."""
    await produce(bootstrap_servers, names.source, numbered(50, 1))
    stream = new_stream(bootstrap_servers, names)
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == 50)
    await produce(bootstrap_servers, names.source, numbered(50, 1))
    await delete_records(bootstrap_servers, names, before_offset)


async def test_input_deleted_by_retention_is_skipped_with_a_warning(bootstrap_servers: str, names: Names) -> None:
    await lose_unread(bootstrap_servers, names, 80)
    stream = new_stream(bootstrap_servers, names)
    with capture_logs() as logs:
        async with running(stream):
            await until(lambda: stream.stats.counts.consumed == 20)
    (warning,) = [line for line in logs if line["event"] == "input_deleted_before_it_was_read"]
    assert (warning["offset"], warning["continues_at"], warning["records_lost"]) == (50, 80, 30)
    assert stream.stats.lost == {0: 30}
    assert (await committed_offsets(bootstrap_servers, names))[0] == 100


async def test_a_loss_that_nothing_follows_is_found_once(bootstrap_servers: str, names: Names) -> None:
    """A worker that starts again, or another one after a rebalance, must not report it anew."""
    await lose_unread(bootstrap_servers, names, 100)
    second = new_stream(bootstrap_servers, names)
    async with running(second):
        await until(lambda: second.stats.lost == {0: 50})
    assert (await committed_offsets(bootstrap_servers, names))[0] == 100
    await produce(bootstrap_servers, names.source, numbered(10, 1))
    third = new_stream(bootstrap_servers, names)
    async with running(third):
        await until(lambda: third.stats.counts.consumed == 10)
    assert third.stats.lost == {}


async def test_outputs_larger_than_a_batch_go_alone(bootstrap_servers: str, unique: str) -> None:
    names = await make_topics(bootstrap_servers, unique, 1, **{"max.message.bytes": "16777216"})
    values = [b"v", b"big:3000000", b"v", b"big:9000000", b"v"]
    await produce(bootstrap_servers, names.source, [(0, b"k", value) for value in values])
    stream = new_stream(bootstrap_servers, names)
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == 5)
    records = await read_all(bootstrap_servers, names.output)
    assert_exactly_once(records, 5)
    assert [len(r.value) for r in records] == [1, 3_000_000, 1, 9_000_000, 1]


async def test_a_topic_that_takes_smaller_batches_gets_smaller_ones(bootstrap_servers: str, unique: str) -> None:
    names = await make_topics(bootstrap_servers, unique, 1, **{"max.message.bytes": "300000"})
    await produce(bootstrap_servers, names.source, [(0, b"k", b"big:1000")] * 2_000)
    stream = new_stream(bootstrap_servers, names, config={"restart_backoff_seconds": 0.02})
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == 2_000)
    assert stream.stats.restarts == 2  # 1 MB, 500 kB, 250 kB
    assert_exactly_once(await read_all(bootstrap_servers, names.output), 2_000)


async def test_timestamps_an_output_topic_refuses_are_set_to_now(bootstrap_servers: str, unique: str) -> None:
    names = await make_topics(bootstrap_servers, unique, 1, **{"message.timestamp.after.max.ms": "1000"})
    future = time.time_ns() // 1_000_000 + 600_000
    producer: Any = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    async with producer:
        await producer.send_and_wait(names.source, b"v", b"k", timestamp_ms=future)
        await producer.send_and_wait(names.source, b"v", b"k", timestamp_ms=1_700_000_000_000)
    stream = new_stream(bootstrap_servers, names)
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == 2)
    ahead, past = await read_all(bootstrap_servers, names.output)
    assert ahead.timestamp < future - 500_000
    assert past.timestamp == 1_700_000_000_000


async def test_a_record_no_topic_takes_ends_the_process_with_one_line(bootstrap_servers: str, unique: str) -> None:
    names = await make_topics(bootstrap_servers, unique, 1, **{"max.message.bytes": "100000"})
    await produce(bootstrap_servers, names.source, [(0, b"k", b"v"), (0, b"k", b"big:200000")])
    stream = new_stream(bootstrap_servers, names, config={"restart_backoff_seconds": 0.02})
    with pytest.raises(UnrecoverableError, match=rf"larger than topic {names.output} takes.*max\.message\.bytes"):
        async with asyncio.timeout(30):
            await stream.run()
    assert await read_all(bootstrap_servers, names.output) == []
