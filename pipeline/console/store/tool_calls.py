"""Tools: how often they are called, whether they answer, how fast."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import ceil
from typing import Any, Literal, cast

from sqlalchemy import Connection, case, func, select

from pipeline.console.models import Tool, ToolPoint, Tools
from pipeline.console.queries import Filters
from pipeline.console.store.filters import of_whom
from pipeline.console.store.schema import FUNCTION, calls, sessions
from pipeline.core.event import rfc3339

STEPS = (60, 300, 900, 3_600, 4 * 3_600, 24 * 3_600, 7 * 24 * 3_600)
"""Seconds of one point of the series: the shortest that gives at most `MOST_POINTS`."""
MOST_POINTS = 100

Key = tuple[int, str | None, str | None]
_KEY = (calls.c.kind, calls.c.server_label, calls.c.name)


def tools(connection: Connection, wanted: Filters) -> Tools:
    """The calls of a time, most called first. A call is of the moment when its arguments were whole."""
    latencies: dict[Key, list[int]] = defaultdict(list)
    timed = _of(select(*_KEY, calls.c.latency_ms), wanted).where(calls.c.latency_ms.is_not(None))
    for kind, label, name, latency in _rows(connection, timed):
        latencies[kind, label, name].append(latency)
    sums = (func.count(), _count(calls.c.answered), _count(calls.c.failed))
    rows = _rows(connection, _of(select(*_KEY, *sums), wanted).group_by(*_KEY))
    found = [_tool((kind, label, name), counts, latencies[kind, label, name]) for kind, label, name, *counts in rows]
    step = _step(connection, wanted)
    return Tools(
        tools=sorted(found, key=lambda one: (-one.calls, one.kind, one.name)),
        series=_series(connection, wanted, step),
        step_seconds=step,
    )


def _rows(connection: Connection, query: Any) -> Sequence[Any]:
    return cast(Sequence[Any], connection.execute(query).all())


def _of(query: Any, wanted: Filters) -> Any:
    query = query.select_from(calls).where(calls.c.seen.is_(True))
    if wanted.from_ms is not None:
        query = query.where(calls.c.at >= wanted.from_ms)
    if wanted.to_ms is not None:
        query = query.where(calls.c.at < wanted.to_ms)
    if whose := list(of_whom(wanted)):
        query = query.join(sessions, sessions.c.sid == calls.c.sid).where(*whose)
    return query


def _count(column: Any) -> Any:
    return func.sum(case((column.is_(True), 1), else_=0))


def _tool(key: Key, counts: Sequence[int], latencies: list[int]) -> Tool:
    number, answered, failed = counts
    latencies.sort()
    return Tool(
        **_named(key),
        calls=number,
        answered=answered,
        failed=failed,
        unanswered=number - answered,
        p50_ms=percentile(latencies, 0.5),
        p95_ms=percentile(latencies, 0.95),
        max_ms=latencies[-1] if latencies else None,
    )


def _named(key: Key) -> dict[str, Any]:
    kind: Literal["function", "mcp"] = "function" if key[0] == FUNCTION else "mcp"
    return {"kind": kind, "server_label": key[1], "name": key[2] or ""}


def percentile(ascending: Sequence[int], share: float) -> int | None:
    """The least value that so great a share is not above; None of nothing."""
    return ascending[max(0, ceil(len(ascending) * share) - 1)] if ascending else None


def _step(connection: Connection, wanted: Filters) -> int:
    [(first, last)] = _rows(connection, _of(select(func.min(calls.c.at), func.max(calls.c.at)), wanted))
    span = ((last or 0) - (first or 0)) / 1000
    return next((step for step in STEPS if span / step <= MOST_POINTS), STEPS[-1])


def _series(connection: Connection, wanted: Filters, step: int) -> list[ToolPoint]:
    at: Any = calls.c.at - calls.c.at % (step * 1000)
    query = _of(select(at.label("step"), *_KEY, func.count(), _count(calls.c.failed)), wanted)
    rows = _rows(connection, query.group_by("step", *_KEY).order_by("step", *_KEY))
    return [
        ToolPoint(at=rfc3339(moment), **_named((kind, label, name)), calls=number, failed=failed)
        for moment, kind, label, name, number, failed in rows
    ]
