"""The live topics put right: then they say what a fresh run says, and nobody else was disturbed."""

import asyncio
import signal
import sys
import time
from collections import defaultdict
from typing import Any

import orjson
import pytest

from pipeline.core import content
from pipeline.erasure.forget import forget
from pipeline.errors import ItemstreamError, UsageError
from pipeline.replay.content import NOT_CONTENT
from pipeline.replay.in_place import FORGOTTEN, KNOWN, LEFT_ALONE, NO_REVISION, create_in_place, run_in_place
from pipeline.replay.job import Job
from pipeline.replay.jobs import Order
from pipeline.replay.selection import Selection
from tests.kafka.support import produce
from tests.rejected.support import message, work
from tests.replay.support import (
    PARTITIONS,
    Past,
    another_joiner,
    collect,
    ended,
    make_past,
    replay_process,
    values,
)
from tests.replay.support import past as events_of

pytestmark = pytest.mark.kafka

THREE_HOURS = 3 * 3600


@pytest.fixture
def changed_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["pipeline.core.enrich.message"], "text_of", content.text_of)  # undone at the end
    another_joiner()


async def long_ago(bootstrap_servers: str, unique: str) -> Past:
    """A past whose sessions the worker has forgotten."""
    past = await make_past(bootstrap_servers, unique, 4_000, THREE_HOURS)
    now = [(number, b"now-%d" % number, _event(f"item_{number}")) for number in range(PARTITIONS)]
    await produce(bootstrap_servers, past.deployed.input_topic, now)
    await work(past.settings, lambda told: told["consumed"] >= PARTITIONS)
    return past


def _event(item: str) -> bytes:
    return orjson.dumps(message(item, f"said at {time.time()}"))


async def put_right(past: Past, **order: Any) -> Job:
    made = Order(kind="in-place", to=past.deployed.prefix, **order)
    job = (await create_in_place(past.settings, made)).job
    return await run_in_place(past.settings, job, asyncio.Event(), lambda _: None)


def latest(records: list[dict[str, Any]]) -> dict[tuple[Any, Any], dict[str, Any]]:
    """The content of every item by its highest revision; revisions are without gaps."""
    revisions: defaultdict[tuple[Any, Any], list[int]] = defaultdict(list)
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for record in sorted((one for one in records if "item_id" in one), key=lambda one: one["revision"]):
        key = record["session_id"], record["item_id"]
        revisions[key].append(record["revision"])
        found[key] = {name: value for name, value in record.items() if name not in NOT_CONTENT}
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in revisions.values())
    return found


def assert_numbered(records: list[dict[str, Any]]) -> None:
    sequences: defaultdict[str, list[int]] = defaultdict(list)
    for record in records:
        sequences[record["session_id"]].append(record["session_sequence"])
    assert all(sorted(numbers) == list(range(1, len(numbers) + 1)) for numbers in sequences.values())
    assert len({record["id"] for record in records}) == len(records)


@pytest.mark.parametrize("forgotten", ["before the job is made", "before it runs"])
async def test_what_was_forgotten_does_not_come_back(
    bootstrap_servers: str, unique: str, changed_core: None, forgotten: str
) -> None:
    vars(sys.modules["pipeline.core.enrich.message"])["text_of"] = content.text_of
    past = await long_ago(bootstrap_servers, unique)
    another_joiner()
    looked = (await create_in_place(past.settings, Order(kind="in-place", to=past.deployed.prefix))).job
    (gone, *_) = sorted({event.session_id for event in past.events})
    if forgotten == "before the job is made":
        await forget(past.settings, [gone], write=True)
        looked = (await create_in_place(past.settings, Order(kind="in-place", to=past.deployed.prefix))).job
    else:
        await forget(past.settings, [gone], write=True)
    job = await run_in_place(past.settings, looked, asyncio.Event(), lambda _: None)
    replayed = {one["session_id"] for one in values(await past.content()) if one.get("cause") == "replayed"}
    assert replayed, "nothing came out differently: the test shows nothing"
    assert gone not in replayed
    assert job.report[LEFT_ALONE][FORGOTTEN] > 0


async def test_then_the_live_topics_say_what_a_fresh_run_says(
    bootstrap_servers: str, unique: str, changed_core: None
) -> None:
    """Killed in the middle of a transaction, resumed, a worker at work beside."""
    vars(sys.modules["pipeline.core.enrich.message"])["text_of"] = content.text_of
    past = await long_ago(bootstrap_servers, unique)
    before = values(await past.content())
    another_joiner()
    await past.replay(f"fresh-{unique}")
    fresh = latest(values(await past.content(f"fresh-{unique}")))
    job = (await create_in_place(past.settings, Order(kind="in-place", to=past.deployed.prefix))).job
    assert (await ended(replay_process(past.settings, job.id, "sent", 1, "changed")))[0] == -signal.SIGKILL

    more = events_of(1_000, seed=9, faults=False)

    async def live() -> None:
        await collect(past.deployed, more)
        await work(past.settings, lambda told: told["consumed"] >= len(more))

    assert (await asyncio.gather(ended(replay_process(past.settings, job.id, "-", 0, "changed")), live()))[0] == (
        0,
        "done",
    )
    after = values(await past.content())
    assert_numbered(after)
    ours = {event.session_id for event in past.events}
    put = [one for one in after if one["session_id"] in ours]
    assert latest(put) == {key: one for key, one in fresh.items() if key[0] in ours}
    added = [one for one in put if one["id"] not in {one["id"] for one in before}]
    changed = [key for key, one in latest(before).items() if key[0] in ours and one != fresh[key]]
    assert len(changed) > 100
    assert {one["cause"] for one in added} == {"replayed"}
    assert sorted((one["session_id"], one["item_id"]) for one in added) == sorted(changed)

    again = await put_right(past)
    assert again.result is not None
    assert again.result.outputs == {}  # nothing is left to be put right, and what the worker knows is left alone
    assert again.report["left_alone"].keys() <= {KNOWN, NO_REVISION}


async def test_sessions_the_worker_knows_are_left_alone(past: Past, changed_core: None) -> None:
    before = await past.live()
    job = await put_right(past)
    assert job.result is not None
    assert job.result.outputs == {}
    assert job.report["left_alone"][KNOWN] > 100
    assert await past.content() == before


async def test_what_can_not_be_put_right_in_place(past: Past) -> None:
    for selection in (Selection(until_ms=1), Selection(offsets={0: (0, 1)}), Selection(event_types=frozenset({"x"}))):
        with pytest.raises(UsageError, match="to their end"):
            await put_right(past, selection=selection)
    nobody = past.settings.model_copy(update={"group": "nobody"})
    with pytest.raises(ItemstreamError, match="group nobody has processed nothing"):
        await create_in_place(nobody, Order(kind="in-place", to=past.deployed.prefix))
