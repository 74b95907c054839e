"""`@subscriber` on a real broker: order, retries, dead letters, the breaker, transactions."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from tests.kafka.support import read_all
from tests.topics.subscriptions.records import SPECS, call, message, write
from topics import FunctionCall, Message, Retry, subscriber
from topics.dead_letters import origin_of, readable_headers
from topics.subscribers import BreakerSettings, Context, GiveUp, Subscriber

pytestmark = pytest.mark.kafka

Options = Callable[..., Any]
FAST = Retry(attempts=3, first=0.2, factor=1.5)


@contextlib.asynccontextmanager
async def running(*subscribers: Subscriber[Any]) -> AsyncGenerator[None]:
    tasks = [asyncio.create_task(one.run()) for one in subscribers]
    try:
        yield
    finally:
        for one in subscribers:
            one.stop()
        await asyncio.gather(*tasks)


async def until(true: Callable[[], object], seconds: float = 40.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is in another process or library
            await asyncio.sleep(0.02)


async def test_a_failing_record_is_tried_again_and_its_session_waits(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    await write(bootstrap_servers, deployed, [call(f"s{n % 2 * 3}", n // 2 + 1) for n in range(12)])
    tries: list[tuple[str, int]] = []
    done: dict[str, list[int]] = {}

    @subscriber(FunctionCall, group=group, retry=FAST, concurrency=4, **options())
    async def handle(record: FunctionCall, context: Context[FunctionCall]) -> None:
        if record.id == "s0/2":
            tries.append((context.idempotency_key, context.attempt))
            if context.attempt < 3:
                raise ZeroDivisionError("not yet")
        done.setdefault(record.session_id or "", []).append(record.session_sequence)

    async with running(handle):
        await until(lambda: sum(map(len, done.values())) == 12)
    assert done == {"s0": [1, 2, 3, 4, 5, 6], "s3": [1, 2, 3, 4, 5, 6]}
    assert tries == [("s0/2", 1), ("s0/2", 2), ("s0/2", 3)]
    assert await read_all(bootstrap_servers, handle.dead_letter_topic) == []
    done.clear()
    async with running(handle):  # everything is committed, also in the retry topic
        await asyncio.sleep(2)
    assert done == {}


async def test_the_last_try_ends_in_the_dead_letters(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    records = [call("s1", n) for n in range(1, 5)]
    await write(bootstrap_servers, deployed, records)
    done: list[int] = []

    @subscriber(FunctionCall, group=group, retry=FAST, **options())
    def handle(record: FunctionCall) -> None:
        if record.session_sequence == 2:
            raise ValueError("never works")
        if record.session_sequence == 3:
            raise GiveUp("is of no use") from KeyError("tool")
        done.append(record.session_sequence)

    async with running(handle):
        await until(lambda: done == [1, 4])
    letters = await read_all(bootstrap_servers, handle.dead_letter_topic)
    assert [(one.partition, one.key, one.value) for one in letters] == [
        (1, b"s1", records[1].value),
        (1, b"s1", records[2].value),
    ]
    headers = readable_headers(letters[0].headers)
    assert headers == {
        "ce_id": "x",
        "kafka_dlt-original-topic": f"{deployed}.items.function-calls",
        "kafka_dlt-original-partition": "1",
        "kafka_dlt-original-offset": "1",
        "kafka_dlt-original-timestamp": str(letters[0].timestamp),
        "kafka_dlt-original-timestamp-type": "CreateTime",
        "kafka_dlt-exception-fqcn": "builtins.ValueError",
        "kafka_dlt-exception-message": "never works",
        "itemstream-attempts": "3",
        "itemstream-subscriber": group,
    }
    origin = origin_of(letters[1].headers)
    assert origin is not None
    assert (origin.topic, origin.offset) == (f"{deployed}.items.function-calls", 2)
    assert readable_headers(letters[1].headers)["kafka_dlt-exception-fqcn"] == "builtins.KeyError"
    assert readable_headers(letters[1].headers)["itemstream-attempts"] == "1"


async def test_what_waits_is_tried_first_after_a_restart(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    await write(bootstrap_servers, deployed, [call("s0", n) for n in range(1, 4)])
    works = False
    done: list[int] = []
    failed: list[int] = []

    @subscriber(FunctionCall, group=group, retry=Retry(attempts=9, first=1.0, factor=1.0), **options())
    async def handle(record: FunctionCall) -> None:
        if not works:
            failed.append(record.session_sequence)
            raise ConnectionError("the database is down")
        done.append(record.session_sequence)

    async with running(handle):
        await until(lambda: failed)
        await asyncio.sleep(0.5)
    assert set(failed) == {1}
    await write(bootstrap_servers, deployed, [call("s0", n) for n in range(4, 7)])
    works = True
    async with running(handle):
        await until(lambda: len(done) == 6)
    assert done == [1, 2, 3, 4, 5, 6]


async def test_a_stop_waits_for_what_is_in_hand_and_leaves_the_rest(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    await write(bootstrap_servers, deployed, [call(f"s{n % 3}", n // 3 + 1) for n in range(30)])
    begun: list[str] = []
    done: list[str] = []
    go_on = asyncio.Event()

    @subscriber(FunctionCall, group=group, concurrency=2, **options())
    async def handle(record: FunctionCall) -> None:
        begun.append(record.id)
        await go_on.wait()
        done.append(record.id)

    run = asyncio.create_task(handle.run())
    await until(lambda: len(begun) == 2)
    handle.stop()
    await asyncio.sleep(0.5)
    assert not run.done()
    go_on.set()
    async with asyncio.timeout(20):
        await run
    assert len(done) == 2
    async with running(handle):
        await until(lambda: len(done) == 30)
    assert len(set(done)) == 30  # what was in hand was committed, what was not came again


async def test_what_no_model_reads_is_a_dead_letter(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    await write(bootstrap_servers, deployed, [call("s0", 1, name=7), call("s0", 2), message("s0", 3, text=[])])
    done: list[int] = []

    @subscriber(FunctionCall, Message, group=group, **options())
    async def handle(record: FunctionCall | Message) -> None:
        done.append(record.session_sequence)

    async with running(handle):
        await until(lambda: done == [2])
        async with asyncio.timeout(60):
            while len(letters := await read_all(bootstrap_servers, handle.dead_letter_topic)) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    assert {readable_headers(one.headers)["kafka_dlt-original-topic"] for one in letters} == {
        f"{deployed}.items.function-calls",
        f"{deployed}.items.messages",
    }
    assert "is no FunctionCall: name" in str(
        [readable_headers(one.headers)["kafka_dlt-exception-message"] for one in letters]
    )


async def test_the_breaker_keeps_records_out_of_the_dead_letters(
    bootstrap_servers: str, deployed: str, group: str, options: Options, caplog: pytest.LogCaptureFixture
):
    await write(bootstrap_servers, deployed, [call(f"s{n}", 1) for n in range(100)])
    works = False
    tried: list[float] = []
    done: set[str] = set()

    breaker = BreakerSettings(window=5, cooldown=0.5, longest=0.5)

    @subscriber(FunctionCall, group=group, retry=Retry(attempts=2, first=0.1), breaker=breaker, **options())
    async def handle(record: FunctionCall) -> None:
        tried.append(time.monotonic())
        if not works:
            raise ConnectionError("the database is down")
        done.add(record.id)

    async with running(handle):
        await until(lambda: len(tried) > 8)
        works = True
        await until(lambda: len(done) == 100)
    # Five tries opened it, then one every half second; without it all hundred would have failed twice at once.
    assert tried[8] - tried[5] > 1.0
    assert "fails (5 of the last 5 tries)" in caplog.text
    assert "works again" in caplog.text
    assert await read_all(bootstrap_servers, handle.dead_letter_topic) == []


async def test_results_in_a_transaction(bootstrap_servers: str, deployed: str, group: str, options: Options):
    output = SPECS[Message].full_name(deployed)  # any topic will do
    await write(bootstrap_servers, deployed, [call(f"s{n % 6}", n + 1) for n in range(120)])
    done = 0

    @subscriber(FunctionCall, group=group, transactional=True, retry=FAST, concurrency=8, **options())
    async def handle(record: FunctionCall, context: Context[FunctionCall]) -> None:
        nonlocal done
        context.send(output, {"of": record.id})
        if record.id == "s2/27" and context.attempt == 1:
            raise ValueError("after it has sent")
        await asyncio.sleep(0.001)
        done += 1

    async with running(handle):
        await until(lambda: done == 120)
        await asyncio.sleep(0.5)
    found: dict[bytes, list[bytes]] = {}
    for one in await read_all(bootstrap_servers, output):
        found.setdefault(one.key, []).append(one.value)
    assert found == {f"s{s}".encode(): [b'{"of":"s%d/%d"}' % (s, n) for n in range(s + 1, 121, 6)] for s in range(6)}


async def test_two_members_share_the_work(bootstrap_servers: str, deployed: str, group: str, options: Options):
    done: list[tuple[str, str]] = []
    written = 0

    async def add_until(true: Callable[[], object]) -> None:
        nonlocal written
        async with asyncio.timeout(40):
            while not true():
                await write(bootstrap_servers, deployed, [call(f"s{s}", written + 1) for s in range(6)])
                written += 1
                await asyncio.sleep(0.05)

    def member(name: str) -> Subscriber[FunctionCall]:
        @subscriber(FunctionCall, group=group, **options())
        async def handle(record: FunctionCall) -> None:
            await asyncio.sleep(0.002)
            done.append((name, record.id))

        return handle

    async with running(member("first")):
        await add_until(lambda: len(done) > 30)
        async with running(member("second")):
            await add_until(lambda: {name for name, _ in done} == {"first", "second"})
        handled = len(done)
        await add_until(lambda: len(done) > handled + 10)
        await until(lambda: len({record for _, record in done}) == written * 6)
    # A clean handover waits for what is in hand: nothing is handled twice, and a session keeps its order.
    assert len(done) == written * 6
    for s in range(6):
        assert [one for _, one in done if one.startswith(f"s{s}/")] == [f"s{s}/{n + 1}" for n in range(written)]
