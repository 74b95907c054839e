"""Which other consumer groups read the pipeline's topics, and how far they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from pipeline.ingest.file import FILES
from pipeline.ingest.journal.drain import JOURNALS
from topics.admin import AdminClient

Offsets = dict[TopicPartition, int]

MOST_SHOWN = 30
MOST_ASKED = 200
"""Groups asked for in one look besides those that are shown: a cluster may have thousands, so that they take turns."""
_AT_ONCE = 8
_OFFSET_UNKNOWN = -1


class Readers:
    """Looks again and again. The product's own groups, of which there is one a file and a journal, are left out."""

    def __init__(self, admin: AdminClient, own: str) -> None:
        """own: the worker's group."""
        self._admin: Any = admin
        self._own = own
        self._not_told = (f"{own}-replay-", JOURNALS, FILES)
        self._look = 0
        self._asked: dict[str, int] = {}
        self._found: dict[str, Offsets] = {}
        self.shown: dict[str, Offsets] = {}
        """By name, the first of them: how far they are."""

    @property
    def more(self) -> int:
        """How many groups are known to read these topics besides those that are shown."""
        return len(self._found) - len(self.shown)

    async def look(self, topics: set[str]) -> None:
        """Ask for the groups that are shown, and for those that were not asked for the longest."""
        self._look += 1
        listed: Sequence[Sequence[str]] = await self._admin.list_consumer_groups()
        names = {one[0] for one in listed if one[0] != self._own and not one[0].startswith(self._not_told)}
        self._asked = {name: self._asked.get(name, 0) for name in names}
        self._found = {name: offsets for name, offsets in self._found.items() if name in names}
        shown = names & self.shown.keys()
        others = sorted(names - shown, key=lambda name: (self._asked[name], name))
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._ask(name, topics, gate) for name in [*shown, *others[:MOST_ASKED]]))
        self.shown = {name: self._found[name] for name in sorted(self._found)[:MOST_SHOWN]}

    async def _ask(self, name: str, topics: set[str], gate: asyncio.Semaphore) -> None:
        self._asked[name] = self._look
        async with gate:
            with suppress(KafkaError):
                told = await offsets_of(self._admin, name)
                self._found.pop(name, None)
                if offsets := {source: at for source, at in told.items() if source.topic in topics}:
                    self._found[name] = offsets


async def offsets_of(admin: Any, group: str) -> Offsets:
    """How far a group has committed, of every partition it ever has."""
    told: dict[Any, Any] = await admin.list_consumer_group_offsets(group)
    return {source: one.offset for source, one in told.items() if one.offset > _OFFSET_UNKNOWN}
