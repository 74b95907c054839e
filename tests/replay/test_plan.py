"""From where a selection is read: sessions from where they began, and no further."""

import asyncio
import time
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from pipeline.errors import UsageError
from pipeline.replay.comparison import Difference
from pipeline.replay.difference import WITHOUT_BEGINNING
from pipeline.replay.dry_run import dry_run
from pipeline.replay.in_place import create_in_place, run_in_place
from pipeline.replay.jobs import Order, plan
from pipeline.replay.selection import Selection, parse_offsets
from pipeline.replay.window import Window
from tests.kafka.deploy import Deployed, deploy
from tests.rejected.support import message, work
from tests.replay.support import Past, content, values

pytestmark = pytest.mark.kafka

MINUTE = 60_000
HOUR = 60 * MINUTE
START = time.time_ns() // 1_000_000 - 20 * HOUR
DELETES = ("talk-10", START + 10 * HOUR + 38 * MINUTE)
"""The last event of this session deletes its first item."""


async def talks(deployed: Deployed) -> list[tuple[str, int]]:
    """One partition: a session an hour, 40 minutes long, an event every two minutes; `long` has one every hour."""
    events = [
        (f"talk-{hour}", START + hour * HOUR + minute * MINUTE) for hour in range(18) for minute in range(0, 40, 2)
    ]
    events += [("long", START + hour * HOUR + 30 * MINUTE + 1) for hour in range(4, 12)]
    events.sort(key=lambda event: event[1])
    producer: Any = AIOKafkaProducer(bootstrap_servers=deployed.bootstrap_servers)
    await producer.start()
    deleted = ""
    try:
        for number, (session, ms) in enumerate(events):
            value = orjson.dumps(message(f"item_{number}", f"number {number}"))
            if (session, ms) == DELETES:
                value = orjson.dumps({"type": "conversation.item.deleted", "event_id": "x", "item_id": deleted})
            if session == DELETES[0] and not deleted:
                deleted = f"item_{number}"
            await producer.send(deployed.input_topic, value, session.encode(), 0, timestamp_ms=ms)
        await producer.flush()
    finally:
        await producer.stop()
    return events


async def window(deployed: Deployed, **selection: Any) -> Window:
    settings = deployed.settings()
    order = Order(kind="topics", to="x", selection=Selection(**selection))
    (found,) = (await plan(settings, order)).job.windows
    return found


def first_of(events: list[tuple[str, int]], session: str) -> int:
    return next(offset for offset, (name, _) in enumerate(events) if name == session)


def at(events: list[tuple[str, int]], ms: int) -> int:
    return next(offset for offset, (_, when) in enumerate(events) if when >= ms)


async def test_sessions_are_read_from_where_they_began(bootstrap_servers: str, unique: str) -> None:
    deployed = await deploy(bootstrap_servers, unique, 1)
    events = await talks(deployed)
    whole = await window(deployed)
    assert (whole.read_from, whole.first, whole.end, dict(whole.lost)) == (0, 0, len(events), {})

    # At 15:20 the talk of that hour is in its middle; the one before ended less than two hours ago, and so may go on.
    late = await window(deployed, since_ms=START + 15 * HOUR + 20 * MINUTE)
    assert late.first == at(events, START + 15 * HOUR + 20 * MINUTE)
    assert late.read_from == first_of(events, "talk-13")
    # `long` goes on through gaps of an hour, and so it is read from where it began.
    inside = await window(deployed, since_ms=START + 10 * HOUR, until_ms=START + 10 * HOUR + 10 * MINUTE)
    assert inside.read_from == first_of(events, "long")
    assert inside.end == at(events, START + 10 * HOUR + 10 * MINUTE)
    # Of one session nothing else counts.
    one = await window(deployed, since_ms=START + 10 * HOUR + 10 * MINUTE, sessions=frozenset({"talk-10"}))
    assert one.read_from == first_of(events, "talk-10")
    some = await window(deployed, offsets=parse_offsets(["0:200-209"]))
    assert (some.first, some.end, some.end_ms) == (200, 210, None)
    assert some.read_from < 200


async def test_a_session_whose_beginning_is_gone_is_told_of(bootstrap_servers: str, unique: str) -> None:
    deployed = await deploy(bootstrap_servers, unique, 1)
    events = await talks(deployed)
    await work(deployed.settings(), lambda now: now["consumed"] >= len(events))
    cut = first_of(events, "talk-10") + 3
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(deployed.input_topic, 0): RecordsToDelete(before_offset=cut)})
    finally:
        await admin.close()
    whole = await window(deployed)
    assert whole.read_from == cut
    # The next talks begin with no session.created within two hours of the cut: they may have gone on from before it.
    assert set(whole.lost) == {"talk-10", "long", "talk-11", "talk-12"}
    assert whole.lost["talk-10"] == cut
    later = await window(deployed, since_ms=START + 16 * HOUR)
    assert (later.read_from, dict(later.lost)) == (first_of(events, "talk-14"), {})
    inside = await window(deployed, since_ms=START + 11 * HOUR)
    assert set(inside.lost) == {"talk-10", "long"}

    # What came of the deletion can't be known any more: that is no difference, and nothing to put right.
    found: list[Difference] = []
    order = Order(kind="in-place", to=deployed.prefix)
    compared = await dry_run(deployed.settings(), order, asyncio.Event(), lambda _: None, found.append)
    assert found == []
    assert dict(compared.tally.not_compared) == {WITHOUT_BEGINNING: 1}
    assert set(compared.tally.verdicts) == {"same"}
    job = (await create_in_place(deployed.settings(), order)).job
    job = await run_in_place(deployed.settings(), job, asyncio.Event(), lambda _: None)
    assert job.result is not None
    assert (job.state, job.result.outputs, job.report) == ("done", {}, {"left_alone": {WITHOUT_BEGINNING: 1}})


async def test_one_session_is_found_by_what_came_out_of_it(bootstrap_servers: str, unique: str) -> None:
    """Its records say where it was; the rest of the topic is not read."""
    deployed = await deploy(bootstrap_servers, unique, 1)
    events = await talks(deployed)
    await work(deployed.settings(), lambda now: now["consumed"] >= len(events))
    found = await window(deployed, sessions=frozenset({"talk-8"}))
    assert found.read_from == found.first == first_of(events, "talk-8")
    last = max(offset for offset, (name, _) in enumerate(events) if name == "talk-8")
    assert last < found.end <= at(events, events[last][1] + 2 * HOUR + 2 * MINUTE)
    assert found.size < len(events) / 4
    past = Past(deployed, [])
    await past.replay(f"one-{unique}", selection=Selection(sessions=frozenset({"talk-8"})))
    live = [one for one in values(await past.content()) if one["session_id"] == "talk-8"]
    assert values(await content(bootstrap_servers, f"one-{unique}")) == live != []
    everywhere = await window(deployed, sessions=frozenset({"talk-8", "nobody"}))
    assert everywhere.size == len(events)


def test_offsets_as_they_are_written() -> None:
    assert parse_offsets(["3:10-19", "4:-9", "5:7-"]) == {3: (10, 20), 4: (None, 10), 5: (7, None)}
    for wrong in ("3", "3:a-b", "-3:1-2"):
        with pytest.raises(UsageError, match="PARTITION:FIRST-LAST"):
            parse_offsets([wrong])
    with pytest.raises(UsageError, match="twice"):
        parse_offsets(["1:0-1", "1:5-6"])
