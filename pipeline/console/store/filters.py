"""Filters as conditions on the tables."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement

from pipeline.console.queries import Filters, SessionFilters
from pipeline.console.store.schema import sessions


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
