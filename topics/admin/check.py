"""Is everything there for the worker to run? Problems as data, for the command and for the worker's start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from topics.admin.cluster import AdminClient, connect, read_state
from topics.admin.model import ClusterState, DeployedTopic, Problem, deployment
from topics.admin.plan import config_differences
from topics.catalogue import INPUT_TOPIC


async def check(
    cluster: AdminClient | str,
    prefix: str,
    group: str,
    input_topic: str = INPUT_TOPIC.name,
    **connection: Any,
) -> list[Problem]:
    """Every problem of the topics of one deployment; an empty list means all is well.

    `cluster` is a started admin client or bootstrap servers; `connection` goes to aiokafka's client with the latter.
    Raises `BrokerUnreachableError` where no broker answers, `RefusedError` where the cluster will not tell.
    """
    topics = deployment(prefix, group, input_topic)
    if isinstance(cluster, str):
        async with connect(cluster, **connection) as admin:
            return problems(topics, await read_state(admin, topics))
    return problems(topics, await read_state(cluster, topics))


def problems(topics: Sequence[DeployedTopic], state: ClusterState) -> list[Problem]:
    """The problems of `topics` in a cluster in `state`: errors first."""
    found = [*_missing(topics, state), *_partitions(topics, state), *_configs(topics, state)]
    return sorted(found, key=lambda problem: problem.severity)


def _missing(topics: Sequence[DeployedTopic], state: ClusterState) -> Iterator[Problem]:
    for topic in topics:
        if topic.name not in state.topics:
            text = f"topic {topic.name} is missing, or hidden for want of rights; create it: itemstream topics apply"
            yield Problem("error", topic.name, "missing", text)


def _partitions(topics: Sequence[DeployedTopic], state: ClusterState) -> Iterator[Problem]:
    """Outputs and state lie in the partition of their input, so all counts have to be the input's."""
    source = next((state.topics.get(topic.name) for topic in topics if topic.role == "input"), None)
    if source is None:
        return
    for topic in topics:
        found = state.topics.get(topic.name)
        if found is not None and found.partitions != source.partitions:
            text = (
                f"topic {topic.name} has {found.partitions} partitions, the input {source.name} {source.partitions}; "
                "they have to be equal: see itemstream topics plan"
            )
            yield Problem("error", topic.name, "partitions", text)


def _configs(topics: Sequence[DeployedTopic], state: ClusterState) -> Iterator[Problem]:
    for topic in topics:
        found = state.topics.get(topic.name)
        if found is None:
            continue
        for key, now, wanted in config_differences(topic.spec, found):
            text = f"topic {topic.name} has {key}={now}, catalogued is {wanted}; set it: itemstream topics apply"
            yield Problem("warning", topic.name, "config", text)
