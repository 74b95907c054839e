"""One session: its summary, its timeline, the revisions of what is in it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Sequence
from threading import Lock
from typing import Any

import orjson
from sqlalchemy import Connection, select

from pipeline.console.models import Entry, Revision, SessionDetail, Timeline
from pipeline.console.queries import EntryName
from pipeline.console.store.order import Standing, in_order
from pipeline.console.store.rows import Row, entry, summary_fields
from pipeline.console.store.schema import ITEM, KINDS, RESPONSE, entries, records, sessions, topics
from pipeline.console.store.session_list import summaries

_STANDING = [entries.c[name] for name in ("id", "kind", "name", "sequence", "at", "behind")]
_REMEMBERED = 64


class Orders:
    """The order of the conversations that were looked at last: it is the same until something of one changes."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, ...], list[int]] = OrderedDict()
        self._lock = Lock()

    def of(self, connection: Connection, session: Row) -> list[int]:
        """The ids of a session's entries, in order. session: its row of `sessions`."""
        version = (session["sid"], session["records"], session["last_at"])
        with self._lock:
            found = self._known.get(version)
            if found is not None:
                self._known.move_to_end(version)
                return found
        query = select(*_STANDING).where(entries.c.sid == session["sid"])
        ordered = in_order(Standing(*row) for row in connection.execute(query))
        with self._lock:
            self._known[version] = ordered
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return ordered


def session_row(connection: Connection, session_id: str) -> Row | None:
    """The row of `sessions`; None where there is no such session."""
    return connection.execute(select(sessions).where(sessions.c.session_id == session_id)).mappings().first()


def session_detail(connection: Connection, session_id: str) -> SessionDetail | None:
    """None where there is no such session."""
    row = session_row(connection, session_id)
    if row is None:
        return None
    one = summaries(connection, [row], {})[0]
    return SessionDetail(
        **summary_fields(row, one.tools, one.rejected, None),
        provider_session_id=row["provider_session_id"],
        total_entries=row["items"] + row["responses"],
    )


def timeline(connection: Connection, orders: Orders, session_id: str, offset: int, limit: int) -> Timeline | None:
    """A stretch of a session; None where there is no such session."""
    row = session_row(connection, session_id)
    if row is None:
        return None
    ordered = orders.of(connection, row)
    ids = ordered[offset : offset + limit]
    return Timeline(total=len(ordered), offset=offset, entries=_entries(connection, ids, offset))


def session_entries(
    connection: Connection, orders: Orders, session_id: str, names: Collection[EntryName]
) -> list[Entry]:
    """These entries of a session as they are now, those that there are."""
    row = session_row(connection, session_id)
    if row is None:
        return []
    ordered = orders.of(connection, row)
    found: list[Entry] = []
    for kind, told in enumerate(KINDS):
        of_kind = [name for one, name in names if one == told]
        query = select(entries.c.id).where(
            entries.c.sid == row["sid"], entries.c.kind == kind, entries.c.name.in_(of_kind)
        )
        ids = list(connection.execute(query).scalars()) if of_kind else []
        for entry_id in ids:
            found += _entries(connection, [entry_id], ordered.index(entry_id))
    return sorted(found, key=lambda one: one.position)


def _entries(connection: Connection, ids: Sequence[int], offset: int) -> list[Entry]:
    query = (
        select(entries.c.id, entries.c.kind, entries.c.name, entries.c.record_type, entries.c.revisions)
        .add_columns(records.c.value, topics.c.name.label("topic_name"))
        .join(records, records.c.id == entries.c.record)
        .join(topics, topics.c.topic == records.c.topic)
    )
    rows = {row["id"]: row for row in connection.execute(query.where(entries.c.id.in_(ids))).mappings()} if ids else {}
    return [
        entry(rows[one], position, orjson.loads(rows[one]["value"]))
        for position, one in enumerate(ids, offset)
        if one in rows
    ]


def revisions(connection: Connection, session_id: str, name: str) -> list[Revision]:
    """Every revision of an item, or else of a response; none where there is neither."""
    for kind in (ITEM, RESPONSE):
        rows = connection.execute(_revisions(session_id, name, kind)).mappings().all()
        if rows:
            return [_revision(row) for row in rows]
    return []


def _revisions(session_id: str, name: str, kind: int) -> Any:
    return (
        select(topics.c.name, records.c.partition, records.c.offset, records.c.value)
        .join(entries, records.c.entry == entries.c.id)
        .join(sessions, sessions.c.sid == entries.c.sid)
        .join(topics, topics.c.topic == records.c.topic)
        .where(sessions.c.session_id == session_id, entries.c.kind == kind, entries.c.name == name)
        .order_by(records.c.revision)
    )


def _revision(row: Row) -> Revision:
    return Revision(
        topic=row["name"], partition=row["partition"], offset=row["offset"], record=orjson.loads(row["value"])
    )
