"""`problems`: what keeps the worker from running is an error, a setting that differs a warning."""

from dataclasses import replace

from topics.admin.check import problems
from topics.admin.model import ClusterState, TopicState, deployment

TOPICS = deployment("realtime", "itemstream")
GOOD = {t.name: TopicState(t.name, 6, 1, t.spec.config(), t.spec.config()) for t in TOPICS}
RESPONSES = "realtime.responses"


def found(**changed: TopicState) -> list[tuple[str, str, str]]:
    return [
        (problem.severity, problem.code, problem.topic) for problem in problems(TOPICS, ClusterState(1, GOOD | changed))
    ]


def test_all_well() -> None:
    assert found() == []


def test_nothing_there() -> None:
    assert [p.code for p in problems(TOPICS, ClusterState(1, {}))] == ["missing"] * len(TOPICS)


def test_a_missing_topic_says_what_to_do() -> None:
    rest = {name: state for name, state in GOOD.items() if name != RESPONSES}
    (problem,) = problems(TOPICS, ClusterState(1, rest))
    assert problem.severity == "error"
    assert problem.message == (
        "topic realtime.responses is missing, or hidden for want of rights; create it: itemstream topics apply"
    )


def test_partitions_that_differ_from_the_inputs() -> None:
    assert found(**{RESPONSES: replace(GOOD[RESPONSES], partitions=7)}) == [("error", "partitions", RESPONSES)]


def test_an_input_that_differs_from_all_others() -> None:
    name = TOPICS[0].name
    assert len(found(**{name: replace(GOOD[name], partitions=7)})) == len(TOPICS) - 1


def test_settings_are_warnings_and_come_last() -> None:
    shorter = replace(GOOD[TOPICS[1].name], config={**GOOD[TOPICS[1].name].config, "retention.ms": "5"})
    fewer = replace(GOOD[RESPONSES], partitions=2)
    assert found(**{TOPICS[1].name: shorter, RESPONSES: fewer}) == [
        ("error", "partitions", RESPONSES),
        ("warning", "config", TOPICS[1].name),
    ]


def test_longer_retention_is_no_problem() -> None:
    longer = replace(GOOD[RESPONSES], config={**GOOD[RESPONSES].config, "retention.ms": "-1"})
    assert found(**{RESPONSES: longer}) == []
