"""The topics of a redrive: that they are there, and what they take."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.errors import ItemstreamError
from pipeline.rejected.markers import marker_spec, marker_topic
from pipeline.rejected.revive import NotRedrivableError, Redriven
from pipeline.settings import Settings
from topics.admin import TopicState, apply_changes, connect, make_plan, read_state, read_topic
from topics.admin.model import DeployedTopic

_OVERHEAD = 200
"""Bytes of a record batch beside its one record."""


@dataclass(slots=True)
class Targets:
    """A rejected topic, and the topics its records came from."""

    settings: Settings
    topic: str
    partitions: range
    """Of the rejected topic."""
    has_markers: bool
    _known: dict[str, TopicState | None] = field(default_factory=dict[str, TopicState | None])

    async def find(self, name: str) -> TopicState | None:
        """A topic as the cluster has it; asked once."""
        if name not in self._known:
            async with connect(self.settings.bootstrap_servers, **self.settings.connection()) as admin:
                self._known[name] = await read_topic(admin, name)
        return self._known[name]

    async def check(self, record: Redriven) -> None:
        """Raise NotRedrivableError where the record's topic can't take it."""
        name = record.topic
        found = await self.find(name)
        if found is None:
            raise NotRedrivableError(f"it came from topic {name}, which does not exist any more")
        if record.partition >= found.partitions:
            raise NotRedrivableError(
                f"it came from partition {record.partition} of {name}, which has only {found.partitions} partitions"
            )
        if record.key is None and "compact" in (found.config.get("cleanup.policy") or ""):
            raise NotRedrivableError(f"it has no key, and {name} is compacted")
        most = int(found.config.get("max.message.bytes") or 0)
        size = _size(record)
        if most and size > most:
            raise NotRedrivableError(
                f"it has {size} bytes and {name} takes {most}: give a smaller value with --from, or raise that topic's "
                "max.message.bytes"
            )


async def open_targets(settings: Settings, topic: str, *, make_markers: bool = False) -> Targets:
    """What the cluster has. `make_markers`: make the topic of markers where it is missing, or has too few partitions.

    Raises ItemstreamError where the rejected topic does not exist.
    """
    markers = DeployedTopic(marker_topic(topic), "output", marker_spec(topic))
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        found = await read_topic(admin, topic)
        if found is None:
            raise ItemstreamError(f"there is no topic {topic}; name another with --topic, or set --prefix")
        state = await read_state(admin, [markers])
        if make_markers:
            there = state.topics.get(markers.name)
            replicas = found.replication_factor if there is None else there.replication_factor
            plan = make_plan([markers], state, partitions=found.partitions, replication_factor=replicas)
            await apply_changes(admin, plan.changes, state)
    return Targets(settings, topic, range(found.partitions), make_markers or markers.name in state.topics)


def _size(record: Redriven) -> int:
    headers = sum(len(name.encode(errors="replace")) + len(value or b"") + 10 for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers + _OVERHEAD
