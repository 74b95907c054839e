"""All that the API asks the store for: `pipeline.console.queries` says what each method is to do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

from sqlalchemy import select

from pipeline.console.models import (
    Entry,
    Facets,
    ReasonCount,
    Rejected,
    Revision,
    SessionDetail,
    SessionPage,
    SessionSummary,
    Timeline,
    Tools,
)
from pipeline.console.queries import EntryName, Filters, SessionFilters, UsageSum
from pipeline.console.store.conversation import Orders, revisions, session_detail, session_entries, timeline
from pipeline.console.store.rejected_list import reason_counts, rejected_page
from pipeline.console.store.schema import session_tools, sessions
from pipeline.console.store.session_list import session_page, summaries
from pipeline.console.store.store import Store
from pipeline.console.store.tool_calls import tools
from pipeline.console.store.usage_sums import usage_sums

MOST_FACETS = 1_000
"""Values of one kind that are offered to filter by."""


class StoreQueries:
    """Implements `Queries`. Each call sees the store as it is at that moment; StoreError where it does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._orders = Orders()

    def facets(self) -> Facets:
        with self._store.reading() as connection:

            def values(column: Any) -> list[str]:
                query = select(column).where(column.is_not(None)).distinct().order_by(column).limit(MOST_FACETS)
                return sorted(connection.execute(query).scalars())

            return Facets(
                providers=values(sessions.c.provider),
                tenants=values(sessions.c.tenant),
                models=values(sessions.c.model),
                tools=values(session_tools.c.tool),
            )

    def sessions(self, filters: SessionFilters, cursor: str | None, limit: int) -> SessionPage:
        """With a search by the newest match; its pages can be shorter than `limit` and yet have a cursor."""
        with self._store.reading() as connection:
            return session_page(connection, self._store.dialect, filters, cursor, limit)

    def session(self, session_id: str) -> SessionDetail | None:
        with self._store.reading() as connection:
            return session_detail(connection, session_id)

    def summaries(self, session_ids: Collection[str]) -> list[SessionSummary]:
        with self._store.reading() as connection:
            query = select(sessions).where(sessions.c.session_id.in_(list(session_ids)))
            return summaries(connection, connection.execute(query).mappings().all(), {})

    def timeline(self, session_id: str, offset: int, limit: int) -> Timeline | None:
        with self._store.reading() as connection:
            return timeline(connection, self._orders, session_id, offset, limit)

    def entries(self, session_id: str, names: Collection[EntryName]) -> list[Entry]:
        """In the order of the conversation."""
        with self._store.reading() as connection:
            return session_entries(connection, self._orders, session_id, names)

    def revisions(self, session_id: str, item_id: str) -> list[Revision]:
        with self._store.reading() as connection:
            return revisions(connection, session_id, item_id)

    def tools(self, filters: Filters) -> Tools:
        with self._store.reading() as connection:
            return tools(connection, filters)

    def usage(self, filters: Filters, by: Collection[Literal["day", "tenant"]]) -> Sequence[UsageSum]:
        with self._store.reading() as connection:
            return usage_sums(connection, filters, by)

    def rejected_counts(self) -> list[ReasonCount]:
        with self._store.reading() as connection:
            return reason_counts(connection)

    def rejected(self, reason: str | None, cursor: str | None, limit: int) -> tuple[list[Rejected], str | None]:
        with self._store.reading() as connection:
            return rejected_page(connection, reason, cursor, limit)
