"""What a check found: counts, and the first examples of each kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

EXAMPLES = 20
"""How many findings of a kind are kept word for word."""


@dataclass(slots=True)
class Findings:
    """How often something was found, and the first times in words."""

    count: int = 0
    examples: list[str] = field(default_factory=list[str])

    def add(self, example: str) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


@dataclass(slots=True)
class Report:
    """The outcome of holding outputs against a ledger.

    Faults: `lost` (an expected record, or some of its revisions, never came out), `duplicate` (one revision or one
    response came out twice), `wrong` (a field of the last revision differs), `unexpected` (a record of a session in
    the ledger that is not in it), `too_many` (more revisions than the ledger allows), `out_of_order` (a session's
    records or an item's revisions went backwards within a topic), `gaps` (holes or doubles in a session's
    `session_sequence`, or in the revisions of an item), `rejected_wrong` (too few or too many rejected for a reason).

    Not faults: `foreign` (records of sessions the ledger does not know), `repeats` (the same record again, where
    delivery is at least once), `waiting` (expected records that may come only when their session goes idle, where
    idle sessions were not waited for).
    """

    expected: int = 0
    outputs: int = 0
    sessions: int = 0
    foreign: int = 0
    repeats: int = 0
    waiting: int = 0
    lost: Findings = field(default_factory=Findings)
    duplicate: Findings = field(default_factory=Findings)
    wrong: Findings = field(default_factory=Findings)
    unexpected: Findings = field(default_factory=Findings)
    too_many: Findings = field(default_factory=Findings)
    out_of_order: Findings = field(default_factory=Findings)
    gaps: Findings = field(default_factory=Findings)
    rejected_wrong: Findings = field(default_factory=Findings)
    rejected: dict[str, int] = field(default_factory=dict[str, int])
    by_topic: dict[str, int] = field(default_factory=dict[str, int])

    def faults(self) -> Iterator[tuple[str, Findings]]:
        """Every kind of fault with what was found of it."""
        for name in FAULTS:
            yield name, getattr(self, name)

    @property
    def ok(self) -> bool:
        """Whether nothing is lost, double, wrong, too much or out of place."""
        return not any(found.count for _, found in self.faults())

    def summary(self) -> str:
        """The outcome in one line."""
        found = ", ".join(f"{name.replace('_', ' ')} {found.count:,}" for name, found in self.faults() if found.count)
        head = f"{self.expected:,} expected records, {self.outputs:,} outputs of {self.sessions:,} sessions"
        return f"{head}: " + (found or "lost 0, duplicate 0, wrong 0")

    def as_json(self) -> dict[str, Any]:
        """The report as plain values."""
        plain = ("expected", "outputs", "sessions", "foreign", "repeats", "waiting", "rejected", "by_topic")
        out: dict[str, Any] = {"ok": self.ok, **{name: getattr(self, name) for name in plain}}
        for name, found in self.faults():
            out[name] = {"count": found.count, "examples": found.examples}
        return out

    def __rich__(self) -> RenderableType:
        table = Table(show_edge=False, pad_edge=False)
        table.add_column("ledger check")
        table.add_column("count", justify="right")
        table.add_row("expected records", f"{self.expected:,}")
        table.add_row("outputs read", f"{self.outputs:,}")
        for name, found in self.faults():
            style = "bold red" if found.count else "green"
            table.add_row(name.replace("_", " "), Text(f"{found.count:,}", style))
        for name in ("repeats", "waiting", "foreign"):
            if count := getattr(self, name):
                table.add_row(f"({name})", f"{count:,}")
        for reason, count in sorted(self.rejected.items()):
            table.add_row(f"rejected: {reason}", f"{count:,}")
        lines = [Text(f"{name.replace('_', ' ')}: {text}") for name, found in self.faults() for text in found.examples]
        return Group(table, *lines)


FAULTS = (
    "lost",
    "duplicate",
    "wrong",
    "unexpected",
    "too_many",
    "out_of_order",
    "gaps",
    "rejected_wrong",
)
"""The fields of a report that are faults."""
