"""The data of topic administration: what a deployment needs, what the cluster has, what would change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from topics.catalogue import CATALOGUE, INPUT_TOPIC, TopicSpec, changelog_spec

Role = Literal["input", "output", "changelog"]


@dataclass(frozen=True)
class DeployedTopic:
    """A topic that one deployment (a prefix, a group, an input) needs."""

    name: str
    """Its full name in Kafka."""
    role: Role
    spec: TopicSpec


def deployment(prefix: str, group: str, input_topic: str = INPUT_TOPIC.name) -> tuple[DeployedTopic, ...]:
    """Every topic the worker group `group` reads or writes: the input, the outputs, its changelog."""
    return (
        DeployedTopic(input_topic, "input", replace(INPUT_TOPIC, name=input_topic)),
        *(DeployedTopic(spec.full_name(prefix), "output", spec) for spec in CATALOGUE),
        DeployedTopic(changelog_spec(group).name, "changelog", changelog_spec(group)),
    )


@dataclass(frozen=True)
class TopicState:
    """A topic as the cluster has it."""

    name: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str | None]
    """Every setting in force, whoever set it. A sensitive one is None."""
    own_config: Mapping[str, str | None]
    """Only what was set on this very topic."""


@dataclass(frozen=True)
class ClusterState:
    """What administration needs to know of a cluster."""

    brokers: int
    topics: Mapping[str, TopicState]


@dataclass(frozen=True)
class CreateTopic:
    """The topic is missing."""

    topic: str
    partitions: int
    replication_factor: int
    config: Mapping[str, str]


@dataclass(frozen=True)
class AddPartitions:
    """The topic has fewer partitions than wanted."""

    topic: str
    partitions_now: int
    partitions: int
    warning: str


@dataclass(frozen=True)
class SetConfig:
    """Settings of the topic differ from the catalogue."""

    topic: str
    settings_now: Mapping[str, str | None]
    """The settings that change, as they are."""
    settings: Mapping[str, str]
    """The settings that change, as they will be."""


Change = CreateTopic | AddPartitions | SetConfig


@dataclass(frozen=True)
class Plan:
    """What would be done, and what will not be done and why."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    partitions: int
    """The number of partitions every topic of the deployment is to have."""


@dataclass(frozen=True)
class Problem:
    """Something `check` found. The worker cannot run with an error; it can with a warning."""

    severity: Literal["error", "warning"]
    topic: str
    code: Literal["missing", "partitions", "config"]
    message: str
    """What is wrong and what to do, in one line."""
