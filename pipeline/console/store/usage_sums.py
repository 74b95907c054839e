"""Tokens by day, tenant and model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal, cast

from sqlalchemy import Connection, func, literal, select

from pipeline.console.queries import Filters, UsageSum
from pipeline.console.store.schema import TOKENS, usage
from pipeline.core.event import rfc3339

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
NUMBERS = ("responses", *TOKENS)


def usage_sums(connection: Connection, filters: Filters, by: Collection[Literal["day", "tenant"]]) -> list[UsageSum]:
    """The newest day first, then by tenant and model. Times are taken as whole hours."""
    day: Any = usage.c.hour - usage.c.hour % DAY_MS if "day" in by else literal(None)
    tenant: Any = usage.c.tenant if "tenant" in by else literal(None)
    groups = [column for name, column in (("day", day), ("tenant", tenant)) if name in by]
    sums = (func.sum(usage.c[name]).label(name) for name in NUMBERS)
    query: Any = select(day.label("day"), tenant.label("of"), usage.c.model, *sums)
    if filters.from_ms is not None:
        query = query.where(usage.c.hour > filters.from_ms - HOUR_MS)
    if filters.to_ms is not None:
        query = query.where(usage.c.hour < filters.to_ms)
    if filters.provider is not None:
        query = query.where(usage.c.provider == filters.provider)
    if filters.tenant is not None:
        query = query.where(usage.c.tenant == filters.tenant)
    rows = cast(Sequence[Any], connection.execute(query.group_by(*groups, usage.c.model)).mappings().all())
    found = sorted(rows, key=lambda row: (-(row["day"] or 0), row["of"] or "", row["model"]))
    return [
        UsageSum(
            day=None if row["day"] is None else rfc3339(row["day"])[:10],
            tenant=row["of"] or None,
            model=row["model"] or None,
            **{name: int(row[name]) for name in NUMBERS},
        )
        for row in found
    ]
