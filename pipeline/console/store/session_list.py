"""The list of sessions: newest activity first, or by what was said in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, literal, select, text, tuple_

from pipeline.console.models import SessionPage
from pipeline.console.queries import SessionFilters
from pipeline.console.store.cursors import read_cursor, write_cursor
from pipeline.console.store.dialects import Dialect
from pipeline.console.store.filters import of_session
from pipeline.console.store.rows import Row, summary
from pipeline.console.store.schema import rejected, session_tools, sessions, texts
from pipeline.console.store.words import QUERY, terms_of

FIRST_LOOK, MOST_LOOK = 200, 2_000
MOST_MATCHES = 10_000
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
    found: dict[int, int] = {}  # sid → its newest match
    known: dict[int, bool] = {}  # sid → whether it is to be shown
    while looked_at < MOST_MATCHES:
        newest = connection.execute(text(dialect.newest), {"q": query, "below": below, "most": most})
        ids = [int(row[0]) for row in newest]
        of = _sids_of(connection, ids)
        new = set(of.values()) - known.keys()
        meant = _meant(connection, new, wanted)
        if start != _END:
            meant -= _shown_before(connection, dialect, query, start, meant)
        known |= {sid: sid in meant for sid in new}
        for entry in ids:
            sid = of.get(entry)
            if sid is not None and known[sid] and sid not in found:
                if len(found) == limit:
                    return _found(connection, dialect, query, found, below)
                found[sid] = entry
            below = entry
        if len(ids) < most:
            return _found(connection, dialect, query, found, None)
        looked_at += len(ids)
        most = min(most * 2, MOST_LOOK)
    return _found(connection, dialect, query, found, below)


def _sids_of(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """The sessions of texts."""
    query = select(texts.c.id, texts.c.sid).where(texts.c.id.in_(ids))
    return {row.id: row.sid for row in connection.execute(query)} if ids else {}


def _meant(connection: Connection, sids: Collection[int], wanted: SessionFilters) -> set[int]:
    """Those of the sessions that the filters let by.

    Compared here: a database would rather go through an index of the filter's, which has far more of them.
    """
    if not sids:
        return set()
    columns: Any = [sessions.c[name] for name in ("sid", "provider", "tenant", "failed", "cut", "first_at", "last_at")]
    rows = connection.execute(select(*columns).where(sessions.c.sid.in_(list(sids))))
    meant = {row.sid for row in rows if _is_meant(row, wanted)}
    if wanted.tool is not None and meant:
        called = session_tools.c.tool == wanted.tool
        meant = set(
            connection.execute(
                select(session_tools.c.sid).where(session_tools.c.sid.in_(list(meant)), called)
            ).scalars()
        )
    return meant


def _is_meant(row: Any, wanted: SessionFilters) -> bool:
    return (
        (wanted.provider is None or row.provider == wanted.provider)
        and (wanted.tenant is None or row.tenant == wanted.tenant)
        and (row.failed or not wanted.error)
        and (row.cut or not wanted.interrupted)
        and (wanted.from_ms is None or row.last_at >= wanted.from_ms)
        and (wanted.to_ms is None or row.first_at < wanted.to_ms)
    )


def _shown_before(connection: Connection, dialect: Dialect, query: str, start: int, sids: Collection[int]) -> set[int]:
    """Of these sessions those with a match before the cursor: they stood on an earlier page."""
    if not sids:
        return set()
    newer = text(dialect.newer).bindparams(bindparam("sids", expanding=True))
    return set(connection.execute(newer, {"q": query, "below": start, "sids": list(sids)}).scalars())


def _found(
    connection: Connection, dialect: Dialect, query: str, found: dict[int, int], below: int | None
) -> SessionPage:
    marked = _snippets(connection, dialect, query, list(found.values()))
    rows = {
        row["sid"]: row
        for row in connection.execute(select(sessions).where(sessions.c.sid.in_(list(found)))).mappings()
    }
    snippets = {sid: marked.get(entry, "") for sid, entry in found.items()}
    shown = summaries(connection, [rows[sid] for sid in found], snippets)
    return SessionPage(sessions=shown, next_cursor=None if below is None else write_cursor(below))


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
    unusable = {row[0]: row[1] for row in connection.execute(counted.group_by(rejected.c.session_id))}
    return [
        summary(row, tools.get(row["sid"], []), unusable.get(row["session_id"], 0), snippets.get(row["sid"]))
        for row in rows
    ]
