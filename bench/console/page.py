"""The tables of docs/console-store.md, out of the kept results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from bench.programs import ROOT
from bench.tables import markdown, replaced

PAGE = ROOT / "docs" / "console-store.md"
MOST_MS = 200
LAG_SECONDS = 1.0
"""Records of so many seconds may the lag have grown by, from the first quarter to the last."""

Row = Mapping[str, Any]


def write(folder: Path, page: Path = PAGE) -> None:
    """Put what was measured into the page; the tables of a database that was not measured stay."""
    text = page.read_text()
    for file in sorted(folder.glob("*.json")):
        row: Row = orjson.loads(file.read_bytes())
        text = replaced(text, f"console-{file.stem}", "\n\n".join((origin(row), questions(row), coming(row))))
    page.write_text(text)


def origin(row: Row) -> str:
    """What was measured where."""
    return (
        f"**{row['database']}**, {row['when'][:10]}, {row['machine']}, the broker, the console, the load and whoever "
        f"asks on the same machine. In the store: {row['entries']:,} items and responses of {row['sessions']:,} "
        f"sessions, {row['bytes'] / 1e9:.1f} GB, filled at {row['rate']:,.0f} records/s."
    )


def questions(row: Row) -> str:
    """One line a question."""
    head = ("milliseconds over HTTP", "p50", "p95", "most", "p50, with load", "p95, with load", "most, with load",
            f"p95 ≤ {MOST_MS} ms")  # fmt: skip
    lines = [
        [name, *(f"{one:,.1f}" for one in (*quiet, *row["busy"][name])), _met(is_quick(row, name))]
        for name, quiet in row["quiet"].items()
    ]
    return markdown(head, lines, left=1, last_left=True)


def coming(row: Row) -> str:
    """How the projection stood while items came in."""
    found = row["coming"]
    lag = " → ".join(f"{one:,.0f}" for one in found["lag"])
    lines: list[Sequence[str]] = [
        ["items/s into the store", f"≥ {row['pace']:,}", f"{found['items_rate']:,.0f}", _met(keeps_pace(row))],
        ["records/s into the store, with responses and revisions", "", f"{found['records_rate']:,.0f}", ""],
        ["records/s onto the topics", "", f"{found['written_rate']:,.0f}", ""],
        [
            f"lag in records, median of each quarter of {found['seconds']:.0f} s",
            "does not grow",
            lag,
            _met(is_level(row)),
        ],
        ["lag at most", "", f"{found['most_lag']:,.0f}", ""],
        ["all in the store after the last one", "", f"{found['drained_seconds']:.1f} s", ""],
        ["processor of the console", "", f"{found['cpu']:.0%} of a core", ""],
        ["its memory at most", "", f"{found['memory_mib']:,.0f} MiB", ""],
    ]
    return markdown(("with load", "wanted", "found", ""), lines, left=1, last_left=True)


def is_quick(row: Row, question: str) -> bool:
    return all(row[when][question][1] <= MOST_MS for when in ("quiet", "busy"))


def keeps_pace(row: Row) -> bool:
    return row["coming"]["items_rate"] >= row["pace"]


def is_level(row: Row) -> bool:
    lag = row["coming"]["lag"]
    return lag[-1] - lag[0] <= LAG_SECONDS * row["coming"]["records_rate"]


def _met(yes: bool) -> str:
    return "met" if yes else "**not met**"
