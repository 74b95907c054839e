"""Planning is pure: a catalogue and a cluster's state in, changes out."""

from dataclasses import replace

import pytest

from topics.admin.model import (
    AddPartitions,
    ClusterState,
    CreateTopic,
    SetConfig,
    TopicState,
    deployment,
)
from topics.admin.plan import make_plan

TOPICS = deployment("realtime", "itemstream")
INPUT = "realtime.server-events"
MESSAGES = "realtime.items.messages"
CHANGELOG = "itemstream-sessions-changelog"


def cluster(partitions: int = 6, /, **changed: TopicState | None) -> ClusterState:
    """A cluster that has everything as catalogued, but for `changed` (None: not there)."""
    topics = {t.name: TopicState(t.name, partitions, 1, t.spec.config(), t.spec.config()) for t in TOPICS}
    topics |= {name: state for name, state in changed.items() if state is not None}
    return ClusterState(1, {name: state for name, state in topics.items() if changed.get(name, state)})


def with_config(name: str, **settings: str) -> ClusterState:
    state = cluster().topics[name]
    config = {**state.config, **{key.replace("_", "."): value for key, value in settings.items()}}
    return cluster(**{name: replace(state, config=config, own_config=config)})


EMPTY = ClusterState(1, {})


def test_an_empty_cluster_gets_every_topic() -> None:
    plan = make_plan(TOPICS, EMPTY)
    assert {change.topic for change in plan.changes} == {topic.name for topic in TOPICS}
    assert all(isinstance(change, CreateTopic) for change in plan.changes)
    assert plan.partitions == 6


def test_the_input_comes_last_so_that_no_worker_sees_it_without_outputs() -> None:
    assert make_plan(TOPICS, EMPTY).changes[-1].topic == INPUT
    assert make_plan(TOPICS, cluster(2), partitions=4).changes[-1].topic == INPUT


def test_a_cluster_as_catalogued_needs_nothing() -> None:
    plan = make_plan(TOPICS, cluster())
    assert (plan.changes, plan.notes) == ((), ())


def test_a_missing_topic_gets_the_partitions_of_the_others() -> None:
    (change,) = make_plan(TOPICS, cluster(12, **{MESSAGES: None})).changes
    assert change == CreateTopic(MESSAGES, 12, 1, TOPICS[1].spec.config())


def test_the_input_of_someone_else_sets_the_number_of_partitions() -> None:
    state = ClusterState(1, {INPUT: cluster(9).topics[INPUT]})
    plan = make_plan(TOPICS, state)
    assert {change.partitions for change in plan.changes if isinstance(change, CreateTopic)} == {9}


@pytest.mark.parametrize(("brokers", "replicas"), [(0, 1), (1, 1), (2, 2), (3, 3), (9, 3)])
def test_as_many_replicas_as_there_are_brokers_up_to_three(brokers: int, replicas: int) -> None:
    (change, *_) = make_plan(TOPICS, ClusterState(brokers, {})).changes
    assert isinstance(change, CreateTopic)
    assert change.replication_factor == replicas


def test_what_is_asked_for_is_planned() -> None:
    (change, *_) = make_plan(TOPICS, EMPTY, partitions=3, replication_factor=2).changes
    assert isinstance(change, CreateTopic)
    assert (change.partitions, change.replication_factor) == (3, 2)


def test_growing_warns_what_it_does_to_order_and_state() -> None:
    changes = make_plan(TOPICS, cluster(6), partitions=8).changes
    warnings = {change.topic: change.warning for change in changes if isinstance(change, AddPartitions)}
    assert set(warnings) == {topic.name for topic in TOPICS}
    assert "session_sequence" in warnings[INPUT]
    assert "state of open sessions" in warnings[CHANGELOG]
    assert "order" in warnings[MESSAGES]


def test_partitions_are_never_reduced() -> None:
    plan = make_plan(TOPICS, cluster(6), partitions=3)
    assert plan.changes == ()
    assert plan.partitions == 6
    (note,) = plan.notes
    assert "3 partitions asked" in note
    assert "cannot reduce" in note


def test_topics_that_keep_their_partitions_do_not_grow_and_new_ones_are_like_them() -> None:
    plan = make_plan(TOPICS, cluster(6, **{MESSAGES: None}), partitions=24, keep_partitions=True)
    assert plan.changes == (CreateTopic(MESSAGES, 6, 1, TOPICS[1].spec.config()),)
    assert "24 partitions wanted, but topics that are there keep theirs" in plan.notes[0]

    half_grown = cluster(12, **{INPUT: replace(cluster(6).topics[INPUT])})
    plan = make_plan(TOPICS, half_grown, keep_partitions=True)
    assert plan.changes == ()
    assert f"({INPUT}: 6)" in plan.notes[0]


def test_who_keeps_partitions_still_makes_the_topics_of_a_new_cluster() -> None:
    plan = make_plan(TOPICS, EMPTY, partitions=24, keep_partitions=True)
    assert {change.partitions for change in plan.changes if isinstance(change, CreateTopic)} == {24}
    assert plan.notes == ()
    assert make_plan(TOPICS, cluster(24), partitions=24, keep_partitions=True) == make_plan(TOPICS, cluster(24))


def test_the_others_grow_to_the_one_with_most_partitions() -> None:
    changes = make_plan(TOPICS, cluster(6, **{MESSAGES: cluster(8).topics[MESSAGES]}), partitions=3).changes
    grown = {c.topic: (c.partitions_now, c.partitions) for c in changes if isinstance(c, AddPartitions)}
    assert grown == {topic.name: (6, 8) for topic in TOPICS if topic.name != MESSAGES}


def test_a_setting_that_differs_is_set_and_shown_with_its_value() -> None:
    (change,) = make_plan(TOPICS, with_config(CHANGELOG, cleanup_policy="delete")).changes
    assert change == SetConfig(CHANGELOG, {"cleanup.policy": "delete"}, {"cleanup.policy": "compact"})


def test_shorter_retention_is_raised() -> None:
    (change,) = make_plan(TOPICS, with_config(MESSAGES, retention_ms="1000")).changes
    assert change == SetConfig(MESSAGES, {"retention.ms": "1000"}, {"retention.ms": "604800000"})


@pytest.mark.parametrize("longer", ["604800001", "-1"])
def test_longer_retention_stays_since_lowering_it_deletes(longer: str) -> None:
    plan = make_plan(TOPICS, with_config(MESSAGES, retention_ms=longer))
    assert plan.changes == ()
    (note,) = plan.notes
    assert f"retention.ms stays {longer}" in note


def test_settings_the_catalogue_has_no_opinion_on_are_left_alone() -> None:
    plan = make_plan(TOPICS, with_config(MESSAGES, min_insync_replicas="2", segment_ms="1000"))
    assert (plan.changes, plan.notes) == ((), ())


def test_replication_of_an_existing_topic_is_told_not_changed() -> None:
    plan = make_plan(TOPICS, cluster(), replication_factor=3)
    assert plan.changes == ()
    assert len(plan.notes) == len(TOPICS)


def test_another_input_topic() -> None:
    topics = deployment("eu", "g", "collector.events")
    assert topics[0].name == "collector.events"
    assert [topic.name for topic in topics[1:]] == [f"eu.{t.name.removeprefix('realtime.')}" for t in TOPICS[1:-1]] + [
        "g-sessions-changelog"
    ]
