"""The list of erased sessions: a compacted topic `{prefix}.erased`, a record each. Replays and exports go by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import orjson
from aiokafka import TopicPartition

from pipeline.rejected.read import read_partition, reader
from pipeline.settings import Settings
from topics.admin import connect
from topics.catalogue import TopicSpec


class Keyed(Protocol):
    """What is looked at of a record."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def headers(self) -> Iterable[tuple[str, bytes | None]]: ...


R = TypeVar("R", bound=Keyed)


def erased_topic(prefix: str) -> str:
    """The topic of the list."""
    return f"{prefix}.erased"


def erased_spec(prefix: str) -> TopicSpec:
    """The topic as data, for the one who makes it."""
    return TopicSpec(
        name=erased_topic(prefix),
        record_type="",
        item_type=None,
        model=None,
        key="the session id",
        description="Sessions that were erased: replays and exports leave them out.",
        partitions=1,
        retention_ms=None,
        cleanup_policy="compact",
        fixed_name=True,
    )


def erased_value(at: str) -> bytes:
    """The value of a session's record: when it was erased."""
    return orjson.dumps({"erased_at": at})


async def read_erased(settings: Settings) -> frozenset[str]:
    """Every erased session; none where nothing was ever erased."""
    topic = erased_topic(settings.prefix)
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        # All topics, not this one by name: to ask for a name creates it where brokers auto-create topics.
        if all(found["topic"] != topic for found in await admin.describe_topics()):
            return frozenset()
    names: set[str] = set()
    async with reader(settings) as consumer:
        async for record in read_partition(consumer, TopicPartition(topic, 0)):
            name = (record.key or b"").decode(errors="backslashreplace")
            (names.discard if record.value is None else names.add)(name)
    return frozenset(names)


def without(erased: frozenset[str], records: Sequence[R]) -> Sequence[R]:
    """The records that are of none of the erased sessions."""
    if not erased:
        return records
    return [record for record in records if _session(record) not in erased]


def _session(record: Keyed) -> str | None:
    """Header `ce_sessionid` wins over the key; outputs have the session as their key."""
    raw = dict(record.headers).get("ce_sessionid") or record.key
    return raw.decode(errors="backslashreplace") if raw else None
