"""A store filled without Kafka, by what the projection writes its batches with."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from itertools import chain

from sqlalchemy import delete, text

from bench.console.records import PREFIX, long_conversation, many
from pipeline.console.projection.batch import BatchWriter
from pipeline.console.projection.positions import Position
from pipeline.console.projection.projection import store_facts
from pipeline.console.store.schema import positions
from pipeline.console.store.store import Store
from pipeline.settings_load import load_settings
from topics.fetched_records import FetchedRecord

PARTITIONS = 4
BATCH = 2_000
TOLD_EVERY = 200_000

Tell = Callable[[str], None]


def fill(store: Store, items: int, tell: Tell) -> float:
    """Records a second. Afterwards the store knows nothing of where the records came from: a console that is started
    on it reads the topics there are from their beginning."""
    store.prepare(store_facts(load_settings({"prefix": PREFIX})))
    writer = BatchWriter(store, PREFIX, None)
    places: dict[tuple[str, int], Position] = {}
    ends: Counter[tuple[str, int]] = Counter()
    batch: list[FetchedRecord] = []
    done, began = 0, time.perf_counter()

    def write() -> None:
        before = {(one.topic, one.partition): places.get((one.topic, one.partition), Position(0)) for one in batch}
        places.update(writer.write(batch, before, {}).after)
        batch.clear()

    for topic, key, value in chain(many(items), long_conversation()):
        place = (topic, sum(key) % PARTITIONS)
        batch.append(FetchedRecord(*place, ends[place], 0, 0, key, value, []))
        ends[place] += 1
        done += 1
        if len(batch) == BATCH:
            write()
        if done % TOLD_EVERY == 0:
            tell(f"{done:,} records, {done / (time.perf_counter() - began):,.0f}/s")
    if batch:
        write()
    with store.writing() as connection:
        connection.execute(delete(positions))
        if store.dialect.name == "postgresql":
            # It would by itself within minutes, and nobody fills a store this fast.
            connection.execute(text("ANALYZE"))
    rate = done / (time.perf_counter() - began)
    tell(f"{done:,} records, {rate:,.0f}/s")
    return rate
