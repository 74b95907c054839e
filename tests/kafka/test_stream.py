"""The transactional stream on a real broker: exactly once, restart, rebalance, limits."""

import asyncio
import itertools
from typing import Any

import pytest

from pipeline.core import BatchResult, Counts
from pipeline.streaming import StreamError, StreamStats, UnrecoverableError
from pipeline.worker.reject_guard import RejectGuard
from tests.kafka.support import (
    EchoCore,
    Names,
    assert_exactly_once,
    committed_offsets,
    header,
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


@pytest.fixture
async def names(bootstrap_servers: str, unique: str) -> Names:
    return await make_topics(bootstrap_servers, unique, 4)


@BOTH
async def test_everything_comes_out_once_and_in_order(bootstrap_servers: str, names: Names, delivery: str) -> None:
    count = await produce(bootstrap_servers, names.source, numbered(5_000, 4))
    stream = new_stream(bootstrap_servers, names, config={"delivery": delivery})
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == count)
    assert_exactly_once(await read_all(bootstrap_servers, names.output), count)
    assert stream.stats.outputs == {names.output: count}
    assert stream.stats.counts.used == count
    assert await committed_offsets(bootstrap_servers, names) == dict.fromkeys(range(4), count // 4)


@BOTH
async def test_a_restart_goes_on_where_the_last_stopped(bootstrap_servers: str, names: Names, delivery: str) -> None:
    total = 0
    for _ in range(3):
        total += await produce(bootstrap_servers, names.source, numbered(1_000, 4))
        stream = new_stream(bootstrap_servers, names, config={"delivery": delivery})
        async with running(stream):
            await until(lambda: stream.stats.counts.consumed == 1_000)  # noqa: B023
    assert_exactly_once(await read_all(bootstrap_servers, names.output), total)


@BOTH
async def test_workers_come_and_go_under_load(bootstrap_servers: str, names: Names, delivery: str) -> None:
    first = new_stream(bootstrap_servers, names, config={"delivery": delivery, "max_batch_records": 100})
    second = new_stream(bootstrap_servers, names, config={"delivery": delivery, "max_batch_records": 100})
    done = StreamStats()
    enough = asyncio.Event()
    producing = asyncio.create_task(slowly(bootstrap_servers, names.source, enough))
    async with running(first):
        await until(lambda: first.stats.counts.consumed > 500)
        async with running(second):
            await until(lambda: second.stats.counts.consumed > 500)
            await until(lambda: {len(first.stats.partitions), len(second.stats.partitions)} == {2})
            enough.set()
        count = await producing
        await until(lambda: done.counts.consumed + first.stats.counts.consumed + second.stats.counts.consumed >= count)
    assert first.stats.rebalances == 3
    assert_exactly_once(await read_all(bootstrap_servers, names.output), count)


async def slowly(bootstrap_servers: str, topic: str, enough: asyncio.Event) -> int:
    """Until told, and for a while at least."""
    count = rounds = 0
    while rounds < 40 or not enough.is_set():
        rounds += 1
        count += await produce(bootstrap_servers, topic, numbered(400, 4))
        await asyncio.sleep(0.05)
    return count


@BOTH
async def test_two_streams_by_the_same_transactional_id_the_later_wins(
    bootstrap_servers: str, names: Names, delivery: str
) -> None:
    """A zombie: it holds partitions that another group member has taken over, and tries to commit."""
    held = asyncio.Event()
    go_on = asyncio.Event()

    async def handler(batch: Any) -> BatchResult:
        result = batch.process()
        if batch.next_offset > 100:
            held.set()
            await go_on.wait()
        return result

    await produce(bootstrap_servers, names.source, numbered(400, 4))
    # It sends no heartbeats while it is held: the group gives its partitions away.
    slow = {"delivery": delivery, "session_timeout_ms": 6_000, "heartbeat_interval_ms": 500, "max_batch_records": 50}
    zombie = new_stream(bootstrap_servers, names, handler=handler, config=slow)
    async with running(zombie):
        await until(lambda: zombie.stats.counts.consumed == 400)
        await produce(bootstrap_servers, names.source, numbered(400, 4))
        await held.wait()
        coordinator = zombie._consumer._coordinator  # type: ignore[attr-defined]
        await coordinator._stop_heartbeat_task()
        other = new_stream(bootstrap_servers, names, config={"delivery": delivery})
        async with running(other):
            await until(lambda: other.stats.counts.consumed == 400)
            go_on.set()
            await until(lambda: zombie.stats.aborted)
    records = await read_all(bootstrap_servers, names.output)
    if delivery == "exactly-once":
        assert_exactly_once(records, 800)
    else:
        # Repeats are allowed where they carry the same number; the state must not have gone backwards.
        ids = {(header(record, "from"), header(record, "number")) for record in records}
        assert len(ids) == 800


async def test_a_failing_commit_starts_the_partition_again(bootstrap_servers: str, names: Names) -> None:
    hits = itertools.count()

    def fault(point: str, partition: int) -> None:
        if point == "offsets-sent" and partition == 1 and next(hits) in {1, 3}:
            raise ConnectionResetError("made up")

    count = await produce(bootstrap_servers, names.source, numbered(4_000, 4))
    stream = new_stream(bootstrap_servers, names, fault=fault, config={"max_batch_records": 100})
    async with running(stream):
        await until(lambda: stream.stats.counts.consumed == count)
    assert (stream.stats.aborted, stream.stats.restarts) == (2, 2)
    assert_exactly_once(await read_all(bootstrap_servers, names.output), count)


async def test_a_partition_that_always_fails_ends_the_process(bootstrap_servers: str, names: Names) -> None:
    def fault(point: str, partition: int) -> None:
        if point == "offsets-sent":
            raise ConnectionResetError("made up")

    await produce(bootstrap_servers, names.source, numbered(10, 1))
    config = {"restart_tries": 2, "restart_backoff_seconds": 0.05}
    stream = new_stream(bootstrap_servers, names, fault=fault, config=config)
    with pytest.raises(StreamError, match=r"failed 3 times in a row.*made up"):
        async with asyncio.timeout(20):
            await stream.run()
    assert await read_all(bootstrap_servers, names.output) == []


async def test_a_mistake_of_the_core_ends_the_process_and_commits_nothing(bootstrap_servers: str, names: Names) -> None:
    await produce(bootstrap_servers, names.source, [(0, b"k", b"v"), (0, b"k", b"crash")])
    with pytest.raises(RuntimeError, match="mistake"):
        async with asyncio.timeout(20):
            await new_stream(bootstrap_servers, names).run()
    assert await read_all(bootstrap_servers, names.output) == []


async def test_records_that_change_nothing_are_committed_a_little_later(bootstrap_servers: str, names: Names) -> None:
    await produce(bootstrap_servers, names.source, [(0, b"k", b"skip")] * 50)
    stream = new_stream(bootstrap_servers, names)
    async with running(stream):
        await until(lambda: stream.stats.counts.ignored == 50)
        assert stream.stats.transactions <= 2
    assert (await committed_offsets(bootstrap_servers, names))[0] == 50


async def test_they_are_committed_at_a_stop(bootstrap_servers: str, names: Names) -> None:
    await produce(bootstrap_servers, names.source, [(0, b"k", b"skip")] * 50)
    stream = new_stream(bootstrap_servers, names, config={"lazy_commit_seconds": 3600})
    async with running(stream):
        await until(lambda: stream.stats.rebalances)
        await until(lambda: any(p.position == 50 for p in stream._assignment.partitions.values()))
    assert (await committed_offsets(bootstrap_servers, names))[0] == 50


async def test_the_batch_that_crosses_the_reject_limit_is_not_committed(bootstrap_servers: str, names: Names) -> None:
    await produce(bootstrap_servers, names.source, [(0, b"k", b"v")] * 100)
    guard = RejectGuard(0.5, 100)
    stream = new_stream(bootstrap_servers, names, before_commit=lambda result: guard.check(result.counts))
    running_stream = asyncio.create_task(stream.run())
    await until(lambda: stream.stats.counts.used == 100)
    await produce(bootstrap_servers, names.source, [(0, b"k", b"bad")] * 200)
    with pytest.raises(UnrecoverableError, match="were rejected"):
        await asyncio.wait_for(running_stream, 20)
    assert (await committed_offsets(bootstrap_servers, names))[0] == 100


async def test_sessions_that_expire_by_wall_clock(bootstrap_servers: str, names: Names) -> None:
    class Expires(EchoCore):
        def idle(self, wall_ms: int) -> BatchResult:
            if not self.numbers:
                return BatchResult([], [], Counts())
            changes: list[tuple[bytes, bytes | None]] = [(key, None) for key in self.numbers]
            self.numbers.clear()
            return BatchResult([], changes, Counts())

    await produce(bootstrap_servers, names.source, numbered(40, 4))
    stream = new_stream(bootstrap_servers, names, new_core=lambda _: Expires(names.output))
    async with running(stream):
        await until(lambda: stream.stats.counts.used == 40)
        await until(lambda: stream.stats.transactions >= 8)
    tombstones = [r for r in await read_all(bootstrap_servers, names.changelog) if r.value is None]
    assert len(tombstones) == 20
    assert await committed_offsets(bootstrap_servers, names) == dict.fromkeys(range(4), 10)
