"""What the API asks of the store. All of it may block: the API calls it in a thread.

Times are milliseconds since the epoch; of a span the end is not included. Cursors are the store's own and opaque; one
that is none raises `BadCursorError`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

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
from pipeline.errors import UsageError

EntryName = tuple[Literal["item", "response"], str]


class BadCursorError(UsageError):
    """A cursor that this store did not give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """All that is said must hold."""

    from_ms: int | None = None
    to_ms: int | None = None
    provider: str | None = None
    tenant: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFilters(Filters):
    """Which sessions to list."""

    tool: str | None = None
    error: bool = False
    """Only those in which a tool, a response or a transcript failed."""
    interrupted: bool = False
    q: str | None = None
    """Full-text search in what was said, and in arguments and outputs of tools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSum:
    """Tokens of the responses of one group, always apart by model, since prices are."""

    day: str | None
    """YYYY-MM-DD, UTC; None where not grouped by it."""
    tenant: str | None
    model: str | None
    responses: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    input_audio_tokens: int
    cached_audio_tokens: int
    output_audio_tokens: int
    total_tokens: int


class Queries(Protocol):
    """Reading the store."""

    def facets(self) -> Facets:
        """Values to filter by, each list sorted."""
        ...

    def sessions(self, filters: SessionFilters, cursor: str | None, limit: int) -> SessionPage:
        """Newest activity first."""
        ...

    def session(self, session_id: str) -> SessionDetail | None:
        """None where there is none."""
        ...

    def summaries(self, session_ids: Collection[str]) -> list[SessionSummary]:
        """Those of these that there are."""
        ...

    def timeline(self, session_id: str, offset: int, limit: int) -> Timeline | None:
        """A stretch of the conversation; None where there is no such session."""
        ...

    def entries(self, session_id: str, names: Collection[EntryName]) -> list[Entry]:
        """These entries of a session, those that there are."""
        ...

    def revisions(self, session_id: str, item_id: str) -> list[Revision]:
        """Every record of an item (or response), ascending; empty where there is none."""
        ...

    def tools(self, filters: Filters) -> Tools:
        """Calls, failures and latency by tool."""
        ...

    def usage(self, filters: Filters, by: Collection[Literal["day", "tenant"]]) -> Sequence[UsageSum]:
        """Sums by these and by model."""
        ...

    def rejected_counts(self) -> list[ReasonCount]:
        """How many rejected records of each reason are in the store, most first."""
        ...

    def rejected(self, reason: str | None, cursor: str | None, limit: int) -> tuple[list[Rejected], str | None]:
        """Newest first, and the next cursor. `redriven` is 0: the markers are in Kafka."""
        ...
