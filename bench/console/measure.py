"""One database: filled, asked with nothing coming in, asked again while thousands of items a second come in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from aiokafka import AIOKafkaConsumer
from sqlalchemy import func, select

from bench.console.asking import Client, Known, Questions, Times
from bench.console.deployment import console, load, make_topics
from bench.console.fill import fill
from bench.console.lag import Look, Watch, quarters
from bench.processes import cpu_seconds, peak_mib
from bench.stats import percentile
from pipeline.console.store import StoreQueries, open_store
from pipeline.console.store.schema import entries, sessions
from pipeline.console.store.store import Store
from pipeline.kafka import EmbeddedKafka

DRAIN_SECONDS = 600
SETTLED = 100
"""Offsets of lag: marks of transactions that the projection has not passed yet."""

Row = dict[str, Any]
Tell = Callable[[str], None]


class Wanted(NamedTuple):
    """items: in the store. times: each question. pace: items a second that come in. seconds: they do, at least."""

    items: int
    times: int
    pace: int
    seconds: float


def measure(address: str, size: Callable[[], int], wanted: Wanted, logs: Path, tell: Tell) -> Row:
    """size: bytes on the disk."""
    with open_store(address) as store, EmbeddedKafka() as kafka:
        rate = fill(store, wanted.items, tell)
        return {
            "rate": rate,
            "bytes": size(),
            "pace": wanted.pace,
            **asyncio.run(_measure(address, store, kafka.bootstrap_servers, wanted, logs, tell)),
        }


async def _measure(address: str, store: Store, servers: str, wanted: Wanted, logs: Path, tell: Tell) -> Row:
    row = _known(store)
    questions = Questions(row.pop("known"))
    await make_topics(servers)
    with console(servers, address, logs / "console.log") as (pid, url):
        async with aiohttp.ClientSession(url) as http:
            client = Client(http, questions)
            await client.check()
            tell("asked with nothing coming in")
            quiet = await client.ask(wanted.times)
            tell(f"asked while {wanted.pace:,} items/s come in")
            busy, coming = await _while_coming(client, store, servers, pid, wanted, logs, tell)
        coming["memory_mib"] = peak_mib(pid)
    return {**row, "quiet": _figures(quiet), "busy": _figures(busy), "coming": coming}


async def _while_coming(
    client: Client, store: Store, servers: str, pid: int, wanted: Wanted, logs: Path, tell: Tell
) -> tuple[Times, Row]:
    async with AIOKafkaConsumer(bootstrap_servers=servers, isolation_level="read_committed") as consumer:
        watch = Watch(consumer, store)
        items, first = watch.items(), await watch.look()
        with ExitStack() as stack:
            stack.enter_context(load(servers, wanted.pace, logs / "load.log"))
            cpu, began = cpu_seconds(pid), time.perf_counter()
            async with watch:
                times = await client.ask(wanted.times)
                await asyncio.sleep(max(0.0, began + wanted.seconds - time.perf_counter()))
            cpu = (cpu_seconds(pid) - cpu) / (time.perf_counter() - began)
        tell((logs / "load.log").read_text().splitlines()[-1])
        ended = time.perf_counter()
        last = await _drained(watch)
        share = (watch.items() - items) / (last.records - first.records)
    looks = watch.looks
    seconds = looks[-1].seconds - looks[0].seconds
    rate = (looks[-1].records - looks[0].records) / seconds
    return times, {
        "seconds": seconds,
        "records_rate": rate,
        "items_rate": rate * share,
        "written_rate": (looks[-1].ends - looks[0].ends) / seconds,
        "lag": quarters(looks),
        "most_lag": max(one.lag for one in looks),
        "drained_seconds": last.seconds - ended,
        "cpu": cpu,
    }


async def _drained(watch: Watch) -> Look:
    deadline = time.perf_counter() + DRAIN_SECONDS
    while (look := await watch.look()).lag > SETTLED:
        if time.perf_counter() > deadline:
            raise RuntimeError(f"the store is still {look.lag:,} records behind {DRAIN_SECONDS} s after the last one")
        await asyncio.sleep(0.1)
    return look


def _known(store: Store) -> Row:
    with store.reading() as connection:
        names = list(connection.execute(select(sessions.c.session_id)).scalars())
        first, last = connection.execute(select(func.min(sessions.c.last_at), func.max(sessions.c.last_at))).one()
        stored = connection.execute(select(func.count()).select_from(entries)).scalar_one()
    facets = StoreQueries(store).facets()
    of = {"providers": facets.providers, "tenants": facets.tenants, "tools": facets.tools}
    return {"entries": stored, "sessions": len(names), "known": Known(names, first, last, of)}


def _figures(times: Times) -> dict[str, list[float]]:
    """Median, 95th percentile and most, by question."""
    ordered = {name: sorted(some) for name, some in times.items()}
    return {name: [percentile(some, 0.5), percentile(some, 0.95), some[-1]] for name, some in ordered.items()}
