"""Rejected records, newest first, and how many there are of each reason."""

from __future__ import annotations

from sqlalchemy import Connection, select

from pipeline.console.models import ReasonCount, Rejected
from pipeline.console.store.cursors import read_cursor, write_cursor
from pipeline.console.store.rows import rejected_of
from pipeline.console.store.schema import reject_counts, rejected


def rejected_page(
    connection: Connection, reason: str | None, cursor: str | None, limit: int
) -> tuple[list[Rejected], str | None]:
    """A page, and the cursor of the next one. Raises BadCursorError."""
    query = select(rejected).order_by(rejected.c.id.desc()).limit(limit + 1)
    if reason is not None:
        query = query.where(rejected.c.reason == reason)
    if cursor is not None:
        query = query.where(rejected.c.id < read_cursor(cursor, 1)[0])
    rows = connection.execute(query).mappings().all()
    return [rejected_of(row) for row in rows[:limit]], write_cursor(rows[limit - 1]["id"]) if len(
        rows
    ) > limit else None


def reason_counts(connection: Connection) -> list[ReasonCount]:
    """The most first."""
    query = select(reject_counts).order_by(reject_counts.c.count.desc(), reject_counts.c.reason)
    return [ReasonCount(reason=row["reason"], count=row["count"]) for row in connection.execute(query).mappings()]
