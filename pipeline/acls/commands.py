"""The same rights as commands for Kafka's own tool."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator

from pipeline.acls.model import Acl

WIDTH = 60
OPTIONS = {"topic": "--topic", "group": "--group", "transactional-id": "--transactional-id"}


def kafka_acls_commands(acls: Iterable[Acl], principal: str, servers: str, config: str) -> Iterator[list[str]]:
    """Argument lists of `kafka-acls`, as few as there can be: one for each kind of resource and set of operations.

    config: the file with the administrator's own connection, for `--command-config`.
    """
    by_resource: dict[tuple[str, str, bool], dict[str, None]] = {}
    for acl in acls:
        by_resource.setdefault((acl.kind, acl.name, acl.prefixed), {})[acl.operation] = None
    alike: dict[tuple[str, bool, tuple[str, ...]], list[str]] = {}
    for (kind, name, prefixed), operations in by_resource.items():
        alike.setdefault((kind, prefixed, tuple(operations)), []).append(name)
    for (kind, prefixed, operations), names in alike.items():
        yield [
            "kafka-acls", "--bootstrap-server", servers, "--command-config", config,
            "--add", "--allow-principal", principal,
            *(word for operation in operations for word in ("--operation", operation)),
            "--resource-pattern-type", "prefixed" if prefixed else "literal",
            *(word for name in names for word in (OPTIONS[kind], name)),
        ]  # fmt: skip


def shell_line(command: list[str]) -> str:
    """A command as it is typed, an option never far from its value; long ones over several lines."""
    lines = [""]
    for word in command:
        if word.startswith("--") and len(lines[-1]) > WIDTH:
            lines.append("")
        lines[-1] = f"{lines[-1]} {shlex.quote(word)}".lstrip()
    return " \\\n  ".join(lines)
