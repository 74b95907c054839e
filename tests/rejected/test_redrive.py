"""Redriving on a real broker: in whose place, what is refused, how fast, and what a dry run writes (nothing)."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import orjson
import pytest
from aiokafka.admin import NewTopic

from pipeline.erasure.forget import forget
from pipeline.errors import ItemstreamError
from pipeline.rejected.preview import Previewed, preview
from pipeline.rejected.record import Place
from pipeline.rejected.redrive import Order, Report, missing, redrive
from pipeline.rejected.revive import REDRIVEN, Fix
from pipeline.rejected.selection import Selection
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import produce, read_all
from tests.rejected.support import bad_value, message, work
from topics.admin import connect

pytestmark = pytest.mark.kafka

EVERYTHING = Selection(reasons=frozenset({"not_json", "item_missing"}))


async def with_rejected(bootstrap_servers: str, unique: str, count: int = 4) -> Deployed:
    """A deployment of one partition: `count` records rejected as not_json, after one good one of each session."""
    deployed = await deploy(bootstrap_servers, unique, 1)
    good = [(0, f"s{n}".encode(), orjson.dumps(message(f"first_{n}"))) for n in range(count)]
    bad = [(0, f"s{n}".encode(), bad_value("not_json", f"second_{n}")) for n in range(count)]
    await produce(bootstrap_servers, deployed.input_topic, good + bad)
    await work(deployed.settings(), lambda now: now["consumed"] >= 2 * count)
    return deployed


def order_of(deployed: Deployed, **changes: Any) -> Order:
    return replace(Order(f"{deployed.prefix}.rejected", EVERYTHING), **changes)


def place(deployed: Deployed, offset: int) -> Place:
    return Place(f"{deployed.prefix}.rejected", 0, offset)


async def redriven(deployed: Deployed) -> list[str]:
    """Which rejected records were written again, in order."""
    records = await read_all(deployed.bootstrap_servers, deployed.input_topic)
    return [dict(one.headers)[REDRIVEN].decode() for one in records if REDRIVEN in dict(one.headers)]


@pytest.mark.parametrize("by_name", [False, True])
async def test_what_was_forgotten_does_not_come_back(bootstrap_servers: str, unique: str, by_name: bool) -> None:
    deployed = await with_rejected(bootstrap_servers, unique)
    settings = deployed.settings()
    await forget(settings, ["s1", "s2"], write=True)
    places = frozenset(place(deployed, number) for number in range(4))
    order = order_of(deployed, selection=Selection(places=places) if by_name else EVERYTHING)
    looked = Report()
    shown = [one.ready.rejected.session_id async for one in preview(settings, order, looked)]
    report = await redrive(settings, order)
    assert shown == ["s0", "s3"]
    assert (looked.redriven, looked.forgotten) == (report.redriven, report.forgotten) == (2, 2)
    assert report.refused == []
    assert missing(order, report) == []
    assert await redriven(deployed) == [str(place(deployed, number)) for number in (0, 3)]


async def test_what_is_forgotten_while_a_redrive_runs(
    bootstrap_servers: str, unique: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is looked at again: a slow redrive may take hours."""
    monkeypatch.setattr("pipeline.erasure.erased.FRESH_SECONDS", 0.0)
    deployed = await with_rejected(bootstrap_servers, unique)
    settings = deployed.settings()
    tasks: list[asyncio.Task[Any]] = []

    def progress(_: Report) -> None:
        if not tasks:
            tasks.append(asyncio.create_task(forget(settings, ["s3"], write=True)))

    report = await redrive(settings, order_of(deployed, rate=0.5), progress)
    await tasks[0]
    assert (report.redriven, report.forgotten) == (3, 1)


async def test_each_once_and_again_only_when_asked(bootstrap_servers: str, unique: str) -> None:
    deployed = await with_rejected(bootstrap_servers, unique)
    settings = deployed.settings()
    some = frozenset({place(deployed, 1), place(deployed, 2)})
    assert (await redrive(settings, order_of(deployed, selection=Selection(places=some)))).redriven == 2
    rest = await redrive(settings, order_of(deployed))
    assert (rest.redriven, rest.already) == (2, 2)
    assert (await redrive(settings, order_of(deployed, again=True))).redriven == 4
    assert await redriven(deployed) == [str(place(deployed, n)) for n in (1, 2, 0, 3, 0, 1, 2, 3)]


async def test_whoever_starts_last_goes_on_and_the_other_is_told(bootstrap_servers: str, unique: str) -> None:
    deployed = await with_rejected(bootstrap_servers, unique)
    settings = deployed.settings()
    reached = asyncio.Event()

    def fault(step: str) -> None:
        # The first one has sent its records and has not committed when the second begins.
        if step == "records-sent":
            reached.set()

    async def slow() -> Report:
        order = order_of(deployed, rate=0.5)  # a record a transaction, two seconds apart
        return await redrive(settings, order, fault=fault)

    first = asyncio.create_task(slow())
    await reached.wait()
    second = await redrive(settings, order_of(deployed))
    with pytest.raises(ItemstreamError, match=r"another redrive of .* goes on in place of this one"):
        await first
    assert 0 < second.redriven <= 4
    assert sorted(await redriven(deployed)) == [str(place(deployed, n)) for n in range(4)]


async def test_the_rate_holds(bootstrap_servers: str, unique: str) -> None:
    deployed = await with_rejected(bootstrap_servers, unique, 5)
    begun: list[float] = []

    def fault(step: str) -> None:
        if step == "begun":
            begun.append(time.monotonic())

    assert (await redrive(deployed.settings(), order_of(deployed, rate=2.0), fault=fault)).redriven == 5
    # A record a transaction, half a second for each; less what the first one took to begin.
    assert len(begun) == 5
    assert begun[-1] - begun[0] > 1.5


async def test_what_can_not_be_sent_is_refused_and_the_rest_goes(bootstrap_servers: str, unique: str) -> None:
    deployed = await with_rejected(bootstrap_servers, unique)
    large = {place(deployed, 1): Fix(b"x" * 2_000_000)}
    report = await redrive(deployed.settings(), order_of(deployed, fixes=large))
    assert report.redriven == 3
    ((refused, why),) = report.refused
    assert refused == place(deployed, 1)
    assert "has 2000" in why
    assert f"{deployed.input_topic} takes 1048588" in why


async def test_a_topic_that_is_not_there(bootstrap_servers: str, unique: str) -> None:
    settings = (await deploy(bootstrap_servers, unique, 1)).settings()
    with pytest.raises(ItemstreamError, match="there is no topic nowhere; name another with --topic"):
        await redrive(settings, Order("nowhere", EVERYTHING))


async def previewed(deployed: Deployed, order: Order) -> tuple[list[Previewed], Report]:
    report = Report()
    return [one async for one in preview(deployed.settings(), order, report)], report


async def test_a_dry_run_shows_what_would_come_out_and_writes_nothing(bootstrap_servers: str, unique: str) -> None:
    deployed = await with_rejected(bootstrap_servers, unique)
    fixes = {place(deployed, n): Fix(orjson.dumps(message(f"second_{n}", "hello"))) for n in (0, 1)}
    # The first item of session s1 once more: the state knows it, and nothing comes of it.
    fixes[place(deployed, 1)] = Fix(orjson.dumps(message("first_1")))
    before = await read_all(bootstrap_servers, deployed.input_topic)
    (hello, known, *broken), report = await previewed(deployed, order_of(deployed, fixes=fixes))
    assert hello.outputs
    (output,) = hello.outputs
    record = orjson.loads(output.value or b"")
    told = [record[name] for name in ("item_id", "text", "session_id", "session_sequence")]
    assert told == ["second_0", "hello", "s0", 2]
    assert (known.outputs, known.rejected_again) == ([], None)
    assert all("not JSON" in (one.rejected_again or "") for one in broken)
    assert (report.redriven, report.changed, len(broken)) == (4, 2, 2)
    assert len(await read_all(bootstrap_servers, deployed.input_topic)) == len(before)
    assert (await redrive(deployed.settings(), order_of(deployed, fixes=fixes))).redriven == 4
    assert (await previewed(deployed, order_of(deployed)))[0] == []


async def test_dead_letters_of_a_subscriber_go_back_to_where_their_headers_say(
    bootstrap_servers: str, unique: str
) -> None:
    deployed = await deploy(bootstrap_servers, unique, 2)
    letters = f"{deployed.prefix}.letters"
    async with connect(bootstrap_servers) as admin:
        await admin.create_topics([NewTopic(letters, 1, 1)])
    headers = [
        ("ce_id", b"1"),
        ("kafka_dlt-original-topic", deployed.messages.encode()),
        ("kafka_dlt-original-partition", (1).to_bytes(4, "big")),
        ("kafka_dlt-original-offset", (7).to_bytes(8, "big")),
        ("kafka_dlt-exception-fqcn", b"shop.CardRefused"),
    ]
    await produce(bootstrap_servers, letters, [(0, b"s", b"{}")], headers)
    order = Order(letters, Selection(reasons=frozenset({"CardRefused"})))
    ((one,), _) = await previewed(deployed, order)
    assert (one.outputs, one.ready.record.topic) == (None, deployed.messages)
    assert (await redrive(deployed.settings(), order)).redriven == 1
    (sent,) = await read_all(bootstrap_servers, deployed.messages)
    assert (sent.partition, sent.key, sent.value) == (1, b"s", b"{}")
    assert dict(sent.headers) == {"ce_id": b"1", REDRIVEN: f"{letters}-0-0".encode()}
