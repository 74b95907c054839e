"""The live view of a running stack: rates, records per topic, what was rejected, how far behind."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

RATE_SECONDS = 5.0
LOG_LINES = 6

Counters = Mapping[str, Any]


class Rate:
    """Events a second over the last few seconds, from a counter that only rises."""

    def __init__(self, seconds: float = RATE_SECONDS) -> None:
        self._seconds = seconds
        self._seen: deque[tuple[float, int]] = deque()

    def note(self, count: int, now: float | None = None) -> float:
        """Take the counter's value; returns the rate."""
        at = time.monotonic() if now is None else now
        self._seen.append((at, count))
        while at - self._seen[0][0] > self._seconds and len(self._seen) > 2:
            self._seen.popleft()
        (first_at, first), (last_at, last) = self._seen[0], self._seen[-1]
        return (last - first) / (last_at - first_at) if last_at > first_at else 0.0


def render(
    title: str, counters: Counters, rate: float, topics: Iterable[str], log: Iterable[Mapping[str, Any]]
) -> RenderableType:
    """The view: `counters` as the worker tells them, `topics` in the order to list them, the last log lines."""
    return Panel(
        Group(
            _figures(counters, rate),
            _reasons(counters),
            _topics(counters, topics),
            Text(),
            _partitions(counters),
            Text(),
            *(_log_line(line) for line in list(log)[-LOG_LINES:]),
        ),
        title=title,
        subtitle="Ctrl-C ends all of it",
    )


def _figures(counters: Counters, rate: float) -> Table:
    rejected: Mapping[str, int] = counters.get("rejected", {})
    lag = sum(view.get("lag", 0) for view in counters.get("partitions", {}).values())
    table = Table.grid(padding=(0, 4))
    figures = {
        "events/s": f"{rate:,.0f}",
        "consumed": f"{counters.get('consumed', 0):,}",
        "used": f"{counters.get('used', 0):,}",
        "ignored": f"{counters.get('ignored', 0):,}",
        "rejected": f"{sum(rejected.values()):,}",
        "lag": f"{lag:,}",
        "transactions": f"{counters.get('transactions', 0):,}",
    }
    table.add_row(*(Text(name, style="dim") for name in figures))
    table.add_row(
        *(
            Text(value, style="bold red" if name == "rejected" and rejected else "bold")
            for name, value in figures.items()
        )
    )
    return table


def _reasons(counters: Counters) -> Text:
    rejected: Mapping[str, int] = counters.get("rejected", {})
    told = ", ".join(f"{reason} {count:,}" for reason, count in sorted(rejected.items()))
    return Text(f"rejected: {told}" if told else "", style="red")


def _topics(counters: Counters, topics: Iterable[str]) -> Table:
    outputs: Mapping[str, int] = counters.get("outputs", {})
    table = Table(box=None, pad_edge=False)
    table.add_column("topic")
    table.add_column("records", justify="right")
    for topic in topics:
        count = outputs.get(topic, 0)
        table.add_row(topic, f"{count:,}", style="" if count else "dim")
    return table


def _partitions(counters: Counters) -> Text:
    partitions: Mapping[str, Any] = counters.get("partitions", {})
    if not partitions:
        return Text("waiting for partitions …", style="yellow")
    shown = (f"{number}:{view.get('position', 0):,}" for number, view in sorted(partitions.items(), key=_number))
    return Text("partition:offset  " + "  ".join(shown), style="dim")


def _number(entry: tuple[str, Any]) -> int:
    return int(entry[0])


def _log_line(line: Mapping[str, Any]) -> Text:
    level = str(line.get("level", "info"))
    style = {"warning": "yellow", "error": "bold red", "critical": "bold red"}.get(level, "dim")
    hidden = ("event", "level", "logger", "timestamp")
    rest = " ".join(f"{name}={value}" for name, value in line.items() if name not in hidden)
    said = f"{str(line.get('timestamp', ''))[11:19]} {line.get('event', '')} {rest}"
    return Text(said, style=style, overflow="ellipsis", no_wrap=True)
