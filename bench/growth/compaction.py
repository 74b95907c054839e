"""What a restart reads, by the settings of the changelog: sessions come and go, then some are open."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from bench.core import Record
from bench.growth.traffic import opened
from pipeline.core import CoreSettings, Partition
from pipeline.streaming import StreamConfig
from pipeline.streaming.changelog import Restored, restore
from topics.catalogue import changelog_spec

SESSIONS = 4_000
GENERATIONS = 3
"""All but the last are over: their sessions are forgotten, which leaves a deletion for each of their keys."""
BATCH = 2_000
QUEUED = 100_000
CLEANER_SECONDS = 45
"""Kafka looks for something to compact every 15 s."""

Change = tuple[bytes, bytes | None]

KAFKAS: Mapping[str, str] = {"cleanup.policy": "compact", "segment.bytes": str(64 * 1024 * 1024)}
SETTINGS: Mapping[str, Mapping[str, str]] = {
    "64 MiB segments, Kafka's defaults": KAFKAS,
    "the catalogue's": changelog_spec("any").config(),
}


def history(sessions: int = SESSIONS) -> list[Change]:
    """The changelog records of so many conversations under way at a time, in the order they are written."""
    core, events, offset = Partition(CoreSettings()), opened(sessions, scenarios=()), 0
    changes: list[Change] = []
    while batch := [
        Record("compaction", 0, number, timestamp, 0, key, value, tuple(headers))
        for number, (key, value, headers, timestamp) in enumerate(islice(events, BATCH), offset)
    ]:
        changes += core.process(batch).changes
        offset += len(batch)
    return changes


def generations(changes: list[Change], count: int = GENERATIONS) -> Iterator[Change]:
    """The history again and again under other names; each but the last ends with its keys deleted."""
    for number in range(count):
        own = b"sess_growth%d" % (number + 1)
        yield from ((key.replace(b"sess_growth0", own), value) for key, value in changes)
        if number < count - 1:
            yield from ((key.replace(b"sess_growth0", own), None) for key in {key: None for key, _ in changes})


def measure(servers: str) -> list[dict[str, Any]]:
    """A row for each of the settings."""
    admin = AdminClient({"bootstrap.servers": servers})
    changes = history()
    live = len({key: None for key, _ in changes})
    names = {title: f"growth-changelog-{uuid.uuid4().hex[:8]}" for title in SETTINGS}
    new = [NewTopic(names[title], 1, 1, config=dict(config)) for title, config in SETTINGS.items()]
    for made in admin.create_topics(new).values():
        made.result()
    written = {title: _write(servers, name, generations(changes)) for title, name in names.items()}
    time.sleep(CLEANER_SECONDS)
    rows: list[dict[str, Any]] = []
    for title, name in names.items():
        found = asyncio.run(_restored(servers, name))
        rows.append(
            {
                "settings": title,
                "written": written[title],
                "live": live,
                "read": found.records,
                "seconds": found.seconds,
            }
        )
    for gone in admin.delete_topics(list(names.values())).values():
        gone.result()
    return rows


def _write(servers: str, topic: str, records: Iterator[Change]) -> int:
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "linger.ms": 50,
            "batch.size": 900_000,
            "queue.buffering.max.messages": 2 * QUEUED,
        }
    )
    count = 0
    for key, value in records:
        producer.produce(topic, value, key, partition=0)
        count += 1
        if count % QUEUED == 0:
            producer.flush(120)
    if producer.flush(120):
        raise RuntimeError(f"{topic}: Kafka did not acknowledge all records")
    return count


async def _restored(servers: str, topic: str) -> Restored:
    config = StreamConfig(
        bootstrap_servers=servers, group=topic, input_topic="none", changelog_topic=topic, output_topics=()
    )
    return await restore(config, 0, Partition(CoreSettings()))
