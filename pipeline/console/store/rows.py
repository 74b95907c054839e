"""Rows of the store as what the API answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping

from pipeline.console.models import Entry, Mark, Original, Rejected, SessionSummary, SnippetPart
from pipeline.console.store.dialects import MATCH_END, MATCH_START
from pipeline.console.store.schema import COUNTS, KINDS
from pipeline.core.event import rfc3339

Row = RowMapping

SAME = ("session_id", "provider", "tenant", "model", "conversation_id", "preview", *COUNTS)


def summary_fields(row: Row, tools: Sequence[str], rejected: int, snippet: str | None) -> dict[str, Any]:
    """The fields of a SessionSummary."""
    return {
        **{name: row[name] for name in SAME},
        "first_at": rfc3339(row["first_at"]),
        "last_at": rfc3339(row["last_at"]),
        "tools": list(tools),
        "rejected": rejected,
        "snippet": None if snippet is None else snippet_of(snippet),
    }


def summary(row: Row, tools: Sequence[str], rejected: int, snippet: str | None) -> SessionSummary:
    """A row of `sessions` with what other tables tell of it."""
    return SessionSummary(**summary_fields(row, tools, rejected, snippet))


def snippet_of(marked: str) -> list[SnippetPart]:
    """A text in which the database marked what matched."""
    parts: list[SnippetPart] = []
    for number, piece in enumerate(marked.split(MATCH_START)):
        match, end, after = piece.partition(MATCH_END) if number else ("", "", piece)
        parts += [SnippetPart(text=match, match=True)] if end and match else []
        parts += [SnippetPart(text=after, match=False)] if after else []
    return parts


def entry(row: Row, position: int, record: dict[str, Any]) -> Entry:
    """A row of `entries` with its latest record and the name of its topic."""
    kind: int = row["kind"]
    return Entry(
        kind=KINDS[kind],
        position=position,
        id=row["name"],
        record_type=row["record_type"],
        revisions=row["revisions"],
        topic=row["topic_name"],
        record=record,
    )


def rejected_of(row: Row) -> Rejected:
    """A row of `rejected`. How often it was sent again the store does not know."""
    original = row["original_topic"]
    start, end = row["mark_start"], row["mark_end"]
    at, original_at = row["at"], row["original_at"]
    return Rejected(
        id=f"{row['partition']}:{row['offset']}",
        **{
            name: row[name]
            for name in ("partition", "offset", "session_id", "reason", "message", "value", "binary", "truncated")
        },
        at=rfc3339(at) if at else None,
        original=original
        and Original(
            topic=original,
            partition=row["original_partition"],
            offset=row["original_offset"],
            at=None if original_at is None else rfc3339(original_at),
        ),
        mark=None if start is None or end is None else Mark(start=start, end=end),
        redriven=0,
    )
