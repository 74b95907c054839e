"""The list of sessions: newest activity first, or by what was said in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, text, tuple_

from pipeline.console.models import SessionPage
from pipeline.console.queries import SessionFilters
from pipeline.console.store.cursors import read_cursor, write_cursor
from pipeline.console.store.dialects import Dialect
from pipeline.console.store.filters import of_session, of_tool
from pipeline.console.store.rows import Row, summary
from pipeline.console.store.schema import rejected, session_tools, sessions, texts
from pipeline.console.store.words import QUERY, terms_of

FIRST_LOOK, MOST_LOOK = 200, 2_000
MOST_MATCHES = 20_000
"""Matches that are looked at for one page. Where a filter leaves out nearly all of them the page is shorter than asked
for, and its cursor goes on behind them: no request takes long."""

_END = 2**62


def session_page(
    connection: Connection, dialect: Dialect, wanted: SessionFilters, cursor: str | None, limit: int
) -> SessionPage:
    """Raises BadCursorError."""
    if wanted.q is not None and wanted.q.strip():
        return _search(connection, dialect, wanted, cursor, limit)
    return _list(connection, wanted, cursor, limit)


def _list(connection: Connection, wanted: SessionFilters, cursor: str | None, limit: int) -> SessionPage:
    query = select(sessions)
    at: Any = sessions.c.last_at
    sid: Any = sessions.c.sid
    if wanted.tool is not None:
        # That table has the times too: by its index the newest come first.
        query = query.join(session_tools, session_tools.c.sid == sessions.c.sid)
        query = query.where(session_tools.c.tool == wanted.tool)
        at, sid = session_tools.c.last_at, session_tools.c.sid
        if wanted.from_ms is not None:
            query = query.where(at >= wanted.from_ms)
    query = query.where(*of_session(wanted))
    if cursor is not None:
        before = read_cursor(cursor, 2)
        query = query.where(at <= before[0], tuple_(at, sid) < tuple_(*map(_literal, before)))
    query = query.order_by(at.desc(), sid.desc()).limit(limit + 1)
    rows = connection.execute(query).mappings().all()
    page = rows[:limit]
    last = page[-1] if len(rows) > limit else None
    return SessionPage(
        sessions=summaries(connection, page, {}),
        next_cursor=None if last is None else write_cursor(last["last_at"], last["sid"]),
    )


def _literal(value: int) -> Any:
    return literal(value)


def _search(
    connection: Connection, dialect: Dialect, wanted: SessionFilters, cursor: str | None, limit: int
) -> SessionPage:
    """Sessions by their newest match, newest first."""
    terms = terms_of(wanted.q or "")
    if not terms:
        return SessionPage(sessions=[], next_cursor=None)
    query = QUERY[dialect.name](terms)
    start = _END if cursor is None else read_cursor(cursor, 1)[0]
    below, looked_at, most = start, 0, FIRST_LOOK
    found: dict[int, tuple[int, Row]] = {}  # sid → its newest match, and its row
    shown: set[int] = set()
    while looked_at < MOST_MATCHES:
        newest = text(dialect.newest)
        ids = list(connection.execute(newest, {"q": query, "below": below, "most": most}).scalars())
        rows = _sessions_of(connection, ids, wanted)
        if start != _END:
            shown |= _shown_before(
                connection, dialect, query, start, {row["sid"] for row in rows.values()} - found.keys()
            )
        for entry in ids:
            row = rows.get(entry)
            if row is not None and row["sid"] not in found and row["sid"] not in shown:
                if len(found) == limit:
                    return _found(connection, dialect, query, found, below)
                found[row["sid"]] = (entry, row)
            below = entry
        if len(ids) < most:
            return _found(connection, dialect, query, found, None)
        looked_at += len(ids)
        most = min(most * 2, MOST_LOOK)
    return _found(connection, dialect, query, found, below)


def _sessions_of(connection: Connection, ids: Sequence[int], wanted: SessionFilters) -> dict[int, Row]:
    """The sessions of these texts, by text; of those that the filter lets by."""
    if not ids:
        return {}
    query = select(texts.c.id.label("entry"), sessions).join(sessions, sessions.c.sid == texts.c.sid)
    query = query.where(texts.c.id.in_(ids), *of_session(wanted), *of_tool(wanted.tool))
    return {row["entry"]: row for row in connection.execute(query).mappings()}


def _shown_before(connection: Connection, dialect: Dialect, query: str, start: int, sids: Iterable[int]) -> set[int]:
    """Of these sessions those with a match before the cursor: they stood on an earlier page."""
    wanted = list(sids)
    if not wanted:
        return set()
    newer = text(dialect.newer).bindparams(bindparam("sids", expanding=True))
    return set(connection.execute(newer, {"q": query, "below": start, "sids": wanted}).scalars())


def _found(
    connection: Connection, dialect: Dialect, query: str, found: dict[int, tuple[int, Row]], below: int | None
) -> SessionPage:
    ids = [entry for entry, _ in found.values()]
    snippets = _snippets(connection, dialect, query, ids)
    rows = [row for _, row in found.values()]
    by_sid = {sid: snippets.get(entry, "") for sid, (entry, _) in found.items()}
    return SessionPage(
        sessions=summaries(connection, rows, by_sid), next_cursor=None if below is None else write_cursor(below)
    )


def _snippets(connection: Connection, dialect: Dialect, query: str, ids: Sequence[int]) -> dict[int, str]:
    if not ids:
        return {}
    snippets = text(dialect.snippets).bindparams(bindparam("ids", expanding=True))
    return {row[0]: row[1] for row in connection.execute(snippets, {"q": query, "ids": ids})}


def summaries(connection: Connection, rows: Sequence[Row], snippets: dict[int, str]) -> list[Any]:
    """Rows of `sessions` with their tools and the rejected records of each. snippets: by sid."""
    sids = [row["sid"] for row in rows]
    tools: dict[int, list[str]] = {}
    for row in connection.execute(
        select(session_tools.c.sid, session_tools.c.tool)
        .where(session_tools.c.sid.in_(sids))
        .order_by(session_tools.c.tool)
    ):
        tools.setdefault(row.sid, []).append(row.tool)
    names = [row["session_id"] for row in rows]
    counted = select(rejected.c.session_id, func.count()).where(rejected.c.session_id.in_(names))
    unusable = dict(connection.execute(counted.group_by(rejected.c.session_id)).tuples().all())
    return [
        summary(row, tools.get(row["sid"], []), unusable.get(row["session_id"], 0), snippets.get(row["sid"]))
        for row in rows
    ]
