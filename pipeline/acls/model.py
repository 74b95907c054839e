"""One right as data, and what rights depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from topics.admin import DeployedTopic, deployment
from topics.admin.model import Role

ResourceKind = Literal["topic", "group", "transactional-id"]


@dataclass(frozen=True, slots=True)
class Acl:
    """An allow rule: what Kafka has to let a part do.

    prefixed: for every resource whose name begins with `name`. `operation` is Kafka's name of it. Kafka's own
    implications are used: Read, Write, Delete and Alter include Describe.
    """

    kind: ResourceKind
    name: str
    operation: str
    why: str
    prefixed: bool = False


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """The names that rights go by. Topics are full names."""

    prefix: str
    group: str
    input_topic: str
    subscriber: str
    """The consumer group of a subscriber."""
    reads: tuple[str, ...]
    """The topics a subscriber, an export or an import is for."""
    replay_to: str
    """The prefix that replays write to."""

    def topics(self, *roles: Role) -> tuple[DeployedTopic, ...]:
        """The topics of these roles, in the catalogue's order; of all where none is named."""
        found = deployment(self.prefix, self.group, self.input_topic)
        return tuple(topic for topic in found if not roles or topic.role in roles)

    def outputs(self) -> tuple[str, ...]:
        return tuple(topic.name for topic in self.topics("output"))

    def changelog(self) -> str:
        return self.topics("changelog")[0].name
