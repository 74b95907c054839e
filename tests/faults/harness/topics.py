"""The topics of one run, under names of its own."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from topics.admin import apply_changes, connect, deployment, make_plan, read_state
from topics.catalogue import CATALOGUE, changelog_topic


@dataclass(frozen=True)
class Topics:
    """Names of one deployment that nobody else uses."""

    prefix: str
    group: str
    input: str
    partitions: int

    @property
    def changelog(self) -> str:
        return changelog_topic(self.group)

    @property
    def outputs(self) -> tuple[str, ...]:
        return tuple(spec.full_name(self.prefix) for spec in CATALOGUE)


async def make_topics(bootstrap_servers: str, partitions: int, replication_factor: int = 1) -> Topics:
    """Create a fresh deployment's topics."""
    unique = uuid.uuid4().hex[:8]
    topics = Topics(f"faults-{unique}", f"faults-{unique}", f"faults-events-{unique}", partitions)
    needed = deployment(topics.prefix, topics.group, topics.input)
    async with connect(bootstrap_servers) as admin:
        state = await read_state(admin, needed)
        plan = make_plan(needed, state, partitions=partitions, replication_factor=replication_factor)
        await apply_changes(admin, plan.changes, state)
    return topics
