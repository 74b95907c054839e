"""Tables and plots of docs/scaling.md, out of the kept results.

A table stands between `<!-- growth:NAME -->` and `<!-- /growth:NAME -->`; what is around it is written by hand.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from bench.machine import processor
from pipeline.kafka.artifacts import KAFKA_VERSION

Row = Mapping[str, Any]

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
IMAGES = PAGE.parent / "img"


class Column(NamedTuple):
    """A table's column: its heading and what stands in it."""

    heading: str
    cell: Callable[[Row], str]


def _number(name: str, pattern: str = "{:,.0f}") -> Callable[[Row], str]:
    return lambda row: pattern.format(row[name])


_SPEED = (
    Column("events/s", _number("rate")),
    Column("worker, µs CPU an event", _number("worker_us", "{:.1f}")),
    Column("Kafka, µs CPU an event", _number("broker_us", "{:.1f}")),
)
_CORE = Column("core alone, µs CPU an event", _number("core_us", "{:.1f}"))
_RESTORE = (
    Column("changelog records read", _number("restored_records")),
    Column("restored in", _number("restore_seconds", "{:.2f} s")),
    Column("memory, at most", _number("rss_most_mib", "{:,.0f} MiB")),
    Column("memory, restored", _number("rss_restored_mib", "{:,.0f} MiB")),
)


def _size(heading: str) -> Column:
    return Column(heading, _number("size"))


TABLES: Mapping[str, Sequence[Column]] = {
    "processes": (_size("processes"), *_SPEED, Column("memory of all", _number("rss_mib", "{:,.0f} MiB"))),
    "partitions": (_size("partitions"), *_SPEED, Column("memory", _number("rss_mib", "{:,.0f} MiB"))),
    "sessions": (_size("open sessions"), *_SPEED, _CORE, *_RESTORE),
    "items": (_size("items in a session"), *_SPEED, _CORE),
    "state": (
        _size("open sessions"),
        *_RESTORE[:3],
        Column("memory, at rest", _number("rss_running_mib", "{:,.0f} MiB")),
        _RESTORE[3],
        _SPEED[1],
    ),
    "changelog": (
        Column("settings", _number("settings", "{}")),
        Column("records written", _number("written")),
        Column("still valid", _number("live")),
        Column("read at a restart", _number("read")),
        Column("restored in", _number("seconds", "{:.2f} s")),
    ),
}
LINES: Mapping[str, Sequence[tuple[str, str]]] = {
    "processes": (("rate", "events/s"),),
    "partitions": (("rate", "events/s"),),
    "sessions": (("worker_us", "worker, µs CPU an event"), ("core_us", "core alone, µs CPU an event")),
    "items": (("worker_us", "worker, µs CPU an event"), ("core_us", "core alone, µs CPU an event")),
}
"""What is drawn over the size: field and legend."""


def write(results: Path, page: Path = PAGE, images: Path = IMAGES) -> list[Path]:
    """Put every result there is into the page and its plot beside it; what was written."""
    text = page.read_text()
    written: list[Path] = []
    for name, columns in TABLES.items():
        file = results / f"{name}.json"
        if not file.exists():
            continue
        kept = orjson.loads(file.read_bytes())
        parts = [table(columns, kept["rows"]), origin(kept["when"])]
        if name in LINES:
            written.append(draw(name, kept["rows"], images))
            parts.insert(1, f"![{LINES[name][0][1]} over {columns[0].heading}](img/{written[-1].name})")
        text = replaced(text, name, "\n\n".join(parts))
    page.write_text(text)
    return [page, *written]


def table(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    """Markdown, numbers to the right."""
    lines = [[column.heading for column in columns], ["--:"] * len(columns)]
    lines += [[column.cell(row) for column in columns] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def replaced(text: str, name: str, content: str) -> str:
    """The text with new content between the markers of that name. Raises ValueError where they are missing."""
    marked = re.compile(rf"(<!-- growth:{name} -->\n).*?(<!-- /growth:{name} -->)", re.DOTALL)
    text, found = marked.subn(lambda match: f"{match[1]}{content}\n{match[2]}", text)
    if found != 1:
        raise ValueError(f"the page has {found} places for {name}; put <!-- growth:{name} --> there once")
    return text


def origin(when: str) -> str:
    """Where and when it was measured."""
    return (
        f"*{when[:10]}, {os.cpu_count()} cores ({processor()}) shared by worker, Kafka {KAFKA_VERSION} and the "
        f"program that watches; Python {platform.python_version()}.*"
    )


def draw(name: str, rows: Sequence[Row], folder: Path) -> Path:
    """One plot, sizes on a logarithmic axis, costs from zero."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # The same figures give the same file: no random ids, no date.
    mpl.rcParams["svg.hashsalt"] = name
    figure = Figure(figsize=(6.4, 3.2), layout="constrained")
    axes = figure.subplots()
    sizes = [row["size"] for row in rows]
    for field, legend in LINES[name]:
        axes.plot(sizes, [row[field] for row in rows], marker="o", label=legend)
    axes.set_xscale("log")
    axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
    axes.set_xticks([], minor=True)
    axes.set_xlabel(TABLES[name][0].heading)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"growth-{name}.svg"
    figure.savefig(path, metadata={"Date": None})
    return path
