"""Replays into topics of their own: the same content as the worker made, ids included, whatever is killed."""

import asyncio
import signal
from random import Random

import pytest

from pipeline.errors import ItemstreamError, UsageError
from pipeline.replay.jobs import Order, create
from pipeline.replay.run import cancel, run
from pipeline.replay.selection import Selection
from pipeline.replay.store import Jobs
from pipeline.streaming.fault_points import FAULT_POINTS
from tests.rejected.support import work
from tests.replay.conftest import COUNT
from tests.replay.support import Past, collect, ended, make_past, replay_process, values
from tests.replay.support import past as events_of

pytestmark = pytest.mark.kafka


async def test_everything_again_is_the_same(past: Past, unique: str) -> None:
    job = await past.replay(f"side-{unique}")
    assert job.state == "done"
    assert job.result is not None
    assert job.result.counts.consumed == COUNT
    live, again = await past.live(), await past.content(f"side-{unique}")
    assert sum(map(len, live.values())) > 300
    assert len(live["rejected"]) > 10
    assert again == live
    told = await Jobs(past.settings).find(job.id)
    assert (told.state, told.result) == ("done", job.result)
    assert sum(job.result.outputs.values()) == sum(map(len, again.values()))


async def test_a_window_ends_within_a_record_batch(past: Past, unique: str) -> None:
    job = await past.replay(f"side-{unique}", selection=Selection(offsets={0: (0, 101), 1: (0, 250)}))
    assert job.result is not None
    assert job.result.counts.consumed == 101 + 250


POINTS = [point for point in FAULT_POINTS if point != "changelog-sent"]
"""Those of exactly once."""


async def kill_and_resume(past: Past, to: str, kills: int) -> None:
    """Kill a job so many times, then let it end; its topics hold what the worker's do."""
    job = (await create(past.settings, Order(kind="topics", to=to))).job
    rng = Random(kills)
    killed = 0
    for number in range(kills):
        point = POINTS[4 + number] if number < 3 else rng.choice(POINTS)
        opening = point in {"producer-started", "restoring", "restored"}
        process = replay_process(past.settings, job.id, point, rng.randrange(2 if opening else 4))
        code, _ = await ended(process)
        killed += code == -signal.SIGKILL
    assert killed >= kills // 2  # the others came to the end of the job before
    assert await ended(replay_process(past.settings, job.id)) == (0, "done")
    assert await past.content(to) == await past.live()
    assert await ended(replay_process(past.settings, job.id)) == (0, "done")  # once more: nothing happens
    assert await past.content(to) == await past.live()


async def test_killed_and_resumed_nothing_is_lost_and_nothing_twice(past: Past, unique: str) -> None:
    await kill_and_resume(past, f"side-{unique}", 2)


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_killed_ten_times(bootstrap_servers: str, unique: str) -> None:
    past = await make_past(bootstrap_servers, unique, 30_000)
    await kill_and_resume(past, f"side-{unique}", 10)


@pytest.mark.slow
async def test_several_processes_share_a_job_and_one_dies(past: Past, unique: str) -> None:
    to = f"side-{unique}"
    job = (await create(past.settings, Order(kind="topics", to=to, max_rate=1_500))).job
    first, unlucky = replay_process(past.settings, job.id), replay_process(past.settings, job.id, "offsets-sent", 1)
    codes = [await ended(unlucky), await ended(first)]
    assert codes[1] == (0, "done")
    assert codes[0][0] in {0, -signal.SIGKILL}
    assert await past.content(to) == await past.live()


async def test_jobs_and_the_live_worker_side_by_side(bootstrap_servers: str, unique: str) -> None:
    """Two jobs at once over what was, while the worker goes on with what comes."""
    past = await make_past(bootstrap_servers, unique, 3_000)
    more = events_of(2_000, seed=9, faults=False)
    before = await past.content()

    async def live() -> None:
        await collect(past.deployed, more)
        await work(past.settings, lambda now: now["consumed"] >= len(more))

    jobs = [await create(past.settings, Order(kind="topics", to=f"{name}-{unique}")) for name in ("a", "b")]
    running = [run(past.settings, planned.job, asyncio.Event()) for planned in jobs]
    done = await asyncio.gather(*running, live())
    assert [job.state for job in done[:2] if job] == ["done", "done"]
    assert await past.content(f"a-{unique}") == await past.content(f"b-{unique}") == before
    records = values(await past.content())
    assert len(records) > len(values(before))
    ids = [record["id"] for record in records]
    assert len(ids) == len(set(ids))


@pytest.mark.slow
async def test_a_stopped_job_is_gone_on_with(past: Past, unique: str) -> None:
    to = f"side-{unique}"
    job = (await create(past.settings, Order(kind="topics", to=to, max_rate=2_000))).job
    stop = asyncio.Event()
    running = asyncio.create_task(run(past.settings, job, stop))
    await asyncio.sleep(2)
    stop.set()
    assert (await running).state == "running"
    assert (await run(past.settings, job, asyncio.Event())).state == "done"
    assert await past.content(to) == await past.live()


async def test_a_cancelled_job_ends_everywhere(past: Past, unique: str) -> None:
    job = (await create(past.settings, Order(kind="topics", to=f"side-{unique}", max_rate=100))).job
    process = replay_process(past.settings, job.id)
    await asyncio.sleep(3)
    assert (await cancel(past.settings, job, 30)).state == "cancelled"
    assert await ended(process) == (0, "cancelled")
    assert (await run(past.settings, await Jobs(past.settings).find(job.id), asyncio.Event())).state == "cancelled"
    with pytest.raises(ItemstreamError, match="cancelled already"):
        await cancel(past.settings, await Jobs(past.settings).find(job.id), 1)


async def test_topics_with_records_in_them_are_left_alone_unless_asked(past: Past, unique: str) -> None:
    await past.replay(f"side-{unique}", selection=Selection(partitions=frozenset({0})))
    with pytest.raises(ItemstreamError, match=r"hold records already .* --append"):
        await past.replay(f"side-{unique}", selection=Selection(partitions=frozenset({1})))
    await past.replay(f"side-{unique}", selection=Selection(partitions=frozenset({1, 2})), append=True)
    assert await past.content(f"side-{unique}") == await past.live()
    with pytest.raises(UsageError, match="--in-place"):
        await past.replay(past.deployed.prefix)
