"""Sessions leave the store: erased ones at once and for good, old ones when their time is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import orjson
from sqlalchemy import Connection, Select, func, select

from pipeline.console.projection.facts import UsageKey, facts_of
from pipeline.console.projection.statements import chunks, insert_into, many, upsert
from pipeline.console.projection.write import add_usage, unindex
from pipeline.console.store.dialects import Dialect
from pipeline.console.store.schema import (
    RESPONSE,
    calls,
    entries,
    erased,
    records,
    reject_counts,
    rejected,
    session_tools,
    sessions,
    texts,
)

AT_ONCE = 100
"""Sessions of one transaction, when old ones leave: what is read from Kafka meanwhile does not wait long."""


def erase(connection: Connection, dialect: Dialect, names: Iterable[str]) -> None:
    """These sessions are erased: all that is of them goes, and no record of theirs is taken any more."""
    wanted = list(names)
    statement: Any = insert_into(dialect, erased).on_conflict_do_nothing()
    if wanted:
        connection.execute(statement, [{"session_id": name} for name in wanted])
    for some in chunks(wanted):
        forget(connection, dialect, select(sessions.c.sid).where(sessions.c.session_id.in_(some)))
        drop_rejected(connection, dialect, select(rejected.c.id).where(rejected.c.session_id.in_(some)))


def unerase(connection: Connection, names: Iterable[str]) -> None:
    """These are no longer on the list; what is written of them from now on is taken."""
    for some in chunks(names):
        connection.execute(erased.delete().where(erased.c.session_id.in_(some)))


def erased_sessions(connection: Connection) -> set[str]:
    """Every session on the list, as far as it was read."""
    return set(connection.execute(select(erased.c.session_id)).scalars())


def drop_old(connection: Connection, dialect: Dialect, before_ms: int) -> int:
    """Forget sessions, and rejected records, with nothing after this time; at most `AT_ONCE`. Gives back how many went,
    0 when all have."""
    old = select(sessions.c.sid).where(sessions.c.last_at < before_ms).order_by(sessions.c.last_at).limit(AT_ONCE)
    too_old = select(rejected.c.id).where(rejected.c.at < before_ms).limit(AT_ONCE)
    return forget(connection, dialect, old) + drop_rejected(connection, dialect, too_old)


def forget(connection: Connection, dialect: Dialect, which: Select[Any]) -> int:
    """All that is kept of sessions, given by their sids, and what they added to any sum."""
    sids = numbers(connection, which)
    for some in chunks(sids):
        add_usage(connection, dialect, _used(connection, some))
        of = connection.execute(select(texts.c.id, texts.c.body).where(texts.c.sid.in_(some)))
        unindex(connection, dialect, [{"id": row.id, "body": row.body} for row in of])
        held = select(entries.c.id).where(entries.c.sid.in_(some))
        connection.execute(records.delete().where(records.c.entry.in_(held)))
        for table in (texts, calls, session_tools, entries, sessions):
            connection.execute(table.delete().where(table.c.sid.in_(some)))
    return len(sids)


def numbers(connection: Connection, which: Select[Any]) -> list[int]:
    """The numbers that a query gives."""
    return [int(row[0]) for row in connection.execute(which)]


def _used(connection: Connection, sids: Sequence[int]) -> dict[UsageKey, Counter[str]]:
    """Less what these sessions' responses used."""
    sums: dict[UsageKey, Counter[str]] = {}
    query = (
        select(records.c.value)
        .join(entries, entries.c.record == records.c.id)
        .where(entries.c.sid.in_(sids), entries.c.kind == RESPONSE)
    )
    for value in connection.execute(query).scalars():
        used = facts_of("response", orjson.loads(value)).usage
        if used is not None:
            sums.setdefault(used[0], Counter()).subtract(used[1])
    return sums


def drop_rejected(connection: Connection, dialect: Dialect, which: Select[Any]) -> int:
    """Rejected records, given by their ids."""
    ids = iter(numbers(connection, which))
    gone = 0
    while some := list(islice(ids, AT_ONCE)):
        of = select(rejected.c.reason, func.count()).where(rejected.c.id.in_(some)).group_by(rejected.c.reason)
        rows = [{"reason": reason, "count": -count} for reason, count in connection.execute(of)]
        many(connection, upsert(dialect, reject_counts, ("count",)), rows)
        connection.execute(reject_counts.delete().where(reject_counts.c.count <= 0))
        connection.execute(rejected.delete().where(rejected.c.id.in_(some)))
        gone += len(some)
    return gone
