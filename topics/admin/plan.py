"""What has to change so that the cluster has what the catalogue says. Pure: no cluster is touched here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from topics.admin.model import (
    AddPartitions,
    Change,
    ClusterState,
    CreateTopic,
    DeployedTopic,
    Plan,
    Role,
    SetConfig,
    TopicState,
)
from topics.catalogue import TopicSpec

MAX_DEFAULT_REPLICATION = 3

# For these more than the catalogue says is fine, and lowering them would delete records or refuse them.
AT_LEAST = frozenset({"retention.ms", "max.message.bytes"})
_WITHOUT_LIMIT = -1

_WARN_GROWTH: dict[Role, str] = {
    "input": "keys map to other partitions from now on: a session open at that moment goes on in another partition "
    "without the state of its old one, so its order, joins, revisions and session_sequence start anew; stop the "
    "collectors and let sessions go idle first",
    "changelog": "the state of open sessions stays in its old partitions; sound only together with the input, with "
    "no session open",
    "output": "a session's later records may lie in another partition than its earlier ones; readers that rely on "
    "the order of a session must have read to the end first",
}


def make_plan(
    topics: Sequence[DeployedTopic],
    state: ClusterState,
    *,
    partitions: int | None = None,
    replication_factor: int | None = None,
    keep_partitions: bool = False,
) -> Plan:
    """The changes that bring `state` to what `topics` say, in the order they are to be made.

    `partitions` of None keeps what the topic with most partitions has; the catalogue's number where there is none yet.
    Nothing is ever deleted or made smaller: what would be is left as it is and told in the notes. With
    `keep_partitions` no topic that is there grows either: adding partitions beside workers that run would break
    sessions under way.
    """
    existing = [state.topics[topic.name] for topic in topics if topic.name in state.topics]
    target, notes = _target_partitions(topics, existing, None if keep_partitions and existing else partitions)
    if keep_partitions:
        notes += _not_grown(existing, max(target, partitions or 0))
    replicas = replication_factor or min(MAX_DEFAULT_REPLICATION, max(state.brokers, 1))
    changes: list[Change] = []
    # The input last: a worker must never see an input partition without its outputs.
    for topic in sorted(topics, key=lambda topic: topic.role == "input"):
        found = state.topics.get(topic.name)
        if found is None:
            changes.append(CreateTopic(topic.name, target, replicas, topic.spec.config()))
            continue
        if found.partitions < target and not keep_partitions:
            changes.append(AddPartitions(topic.name, found.partitions, target, _WARN_GROWTH[topic.role]))
        if settings := {key: wanted for key, _, wanted in config_differences(topic.spec, found)}:
            changes.append(SetConfig(topic.name, {key: found.config.get(key) for key in settings}, settings))
        notes += _kept(topic, found, replication_factor)
    return Plan(tuple(changes), tuple(notes), target)


def config_differences(spec: TopicSpec, found: TopicState) -> Iterator[tuple[str, str | None, str]]:
    """The settings of a topic that are not as catalogued: (setting, value in force, value wanted)."""
    for key, wanted in spec.config().items():
        now = found.config.get(key)
        if not _satisfies(key, now, wanted):
            yield key, now, wanted


def _satisfies(key: str, now: str | None, wanted: str) -> bool:
    if now is None or key not in AT_LEAST:
        return now == wanted
    return int(now) == _WITHOUT_LIMIT or int(now) >= int(wanted)


def _target_partitions(
    topics: Sequence[DeployedTopic], existing: Sequence[TopicState], asked: int | None
) -> tuple[int, list[str]]:
    """The one number of partitions for all topics: partitions only ever grow, and the counts have to be equal."""
    most = max(existing, key=lambda found: found.partitions, default=None)
    if most is None:
        return asked or topics[0].spec.partitions, []
    if asked is None or asked == most.partitions:
        return most.partitions, []
    if asked > most.partitions:
        return asked, []
    note = (
        f"{asked} partitions asked, but {most.name} has {most.partitions} and Kafka cannot reduce partitions: "
        f"{most.partitions} for every topic"
    )
    return most.partitions, [note]


def _not_grown(existing: Sequence[TopicState], wanted: int) -> Iterable[str]:
    least = min(existing, key=lambda found: found.partitions, default=None)
    if least is not None and least.partitions < wanted:
        yield (
            f"{wanted} partitions wanted, but topics that are there keep theirs ({least.name}: {least.partitions}); "
            "to add partitions stop collectors and workers first (runbook, Adding partitions)"
        )


def _kept(topic: DeployedTopic, found: TopicState, replication_factor: int | None) -> Iterable[str]:
    for key, wanted in topic.spec.config().items():
        now = found.config.get(key)
        if key in AT_LEAST and now != wanted and _satisfies(key, now, wanted):
            yield f"{topic.name}: {key} stays {now}; the catalogue's {wanted} is less, and nothing is made smaller"
    if replication_factor is not None and found.replication_factor != replication_factor:
        yield (
            f"{topic.name}: the replication factor stays {found.replication_factor}; "
            "change that of an existing topic with Kafka's kafka-reassign-partitions"
        )
