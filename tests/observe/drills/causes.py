"""What causes each alert. A drill is a generator: it causes, waits (`yield`) until its alerts fire, and puts right."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import AsyncGenerator

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from pipeline.streaming.clients import close_consumer, input_consumer
from pipeline.streaming.transactions import Transactions
from pipeline.worker.stream_config import stream_config
from tests.observe.drills.load import bad_tool, garbage, late, long_ago, mistake, much, slow_failure
from tests.observe.drills.site import PARTITIONS, Drill, Site
from tests.observe.support import scrape, total, until_true

ATTEMPTS = 40
OLD_SECONDS = 600


async def bad_input(site: Site) -> AsyncGenerator[None]:
    site.load.recipes |= {late, garbage, mistake, bad_tool, slow_failure}
    yield
    site.load.recipes -= {late, garbage, mistake, bad_tool, slow_failure}


async def frozen_broker(site: Site) -> AsyncGenerator[None]:
    site.load.recipes.add(long_ago)
    # A worker that has just committed all it knew of sees no lag: frozen again until one has old events in hand.
    for _ in range(ATTEMPTS):
        await asyncio.sleep(1)
        site.signal_kafka(signal.SIGSTOP)
        await asyncio.sleep(2)
        told = await asyncio.to_thread(scrape, site.port)
        if total(told, "itemstream_standstill_seconds") > 1 and total(told, "itemstream_lag_seconds") > OLD_SECONDS:
            break
        site.signal_kafka(signal.SIGCONT)
    site.load.recipes.discard(long_ago)
    yield
    site.signal_kafka(signal.SIGCONT)


async def slow_broker(site: Site) -> AsyncGenerator[None]:
    async def limp() -> None:
        while True:
            site.signal_kafka(signal.SIGSTOP)
            await asyncio.sleep(1.5)
            site.signal_kafka(signal.SIGCONT)
            await asyncio.sleep(0.2)

    # So much that in each partition a transaction is under way when the broker freezes.
    site.load.recipes.add(much)
    task = asyncio.create_task(limp())
    yield
    task.cancel()
    site.load.recipes.discard(much)
    site.signal_kafka(signal.SIGCONT)


async def fenced(site: Site) -> AsyncGenerator[None]:
    settings = site.deployed.settings()
    config = stream_config(settings)

    async def fence() -> None:
        while True:
            for number in range(PARTITIONS):
                other = Transactions(config.transactional_id(number), settings.bootstrap_servers, {}, _as_it_is)
                with contextlib.suppress(Exception):
                    await other.start()
                await other.close()
            await asyncio.sleep(1)

    task = asyncio.create_task(fence())
    yield
    task.cancel()


def _as_it_is(_fenced: bool, error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError(repr(error))


async def coming_and_going(site: Site) -> AsyncGenerator[None]:
    task = asyncio.create_task(_come_and_go(site))
    yield
    task.cancel()
    await asyncio.wait({task})


async def _come_and_go(site: Site) -> None:
    config = stream_config(site.deployed.settings())
    while True:
        consumer = input_consumer(config)
        await consumer.start()
        try:
            consumer.subscribe([config.input_topic], listener=None)
            await asyncio.sleep(1.2)
        finally:
            await close_consumer(consumer)
        await asyncio.sleep(0.8)


async def frozen_member(site: Site) -> AsyncGenerator[None]:
    pid = site.child(0)
    os.kill(pid, signal.SIGSTOP)
    # Somebody joins: the group now waits for the frozen one, and the other process has nothing meanwhile.
    task = asyncio.create_task(_come_and_go(site))
    yield
    task.cancel()
    os.kill(pid, signal.SIGCONT)
    await asyncio.wait({task})


async def few_files(site: Site) -> AsyncGenerator[None]:
    pid = site.child(0)
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    opened = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - not a folder of ours
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (opened + 4, before[1]))
    yield
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


async def killed_again_and_again(site: Site) -> AsyncGenerator[None]:
    async def kill() -> None:
        while True:
            with contextlib.suppress(OSError):
                os.kill(await asyncio.to_thread(site.child, 1), signal.SIGKILL)
            await asyncio.sleep(4)

    task = asyncio.create_task(kill())
    yield
    task.cancel()


async def stopped(site: Site) -> AsyncGenerator[None]:
    await asyncio.to_thread(site.stop_worker)
    yield
    site.start_worker()


async def deleted_unread(site: Site) -> AsyncGenerator[None]:
    def has_read_each() -> bool:
        return sum(offset > 0 for _, offset in scrape(site.port).get("itemstream_committed_offset", [])) == PARTITIONS

    await until_true(has_read_each)  # a group that has read nothing misses nothing
    await asyncio.to_thread(site.stop_worker)
    await asyncio.sleep(2)  # the load goes on
    admin = AIOKafkaAdminClient(bootstrap_servers=site.deployed.bootstrap_servers)
    await admin.start()
    everything = RecordsToDelete(before_offset=-1)
    await admin.delete_records(
        {TopicPartition(site.deployed.input_topic, number): everything for number in range(PARTITIONS)}
    )
    await admin.close()
    site.start_worker()
    yield


DRILLS: tuple[Drill[Site], ...] = (
    Drill(
        ("ItemstreamRejecting", "ItemstreamBug", "ItemstreamLatency", "ItemstreamToolFailing",
         "ItemstreamResponsesFailing", "ItemstreamUsersWait"),
        "events that are no JSON, that run into a mistake put into the core, of a minute ago; an MCP server that "
        "fails; responses that fail after five seconds", bad_input,
    ),
    Drill(("ItemstreamAborts",), "every partition's producer fenced once a second", fenced),
    Drill(("ItemstreamRebalancing",), "a member that joins and leaves the group every two seconds", coming_and_going),
    Drill(("ItemstreamFilesRunOut",), "the limit of open files set four above what is open", few_files),
    Drill(("ItemstreamSlowCommits",), "the broker frozen but for a moment every second and a half", slow_broker),
    Drill(
        ("ItemstreamStandstill", "ItemstreamLag", "ItemstreamLagCritical"),
        "events of twenty minutes ago, and the broker frozen (SIGSTOP) in the middle of them", frozen_broker,
    ),
    Drill(
        ("ItemstreamNotReady", "ItemstreamProcessDown"),
        "one process frozen (SIGSTOP) while another member joins", frozen_member,
    ),
    Drill(("ItemstreamRestarting",), "one process killed (SIGKILL) every four seconds", killed_again_and_again),
    Drill(("ItemstreamAbsent",), "the worker stopped", stopped),
    Drill(
        ("ItemstreamRecordsLost",),
        "the worker stopped, and all that waits for it deleted from the input, as retention does", deleted_unread,
    ),
)  # fmt: skip
