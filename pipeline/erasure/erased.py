"""The list of erased sessions: a compacted topic `{prefix}.erased`, a record each. Who writes again goes by it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import orjson
from aiokafka import TopicPartition

from pipeline.erasure.rights import ask_rights
from pipeline.errors import ItemstreamError
from pipeline.rejected.read import read_partition, reader
from pipeline.settings import Settings
from pipeline.worker.rights import Right
from topics.catalogue import TopicSpec, own_topic

FRESH_SECONDS = 10.0
"""How old the list may be that somebody who writes goes by."""


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
    description = "Sessions that were erased: replays, redrives and exports leave them out."
    return own_topic(erased_topic(prefix), "the session id", description, partitions=1, cleanup_policy="compact")


def erased_value(at: str) -> bytes:
    """The value of a session's record: when it was erased."""
    return orjson.dumps({"erased_at": at})


async def read_erased(settings: Settings) -> frozenset[str]:
    """Every erased session; none where nothing was ever erased.

    Raises ItemstreamError where this client may not read the list: without it what was erased would come back.
    """
    topic = erased_topic(settings.prefix)
    found = (await ask_rights(settings, [topic]))[topic]
    if found.hidden or (found.partitions and Right.READ not in found.rights):
        raise ItemstreamError(
            f"no right to read topic {topic}, the list of forgotten sessions, which would come back without it: grant "
            "Read (itemstream topics acls prints all that each part needs)"
        )
    if not found.partitions:
        return frozenset()
    names: set[str] = set()
    async with reader(settings) as consumer:
        async for record in read_partition(consumer, TopicPartition(topic, 0)):
            name = (record.key or b"").decode(errors="backslashreplace")
            (names.discard if record.value is None else names.add)(name)
    return frozenset(names)


class ErasedSessions:
    """The list for somebody who writes for a long time: it is read again when it is older than `FRESH_SECONDS`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._names: frozenset[str] = frozenset()
        self._read: float | None = None

    async def has(self, session: str | None) -> bool:
        """Whether a session was forgotten. Raises what `read_erased` raises."""
        now = time.monotonic()
        if self._read is None or now - self._read >= FRESH_SECONDS:
            self._names, self._read = await read_erased(self._settings), now
        return session in self._names


def without(erased: frozenset[str], records: Sequence[R]) -> Sequence[R]:
    """The records that are of none of the erased sessions."""
    if not erased:
        return records
    return [record for record in records if _session(record) not in erased]


def _session(record: Keyed) -> str | None:
    """Header `ce_sessionid` wins over the key; outputs have the session as their key."""
    raw = dict(record.headers).get("ce_sessionid") or record.key
    return raw.decode(errors="backslashreplace") if raw else None
