"""Filters as conditions on the tables."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, exists, select

from pipeline.console.queries import Filters, SessionFilters
from pipeline.console.store.schema import session_tools, sessions


def of_whom(filters: Filters) -> Iterator[ColumnElement[bool]]:
    """On rows of `sessions`: whose they are."""
    if filters.provider is not None:
        yield sessions.c.provider == filters.provider
    if filters.tenant is not None:
        yield sessions.c.tenant == filters.tenant


def of_session(filters: SessionFilters) -> Iterator[ColumnElement[bool]]:
    """On rows of `sessions`: all but the tool and the search. A session is meant where any of its time is within."""
    yield from of_whom(filters)
    if filters.error:
        yield sessions.c.failed.is_(True)
    if filters.interrupted:
        yield sessions.c.cut.is_(True)
    if filters.from_ms is not None:
        yield sessions.c.last_at >= filters.from_ms
    if filters.to_ms is not None:
        yield sessions.c.first_at < filters.to_ms


def of_tool(tool: str | None) -> Iterator[ColumnElement[bool]]:
    """On rows of `sessions`: the tool was called."""
    if tool is not None:
        here = session_tools.c.sid == sessions.c.sid
        yield exists(select(1).where(here, session_tools.c.tool == tool))
