"""The console's store with very much in it: how fast it fills, and how fast it answers.

    python -m bench.console fill STORE [--items 1000000]     into a store, without Kafka; a file or postgresql://…
    python -m bench.console ask STORE [--times 200]          how long each question takes: median, p95, most
    python -m bench.console project [STORE] [--records N]    out of an embedded Kafka into a new store: records a second

What is filled in are simulated sessions, many times over with other names and on other days, and one conversation of
10,000 items. `ask` asks from one thread, each time about something else.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer
from sqlalchemy import func, select

from bench.stats import percentile
from pipeline.console.projection.batch import BatchWriter
from pipeline.console.projection.positions import Position
from pipeline.console.projection.projection import Projection, store_facts
from pipeline.console.queries import Filters, SessionFilters
from pipeline.console.store import StoreQueries, open_store
from pipeline.console.store.schema import entries, sessions
from pipeline.console.store.store import Store
from pipeline.core import CoreSettings, Partition
from pipeline.core.records import Output
from pipeline.kafka import EmbeddedKafka
from pipeline.settings_load import load_settings
from pipeline.simulate.generate import sessions as simulated
from pipeline.simulate.model import SimulatedSession
from tests.core.events import Record
from topics.admin import apply_changes, connect, deployment, make_plan, read_state
from topics.fetched_records import FetchedRecord

PREFIX = "realtime"
BASE = 600
LONG = 10_000
LONG_SESSION = "one-long-conversation"
PARTITIONS = 6
BATCH = 2_000


def outputs_of(session: SimulatedSession) -> list[Output]:
    core = Partition(CoreSettings(prefix=PREFIX))
    events = [
        Record(event.value, session.session_id.encode(), list(event.headers), number, event.time_ms)
        for number, event in enumerate(session.events)
    ]
    return [*core.process(events).outputs, *core.end().outputs]


def many(items: int, sessions_of: int = BASE) -> Iterator[tuple[str, bytes, bytes]]:
    """Topic, key and value of records with so many items in them."""
    rng = random.Random(1)
    base = [outputs_of(one) for one in simulated(5, sessions_of)]
    number = left = 0
    left = items
    while left > 0:
        for outputs in base:
            if not outputs or left <= 0:
                continue
            name = outputs[0].key or b""
            number += 1
            other, day = f"sess_{number:07d}{rng.getrandbits(48):012x}".encode(), rng.randrange(1, 29)
            for one in outputs:
                value = (one.value or b"").replace(name, other)
                value = value.replace(b"2026-05-28T", b"2026-05-%02dT" % day)
                yield one.topic, other, value
                left -= one.topic.startswith(f"{PREFIX}.items.") and b'"revision":1,' in value


def long_conversation() -> Iterator[tuple[str, bytes, bytes]]:
    """One session of `LONG` items, each behind the one before."""
    message = next(
        one for session in simulated(7, 50) for one in outputs_of(session) if one.topic.endswith("items.messages")
    )
    record = orjson.loads(message.value or b"")
    for number in range(LONG):
        before = f"item_{number - 1:06d}" if number else None
        value = {**record, "id": f"long-{number}", "session_id": LONG_SESSION, "item_id": f"item_{number:06d}"}
        value |= {"previous_item_id": before, "session_sequence": number + 1, "revision": 1}
        yield message.topic, LONG_SESSION.encode(), orjson.dumps(value)


def fill(store: Store, items: int) -> None:
    store.prepare(store_facts(load_settings({"prefix": PREFIX})))
    writer = BatchWriter(store, PREFIX, None)
    positions: dict[tuple[str, int], Position] = {}
    ends: Counter[tuple[str, int]] = Counter()
    batch: list[Any] = []
    done, began = 0, time.perf_counter()

    def write() -> None:
        before = {(one.topic, one.partition): positions.get((one.topic, one.partition), Position(0)) for one in batch}
        positions.update(writer.write(batch, before, {}).after)
        batch.clear()

    for source in (many(items), long_conversation()):
        for topic, key, value in source:
            place = (topic, sum(key) % PARTITIONS)
            batch.append(FetchedRecord(*place, ends[place], 0, 0, key, value, []))
            ends[place] += 1
            done += 1
            if len(batch) == BATCH:
                write()
                if done % 100_000 == 0:
                    print(f"{done:>12,} records, {done / (time.perf_counter() - began):,.0f}/s", flush=True)
    write()
    print(f"{done:>12,} records in {time.perf_counter() - began:,.0f} s")


class Asking:
    """Questions, each with its times."""

    def __init__(self, times: int, only: str) -> None:
        self._times = times
        self._only = only

    def ask(self, what: str, question: Callable[[], Any]) -> None:
        if self._only not in what:
            return
        question()  # what is asked for the first time after a start is told apart below
        taken: list[float] = []
        for _ in range(self._times):
            began = time.perf_counter()
            question()
            taken.append((time.perf_counter() - began) * 1000)
        taken.sort()
        print(
            f"{what:<44} {percentile(taken, 0.5):>8.1f} {percentile(taken, 0.95):>8.1f} {taken[-1]:>8.1f} ms",
            flush=True,
        )


def ask(store: Store, times: int, only: str) -> None:
    queries = StoreQueries(store)
    rng = random.Random(2)
    with store.reading() as connection:
        count = connection.execute(select(func.count()).select_from(entries)).scalar()
        of = connection.execute(select(sessions.c.session_id).order_by(sessions.c.sid)).scalars().all()
        first, last = connection.execute(select(func.min(sessions.c.last_at), func.max(sessions.c.last_at))).one()
    print(f"{count:,} items and responses in {len(of):,} sessions\n{'':<44} {'p50':>8} {'p95':>8} {'most':>8}")
    facets = queries.facets()
    asking = Asking(times, only)

    def listed(what: str, make: Callable[[], SessionFilters]) -> None:
        asking.ask(what, lambda: queries.sessions(make(), None, 50))

    def moment() -> int:
        return rng.randrange(first, last)

    listed("list", SessionFilters)
    listed("list, to some day", lambda: SessionFilters(to_ms=moment()))
    listed("list, of a provider", lambda: SessionFilters(provider=rng.choice(facets.providers)))
    listed(
        "list, of a tenant, from some day", lambda: SessionFilters(tenant=rng.choice(facets.tenants), from_ms=moment())
    )
    listed("list, with a tool", lambda: SessionFilters(tool=rng.choice(facets.tools)))
    listed("list, with errors", lambda: SessionFilters(error=True))
    listed("list, interrupted, with errors, of a tenant", lambda: SessionFilters(
        error=True, interrupted=True, tenant=rng.choice(facets.tenants)))  # fmt: skip
    cursor = queries.sessions(SessionFilters(), None, 200).next_cursor
    asking.ask("list, a further page", lambda: queries.sessions(SessionFilters(), cursor, 50))
    words = {"a frequent word": ["the", "is", "a"], "a word": ["appointment", "bicycle", "tavern", "Portland", "order"],
             "a phrase": ['"half past two"', '"the old slot"'], "two words": ["appointment Thursday", "order pick"],
             "no such word": ["xylophone", "quetzal"]}  # fmt: skip
    for what, choice in words.items():
        listed(f"search, {what}", lambda choice=choice: SessionFilters(q=rng.choice(choice)))
    listed("search, a frequent word, of a tenant, errors", lambda: SessionFilters(
        q=rng.choice(words["a frequent word"]), tenant=rng.choice(facets.tenants), error=True))  # fmt: skip
    listed("search, a frequent word, to some day", lambda: SessionFilters(
        q=rng.choice(words["a frequent word"]), to_ms=moment()))  # fmt: skip
    found = queries.sessions(SessionFilters(q="the"), None, 50).next_cursor
    asking.ask("search, a further page", lambda: queries.sessions(SessionFilters(q="the"), found, 50))

    def opened() -> None:
        session = rng.choice(of)
        queries.session(session)
        queries.timeline(session, 0, 200)

    asking.ask("open a conversation", opened)
    asking.ask(f"a page of one of {LONG:,} items",
               lambda: queries.timeline(LONG_SESSION, rng.randrange(LONG - 200), 200))  # fmt: skip

    def afresh() -> None:
        StoreQueries(store).timeline(LONG_SESSION, rng.randrange(LONG - 200), 200)

    asking.ask("the same, something of it changed before", afresh)
    fewer = Asking(max(3, times // 20), only)
    fewer.ask("facets", queries.facets)
    fewer.ask("tools, all", lambda: queries.tools(Filters()))
    fewer.ask("tools, of a day", lambda: queries.tools(Filters(from_ms=last - 86_400_000)))
    fewer.ask("usage by day and tenant, all", lambda: queries.usage(Filters(), ["day", "tenant"]))


async def project(address: str, servers: str, records: int) -> None:
    settings = load_settings({"bootstrap_servers": servers, "prefix": PREFIX})
    topics = deployment(PREFIX, "bench", settings.input_topic)
    async with connect(servers) as admin:
        state = await read_state(admin, topics)
        plan = make_plan(topics, state, partitions=PARTITIONS, replication_factor=1)
        await apply_changes(admin, plan.changes, state)
    written = items = 0
    async with AIOKafkaProducer(bootstrap_servers=servers, linger_ms=20, max_batch_size=262_144) as producer:
        for topic, key, value in many(records, BASE // 4):
            await producer.send(topic, value, key, sum(key) % PARTITIONS)
            written, items = written + 1, items + (".items." in topic)
            if written == records:
                break
        await producer.flush()
    print(f"{written:,} records are on the topics", flush=True)
    with open_store(address) as store:
        projection = Projection(settings, store)
        task = asyncio.create_task(projection.run())
        while not projection.status.records:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        began, processor = time.perf_counter(), time.process_time()
        before = projection.status.records
        while projection.status.records < written and not task.done():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        taken, used = time.perf_counter() - began, time.process_time() - processor
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        done = written - before
        print(f"{done:,} records ({items:,} of {written:,} are items): {done / taken:,.0f} records/s, "
              f"{done / used:,.0f} a second of processor")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("fill", "ask", "project"))
    parser.add_argument("store", nargs="?")
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=200_000)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--only", default="", help="questions with this in their names")
    options = parser.parse_args()
    if options.what == "project":
        with EmbeddedKafka() as kafka, tempfile.TemporaryDirectory() as folder:
            address = options.store or str(Path(folder) / "store.db")
            asyncio.run(project(address, kafka.bootstrap_servers, options.records))
        return
    with open_store(options.store) as store:
        if options.what == "fill":
            fill(store, options.items)
        else:
            ask(store, options.times, options.only)


if __name__ == "__main__":
    main()
