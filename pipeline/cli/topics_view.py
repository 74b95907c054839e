"""How `itemstream topics` prints: tables on a terminal, plain lines into a pipe, data for `--json`."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from topics.admin import AddPartitions, Change, ClusterState, CreateTopic, DeployedTopic, Plan, Problem, SetConfig

_DAY_MS = 24 * 60 * 60 * 1000


def print_plan(plan: Plan) -> None:
    """The changes, then each warning and note once."""
    if plan.changes:
        print_table(("change", "topic", "what"), [(_action(c), c.topic, _what(c)) for c in plan.changes])
    warnings = dict.fromkeys(change.warning for change in plan.changes if isinstance(change, AddPartitions))
    for text in warnings:
        print(f"Warning: {text}.")
    for note in plan.notes:
        print(f"Note: {note}.")
    if not plan.changes:
        print("Nothing to do: the topics are as catalogued.")


def print_problems(problems: Sequence[Problem], topics: int) -> None:
    """One line a problem; one line where there is none."""
    for problem in problems:
        print(f"{problem.severity}: {problem.message}")
    if not problems:
        print(f"All {topics} topics are as they should be.")


def print_description(topics: Sequence[DeployedTopic], state: ClusterState | None) -> None:
    """The catalogue, with the live state beside it."""
    rows = [
        (
            topic.name,
            topic.spec.record_type or "-",
            str(topic.spec.partitions),
            retention(topic.spec.retention_ms),
            topic.spec.cleanup_policy,
            _live(topic, state),
            topic.spec.key,
            topic.spec.description,
        )
        for topic in topics
    ]
    if sys.stdout.isatty():  # prose below the name: it would squeeze every other column
        rows = [(f"[bold]{name}[/]\n{text}\n[dim]key: {key}[/]\n", *cells) for name, *cells, key, text in rows]
    print_table(("topic", "record type", "partitions", "retention", "cleanup", "in the cluster"), rows)


def change_data(change: Change) -> dict[str, Any]:
    """A change for `--json`."""
    return {"action": _action(change), **asdict(change)}


def topic_data(topic: DeployedTopic, state: ClusterState | None) -> dict[str, Any]:
    """A topic for `--json`; `cluster` is null where the topic is missing or no broker answered."""
    found = state.topics.get(topic.name) if state is not None else None
    spec = topic.spec
    live = found and {
        "partitions": found.partitions,
        "replication_factor": found.replication_factor,
        "config": dict(found.own_config),
    }
    return {
        "topic": topic.name,
        "role": topic.role,
        "record_type": spec.record_type or None,
        "key": spec.key,
        "partitions": spec.partitions,
        "config": spec.config(),
        "description": spec.description,
        "cluster": live,
    }


def retention(milliseconds: int | None) -> str:
    """A retention for people."""
    if milliseconds is None:
        return "-"
    days, rest = divmod(milliseconds, _DAY_MS)
    return f"{milliseconds} ms" if rest else f"{days} days"


def _action(change: Change) -> str:
    match change:
        case CreateTopic():
            return "create"
        case AddPartitions():
            return "add partitions"
        case SetConfig():
            return "set"


def _what(change: Change) -> str:
    match change:
        case CreateTopic():
            return f"{change.partitions} partitions, {change.replication_factor} replicas, {_settings(change.config)}"
        case AddPartitions():
            return f"{change.partitions_now} -> {change.partitions}"
        case SetConfig():
            return ", ".join(
                f"{key}: {change.settings_now.get(key)} -> {value}" for key, value in change.settings.items()
            )


def _settings(config: Any) -> str:
    return ", ".join(f"{key}={value}" for key, value in config.items())


def _live(topic: DeployedTopic, state: ClusterState | None) -> str:
    if state is None:
        return "unknown"
    found = state.topics.get(topic.name)
    if found is None:
        return "missing"
    return f"{found.partitions} partitions, {found.replication_factor} replicas"


def print_table(head: Iterable[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on a terminal, lines of tab-separated cells into a pipe."""
    if not sys.stdout.isatty():
        for row in rows:
            print("\t".join(row))
        return
    table = Table(box=None, pad_edge=False)
    for name in head:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
