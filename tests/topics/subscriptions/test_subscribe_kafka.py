"""`subscribe` on a real broker: what is read, what is committed, where it begins and ends."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.topics.subscriptions.records import SPECS, call, make_topics, message, response, write
from topics import FunctionCall, Message, Response, subscribe, subscribe_topic
from topics.subscribers import dead_letter_topic
from topics.subscriptions import InvalidRecordError, MissingTopicError, NewerSchemaError, UnreachableError

pytestmark = pytest.mark.kafka

Options = Callable[..., Any]


async def test_records_are_typed_and_come_once(bootstrap_servers: str, deployed: str, group: str, options: Options):
    await write(bootstrap_servers, deployed, [call(f"s{n % 7}", n + 1) for n in range(500)])
    found: list[FunctionCall] = []
    async for record in subscribe(FunctionCall, group=group, **options(until="now")):
        assert isinstance(record, FunctionCall)
        found.append(record)
    assert len({record.id for record in found}) == len(found) == 500
    for session in {record.session_id for record in found}:
        numbers = [record.session_sequence for record in found if record.session_id == session]
        assert numbers == sorted(numbers)
    # All of it is committed: the group has nothing left.
    assert [record async for record in subscribe(FunctionCall, group=group, **options(until="now"))] == []


async def test_a_loop_left_in_the_middle_gets_its_last_record_again(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    await write(bootstrap_servers, deployed, [call("s0", n) for n in range(1, 21)])
    async with subscribe(FunctionCall, group=group, **options()) as calls:
        async for record in calls:
            if record.session_sequence == 8:
                break
    rest = [one.session_sequence async for one in subscribe(FunctionCall, group=group, **options(until="now"))]
    assert rest == list(range(8, 21))


def test_an_exception_in_the_loop_leaves_its_record_unfinished(bootstrap_servers: str, unique: str, group: str):
    options: Any = {"bootstrap_servers": bootstrap_servers, "prefix": f"test-{unique}", "group": group}

    async def prepare() -> None:
        await make_topics(bootstrap_servers, f"test-{unique}")
        await write(bootstrap_servers, f"test-{unique}", [call("s0", n) for n in range(1, 6)])

    async def fails_at_the_third() -> None:
        async for record in subscribe(FunctionCall, **options):
            if record.session_sequence == 3:
                raise ZeroDivisionError

    async def rest() -> list[int]:
        return [one.session_sequence async for one in subscribe(FunctionCall, until="now", **options)]

    asyncio.run(prepare())
    with pytest.raises(ZeroDivisionError):
        asyncio.run(fails_at_the_third())  # the end of the event loop closes the loop's generator
    assert asyncio.run(rest()) == [3, 4, 5]


async def test_stop_ends_the_loop_and_commits_the_record_in_hand(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    await write(bootstrap_servers, deployed, [call("s0", n) for n in range(1, 11)])
    subscription = subscribe(FunctionCall, group=group, **options())
    found: list[int] = []
    async for record in subscription:
        found.append(record.session_sequence)
        if record.session_sequence == 4:
            subscription.stop()
    assert found == [1, 2, 3, 4]
    rest = [one.session_sequence async for one in subscribe(FunctionCall, group=group, **options(until="now"))]
    assert rest == list(range(5, 11))


async def test_stop_ends_a_loop_that_waits(options: Options, group: str):
    subscription = subscribe(FunctionCall, group=group, **options())
    asyncio.get_running_loop().call_later(1.0, subscription.stop)
    async with asyncio.timeout(10):
        assert [record async for record in subscription] == []


async def test_several_types_come_in_the_order_of_their_session(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    kinds = (call, message, response)
    records = [kinds[n % 3](f"s{s}", n + 1, offset=n * 10 + s) for n in range(60) for s in range(6)]
    await write(bootstrap_servers, deployed, records)
    found: dict[str, list[int]] = {}
    async for record in subscribe(FunctionCall, Message, Response, group=group, **options(until="now")):
        found.setdefault(record.session_id or "", []).append(record.session_sequence)
    assert found == {f"s{s}": list(range(1, 61)) for s in range(6)}


async def test_numbers_of_other_types_hold_nothing_up(bootstrap_servers: str, deployed: str, options: Options):
    # Number 2 and 4 are responses, which are not subscribed.
    subscription = subscribe(FunctionCall, Message, **options(start="latest", order_wait=60.0))
    async with subscription:
        await write(bootstrap_servers, deployed, [response("s1", 2), response("s1", 4)])
        await write(bootstrap_servers, deployed, [message("s1", 5), call("s1", 3), message("s1", 1)][::-1])
        found: list[int] = []
        async with asyncio.timeout(20):
            async for record in subscription:
                found.append(record.session_sequence)
                if len(found) == 3:
                    break
    assert found == [1, 3, 5]


async def test_start_and_until_by_time(bootstrap_servers: str, deployed: str, options: Options):
    await write(bootstrap_servers, deployed, [call("s0", 1), call("s0", 2)])
    await asyncio.sleep(0.05)
    middle = datetime.now(UTC)
    await asyncio.sleep(0.05)
    await write(bootstrap_servers, deployed, [call("s0", 3)])

    async def read(**bounds: Any) -> list[int]:
        return [one.session_sequence async for one in subscribe(FunctionCall, **options(**bounds))]

    assert await read(start="earliest", until=middle) == [1, 2]
    assert await read(start=middle, until="now") == [3]
    assert await read(start="latest", until="now") == []
    topic = SPECS[FunctionCall].full_name(deployed)
    assert await read(start={(topic, 0): 1}, until="now") == [2, 3]


async def test_start_moves_a_group_that_has_no_members(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    await write(bootstrap_servers, deployed, [call("s0", n) for n in range(1, 6)])

    async def read(start: Any) -> list[int]:
        bounds = options(start=start, until="now")
        return [one.session_sequence async for one in subscribe(FunctionCall, group=group, **bounds)]

    assert await read("committed") == [1, 2, 3, 4, 5]
    assert await read("earliest") == [1, 2, 3, 4, 5]
    assert await read("committed") == []
    topic = SPECS[FunctionCall].full_name(deployed)
    assert await read({(topic, 0): 3}) == [4, 5]
    async with subscribe(FunctionCall, group=group, **options()) as at_work:
        await write(bootstrap_servers, deployed, [call("s0", 6)])
        async for record in at_work:
            assert record.session_sequence == 6
            # The group has a member: a second one does not rewind it.
            second = subscribe(FunctionCall, group=group, **options(start="earliest"))
            asyncio.get_running_loop().call_later(1.0, second.stop)
            found = [one.session_sequence async for one in second]
            assert 1 not in found
            break


async def test_filters(bootstrap_servers: str, deployed: str, group: str, options: Options):
    await write(
        bootstrap_servers,
        deployed,
        [
            call("s0", 1, name="pay"),
            call("s0", 2, name="look_up"),
            call("s1", 1, name="pay"),
            message("s0", 3, role="user"),
            message("s0", 4, role="assistant"),
        ],
    )

    async def read(*models: Any, **filters: Any) -> list[str]:
        return sorted([one.id async for one in subscribe(*models, **options(until="now", **filters))])

    assert await read(FunctionCall, name="pay") == ["s0/1", "s1/1"]
    assert await read(FunctionCall, name=["pay", "look_up"], session="s0") == ["s0/1", "s0/2"]
    assert await read(FunctionCall, Message, role="user", session="s0") == ["s0/1", "s0/2", "s0/3"]
    assert await read(FunctionCall, where=lambda one: one.session_sequence == 2) == ["s0/2"]
    # What a filter leaves out is finished: it is committed.
    assert await read(FunctionCall, group=group, name="nothing of that name") == []
    assert await read(FunctionCall, group=group) == []


async def test_revisions_and_pending_transcripts(bootstrap_servers: str, deployed: str, options: Options):
    def said(sequence: int, revision: int, state: str, item: str) -> Any:
        transcript = {
            "state": state, "text": None, "model": None, "languages": None, "confidence": None, "usage": None,
            "error": None,
        }  # fmt: skip
        return message("s0", sequence, revision=revision, transcript=transcript, item_id=item)

    await write(
        bootstrap_servers,
        deployed,
        [said(1, 1, "pending", "a"), said(2, 1, "pending", "b"), said(3, 2, "final", "a"), said(4, 3, "final", "a")],
    )

    async def read(**filters: Any) -> list[int]:
        return [one.session_sequence async for one in subscribe(Message, **options(until="now", **filters))]

    assert await read(latest_revision=True) == [2, 4]
    assert await read(final_transcripts=True) == [3, 4]


async def test_batches(bootstrap_servers: str, deployed: str, group: str, options: Options):
    await write(bootstrap_servers, deployed, [call("s0", n) for n in range(1, 26)])
    sizes: list[int] = []
    seen: list[int] = []
    subscription = subscribe(FunctionCall, group=group, **options(until="now"))
    async for batch in subscription.batches(max_records=10, max_seconds=0.2):
        sizes.append(len(batch))
        seen += [record.session_sequence for record in batch]
    assert (sizes, seen) == ([10, 10, 5], list(range(1, 26)))


async def test_the_last_batch_waits_for_nothing_more_to_come(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    await write(bootstrap_servers, deployed, [call("s0", n) for n in range(1, 26)])
    seen: list[int] = []
    async with asyncio.timeout(30):
        async for batch in subscribe(FunctionCall, group=group, **options()).batches(max_records=10, max_seconds=0.2):
            seen += [record.session_sequence for record in batch]
            if len(seen) == 25:
                break
    assert seen == list(range(1, 26))


async def test_a_batch_whose_time_is_over_loses_nothing(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    count = 6_000
    await write(bootstrap_servers, deployed, [call(f"s{n % 3}", n // 3 + 1) for n in range(count)])
    found: list[str] = []
    async with asyncio.timeout(60):
        # The time is mostly over while records are being decoded, or have just been.
        async for batch in subscribe(FunctionCall, group=group, **options(until="now")).batches(
            max_records=100_000, max_seconds=0.001
        ):
            found += [record.id for record in batch]
    assert (len(found), len(set(found))) == (count, count)


async def test_for_each_keeps_the_order_of_a_session(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    await write(bootstrap_servers, deployed, [call(f"s{n % 9}", n + 1) for n in range(180)])
    at_work: set[str] = set()
    most = 0
    found: dict[str, list[int]] = {}

    async def handle(record: FunctionCall) -> None:
        nonlocal most
        session = record.session_id or ""
        assert session not in at_work, "two records of one session at a time"
        at_work.add(session)
        most = max(most, len(at_work))
        await asyncio.sleep(0.001 * (record.session_sequence % 4))
        at_work.remove(session)
        found.setdefault(session, []).append(record.session_sequence)

    await subscribe(FunctionCall, group=group, **options(until="now")).for_each(handle, concurrency=8)
    assert found == {f"s{s}": list(range(s + 1, 181, 9)) for s in range(9)}
    assert 2 <= most <= 8
    assert [record async for record in subscribe(FunctionCall, group=group, **options(until="now"))] == []


async def test_for_each_commits_up_to_the_lowest_unfinished(
    bootstrap_servers: str, deployed: str, group: str, options: Options
):
    # Sessions s0, s3, s6 share a partition. The handler of s3 fails while later records of s0 have finished.
    await write(bootstrap_servers, deployed, [call("s0", 1), call("s3", 1), call("s0", 2), call("s6", 1)])
    done: list[str] = []

    async def handle(record: FunctionCall) -> None:
        if record.session_id == "s3":
            await asyncio.sleep(0.5)
            raise ZeroDivisionError
        done.append(record.id)

    with pytest.raises(ZeroDivisionError):
        await subscribe(FunctionCall, group=group, **options()).for_each(handle, concurrency=4)
    assert sorted(done) == ["s0/1", "s0/2", "s6/1"]
    rest = [one.id async for one in subscribe(FunctionCall, group=group, **options(until="now"))]
    assert rest == ["s3/1", "s0/2", "s6/1"]


async def test_for_each_runs_a_plain_function_in_a_thread(bootstrap_servers: str, deployed: str, options: Options):
    await write(bootstrap_servers, deployed, [call("s0", n) for n in range(1, 6)])
    found: list[int] = []
    await subscribe(FunctionCall, **options(until="now")).for_each(lambda one: found.append(one.session_sequence))
    assert found == [1, 2, 3, 4, 5]


async def test_received_tells_what_kafka_has(bootstrap_servers: str, deployed: str, options: Options):
    await write(bootstrap_servers, deployed, [call("s1", 1)])
    (one,) = [one async for one in subscribe(FunctionCall, **options(until="now")).received()]
    assert (one.topic, one.partition, one.offset, one.key) == (f"{deployed}.items.function-calls", 1, 0, b"s1")
    assert one.record == FunctionCall.model_validate_json(one.value or b"")
    assert one.header("ce_id") == b"x"
    assert one.header("none") is None
    assert abs((datetime.now(UTC) - one.timestamp).total_seconds()) < 60


async def test_any_topic_by_its_name(bootstrap_servers: str, deployed: str, options: Options):
    one = call("s1", 1)
    await write(bootstrap_servers, deployed, [one])
    subscription = subscribe_topic(f"{deployed}.items.function-calls", **options(until="now"))
    assert [value async for value in subscription] == [one.value]


async def test_a_record_of_a_newer_schema(bootstrap_servers: str, deployed: str, group: str, options: Options):
    await write(bootstrap_servers, deployed, [call("s0", 1), call("s0", 2, schema_version=2, name=7), call("s0", 3)])
    found: list[int] = []
    reading = subscribe(FunctionCall, group=group, **options()).for_each(lambda one: found.append(one.session_sequence))
    with pytest.raises(NewerSchemaError, match=r"items.function-calls\[0\] offset 1 has schema_version 2.*upgrade"):
        await reading
    assert found == [1]
    batches: list[int] = []

    async def read_batches() -> None:
        async for batch in subscribe(FunctionCall, **options()).batches():
            batches.append(len(batch))  # noqa: PERF401

    with pytest.raises(NewerSchemaError):
        await read_batches()
    assert batches == [1]
    bounds = options(until="now", on_invalid="skip")
    assert [one.session_sequence async for one in subscribe(FunctionCall, group=group, **bounds)] == [3]


async def test_a_record_that_is_none(bootstrap_servers: str, deployed: str, options: Options):
    await write(bootstrap_servers, deployed, [call("s0", 1, name=7), message("s0", 2)])
    with pytest.raises(InvalidRecordError, match="is no FunctionCall: name: Input should be a valid string"):
        async for _ in subscribe(FunctionCall, **options()):
            pass
    with pytest.raises(InvalidRecordError, match="is no FunctionCall: name"):
        async for _ in subscribe(FunctionCall, Message, **options(until="now")):
            pass
    both = subscribe(FunctionCall, Message, **options(until="now", on_invalid="skip"))
    assert [one.session_sequence async for one in both] == [2]


@pytest.mark.parametrize("models", [(FunctionCall,), (FunctionCall, Message)], ids=["one type", "in order"])
async def test_a_record_that_is_none_is_set_aside(
    bootstrap_servers: str, deployed: str, group: str, options: Options, models: tuple[Any, ...]
):
    broken = call("s0", 2)
    broken.value = b'{"id": 5}'
    await write(bootstrap_servers, deployed, [call("s0", 1), broken, call("s0", 3)])

    async def read() -> list[int]:
        records = subscribe(*models, group=group, on_invalid="dead-letter", **options(until="now"))
        return [one.session_sequence async for one in records]

    assert await read() == [1, 3]
    assert await read() == []  # committed, also what was set aside
    letters = subscribe_topic(dead_letter_topic(group, deployed), **options(until="now")).received()
    (letter,) = [one async for one in letters]
    assert (letter.key, letter.record, letter.header("ce_id")) == (b"s0", b'{"id": 5}', b"x")
    assert letter.header("kafka_dlt-original-topic") == broken.topic(deployed).encode()
    assert letter.header("kafka_dlt-original-offset") == (1).to_bytes(8, "big")
    assert letter.header("kafka_dlt-exception-fqcn") == b"topics.subscriptions.errors.InvalidRecordError"
    await write(bootstrap_servers, deployed, [call("s0", 4, schema_version=2)])
    with pytest.raises(NewerSchemaError):  # an upgrade makes it readable
        await read()


def test_dead_letters_need_a_group():
    with pytest.raises(ValueError, match="needs a group"):
        subscribe(FunctionCall, on_invalid="dead-letter")


async def test_what_is_missing_is_told(bootstrap_servers: str, prefix: str):
    with pytest.raises(MissingTopicError, match=f"topic {prefix}.items.messages does not exist at .*prefix="):
        async for _ in subscribe(Message, bootstrap_servers=bootstrap_servers, prefix=prefix):
            pass
    with pytest.raises(UnreachableError, match=r"no Kafka broker answers at 127.0.0.1:1"):
        async for _ in subscribe(Message, bootstrap_servers="127.0.0.1:1"):
            pass


def test_without_asyncio(bootstrap_servers: str, unique: str, group: str):
    async def prepare() -> None:
        await make_topics(bootstrap_servers, f"test-{unique}")
        await write(bootstrap_servers, f"test-{unique}", [call("s0", n) for n in range(1, 11)])

    asyncio.run(prepare())
    options: Any = {"bootstrap_servers": bootstrap_servers, "prefix": f"test-{unique}", "group": group}
    found: list[int] = []
    with subscribe(FunctionCall, **options).sync() as calls:
        for record in calls:
            found.append(record.session_sequence)
            if len(found) == 4:
                break
    assert found == [1, 2, 3, 4]
    rest = [record.session_sequence for record in subscribe(FunctionCall, until="now", **options).sync()]
    assert rest == list(range(4, 11))
