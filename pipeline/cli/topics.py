"""`itemstream topics plan|apply|check|describe|acls`: the catalogue of topics beside the cluster's.

Nothing is ever deleted, and no topic ever loses partitions.
"""

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from pipeline.cli.options import COMMON, with_settings
from pipeline.cli.topics_acls import acls
from pipeline.cli.topics_view import change_data, print_description, print_plan, print_problems, topic_data
from pipeline.errors import UsageError
from pipeline.settings import Settings
from topics.admin import (
    BrokerUnreachableError,
    ClusterState,
    DeployedTopic,
    Plan,
    apply_changes,
    check,
    connect,
    deployment,
    make_plan,
    read_state,
)

app = typer.Typer(no_args_is_help=True)
app.command("acls")(acls)

OPTIONS = (*COMMON, "input_topic")
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Partitions = Annotated[
    int | None,
    typer.Option(
        "--partitions",
        min=1,
        help="Partitions of every topic. Default: what the topics have, else the catalogue's. Never reduced.",
        show_default=False,
    ),
]
KeepPartitions = Annotated[
    bool,
    typer.Option(
        "--keep-partitions",
        help="Topics that are there keep their number; --partitions is for those of a cluster that has none yet.",
    ),
]
ReplicationFactor = Annotated[
    int | None,
    typer.Option(
        "--replication-factor",
        min=1,
        help="Replicas of new topics. Default: the number of brokers, 3 at most.",
        show_default=False,
    ),
]


@app.command("plan")
@with_settings(*OPTIONS)
def plan_command(
    settings: Settings,
    partitions: Partitions = None,
    replication_factor: ReplicationFactor = None,
    keep_partitions: KeepPartitions = False,
    as_json: AsJson = False,
) -> None:
    """Show what `apply` would do; changes nothing."""
    plan, _ = asyncio.run(_plan(settings, partitions, replication_factor, keep_partitions))
    if as_json:
        _print_json(plan, applied=False)
    else:
        print_plan(plan)


@app.command("apply")
@with_settings(*OPTIONS)
def apply_command(
    settings: Settings,
    partitions: Partitions = None,
    replication_factor: ReplicationFactor = None,
    keep_partitions: KeepPartitions = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create what is missing, set what differs; shows it first and asks. Deletes nothing."""
    if not yes and (as_json or not sys.stdin.isatty()):
        raise UsageError("nobody is there to ask: add --yes to apply without asking")
    plan, state = asyncio.run(_plan(settings, partitions, replication_factor, keep_partitions))
    if not as_json:
        print_plan(plan)
    if plan.changes:
        if not yes:
            typer.confirm("Apply this?", abort=True, err=True)
        asyncio.run(_apply(settings, plan, state))
    if as_json:
        _print_json(plan, applied=True)
    elif plan.changes:
        print(f"Done: {_number(len(plan.changes), 'change')} made.")


@app.command("check")
@with_settings(*OPTIONS)
def check_command(settings: Settings, as_json: AsJson = False) -> int:
    """Say whether the worker can run on the topics; exit code 1 where it can't."""
    _quiet()
    found = asyncio.run(
        check(
            settings.bootstrap_servers, settings.prefix, settings.group, settings.input_topic, **settings.connection()
        )
    )
    errors = sum(problem.severity == "error" for problem in found)
    if as_json:
        print(json.dumps({"ok": not errors, "problems": [problem.__dict__ for problem in found]}, indent=2))
    else:
        print_problems(found, len(_topics(settings)))
    return 1 if errors else 0


@app.command("describe")
@with_settings(*OPTIONS)
def describe_command(settings: Settings, as_json: AsJson = False) -> None:
    """Show the catalogue, and what the cluster has of it where a broker answers."""
    topics = _topics(settings)
    try:
        state = asyncio.run(_read(settings, topics))
    except BrokerUnreachableError as error:
        state = None
        print(f"itemstream: {error}; this is the catalogue alone", file=sys.stderr)
    if as_json:
        print(json.dumps([topic_data(topic, state) for topic in topics], indent=2))
    else:
        print_description(topics, state)


def _topics(settings: Settings) -> tuple[DeployedTopic, ...]:
    return deployment(settings.prefix, settings.group, settings.input_topic)


async def _read(settings: Settings, topics: Sequence[DeployedTopic]) -> ClusterState:
    _quiet()
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        return await read_state(admin, topics)


async def _plan(
    settings: Settings, partitions: int | None, replication: int | None, keep: bool
) -> tuple[Plan, ClusterState]:
    topics = _topics(settings)
    state = await _read(settings, topics)
    plan = make_plan(topics, state, partitions=partitions, replication_factor=replication, keep_partitions=keep)
    return plan, state


async def _apply(settings: Settings, plan: Plan, state: ClusterState) -> None:
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        await apply_changes(admin, plan.changes, state)


def _print_json(plan: Plan, *, applied: bool) -> None:
    changes = [change_data(change) for change in plan.changes]
    data = {"applied": applied, "partitions": plan.partitions, "changes": changes, "notes": plan.notes}
    print(json.dumps(data, indent=2))


def _quiet() -> None:
    """aiokafka logs what it then raises; one line is enough, and it is ours."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
