"""`itemstream topics acls`: the rights each part needs, for people, as JSON and as commands of Kafka's own tool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from pipeline.acls import PARTS, Acl, Deployment, Part, kafka_acls_commands
from pipeline.acls.commands import shell_line
from pipeline.cli.options import COMMON, with_settings
from pipeline.cli.topics_view import print_table
from pipeline.errors import UsageError
from pipeline.settings import Settings
from topics.catalogue import CATALOGUE

_NOTE = (
    "Brokers older than Kafka 3.0 also ask for IdempotentWrite on the cluster from everything that writes. Rights are "
    "for one host or any (--allow-host of kafka-acls). See docs/deploying.md."
)


@with_settings(*COMMON, "input_topic")
def acls(
    settings: Settings,
    parts: Annotated[
        list[str] | None, typer.Argument(help=f"Which parts: {', '.join(PARTS)}. Default: all.", show_default=False)
    ] = None,
    principal: Annotated[
        str, typer.Option("--principal", help="Kafka's name of the user; {part} stands for the part's name.")
    ] = "User:itemstream-{part}",
    subscriber: Annotated[
        str, typer.Option("--subscriber", metavar="GROUP", help="Consumer group of the subscriber.")
    ] = "my-subscriber",
    topic: Annotated[
        list[str] | None,
        typer.Option(
            "--topic",
            help="What subscriber, handler, export and import are for: a full name, or one of the catalogue. May be "
            "given several times. Default: every output topic.",
            show_default=False,
        ),
    ] = None,
    replay_to: Annotated[
        str | None, typer.Option("--replay-to", metavar="PREFIX", help="Where replays write. Default: {prefix}-replay.")
    ] = None,
    as_commands: Annotated[bool, typer.Option("--commands", help="Print commands of Kafka's kafka-acls.")] = False,
    command_config: Annotated[
        str, typer.Option("--command-config", metavar="FILE", help="In the commands: the administrator's connection.")
    ] = "admin.properties",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the rights that each part needs in Kafka, and no more. Asks no broker."""
    names = Deployment(
        prefix=settings.prefix,
        group=settings.group,
        input_topic=settings.input_topic,
        subscriber=subscriber,
        reads=_topics(settings.prefix, topic),
        replay_to=replay_to or f"{settings.prefix}-replay",
    )
    chosen = {part.name: part.acls(names) for part in _chosen(parts)}
    who = {name: principal.replace("{part}", name) for name in chosen}
    if as_json:
        told = {
            name: {"principal": who[name], "acls": [asdict(acl) for acl in rights]} for name, rights in chosen.items()
        }
        print(json.dumps(told, indent=2))
    elif as_commands:
        _print_commands(chosen, who, settings.bootstrap_servers, command_config)
    else:
        _print(chosen, who)


def _chosen(names: Sequence[str] | None) -> list[Part]:
    if unknown := [name for name in names or () if name not in PARTS]:
        raise UsageError(f"there is no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    return [part for part in PARTS.values() if not names or part.name in names]


def _topics(prefix: str, given: Sequence[str] | None) -> tuple[str, ...]:
    catalogued = {spec.name: spec.full_name(prefix) for spec in CATALOGUE}
    return tuple(catalogued.get(name, name) for name in given) if given else tuple(catalogued.values())


def _print(chosen: Mapping[str, Sequence[Acl]], who: Mapping[str, str]) -> None:
    rows = [
        (name, who[name], acl.operation, acl.kind, f"{acl.name}*" if acl.prefixed else acl.name, acl.why)
        for name, rights in chosen.items()
        for acl in rights
    ]
    print_table(("part", "principal", "operation", "on", "name", "why"), rows)


def _print_commands(
    chosen: Mapping[str, Sequence[Acl]], who: Mapping[str, str], servers: str, command_config: str
) -> None:
    for name, rights in chosen.items():
        print(f"# {name}: {PARTS[name].summary}")
        for command in kafka_acls_commands(rights, who[name], servers, command_config):
            print(shell_line(command))
        print()
    print(f"# {_NOTE}")
