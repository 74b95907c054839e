"""A batch into the store, in the caller's transaction: what is there, what changes, how it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, bindparam, func, select
from sqlalchemy import update as update_table

from pipeline.console.projection.facts import Json, label
from pipeline.console.projection.fold import Changes, Row, Stored, fold
from pipeline.console.projection.incoming import Incoming
from pipeline.console.projection.statements import chunks, insert, many, rows_with, update, upsert, written
from pipeline.console.store.dialects import Dialect
from pipeline.console.store.schema import (
    TOKENS,
    calls,
    entries,
    records,
    session_tools,
    sessions,
    texts,
    usage,
)

ENTRY_KEY = ("sid", "kind", "name")
CALL_KEY = ("sid", "item")


def write(connection: Connection, dialect: Dialect, batch: Sequence[Incoming]) -> Changes:
    """Put these revisions into the store; gives back what changed."""
    stored = load(connection, batch)
    changes = fold(stored, batch)
    apply(connection, dialect, changes)
    return changes


def load(connection: Connection, batch: Sequence[Incoming]) -> Stored:
    """What the store has of what the batch is about."""
    names = {(one.session_id,) for one in batch}
    found = {row["session_id"]: row for row in rows_with(connection, sessions, ("session_id",), names)}
    sids = {name: row["sid"] for name, row in found.items()}
    keys = {(sids[one.session_id], one.kind, one.name) for one in batch if one.session_id in sids}
    known = {(row["sid"], row["kind"], row["name"]): row for row in rows_with(connection, entries, ENTRY_KEY, keys)}
    latest, older = _to_look_at(batch, sids, known)
    values = {row["id"]: row["value"] for row in rows_with(connection, records, ("id",), zip(latest))}
    revisions = {(row["id"], row["revision"]) for row in known.values()}
    for some in chunks(older):
        query = select(records.c.entry, records.c.revision).where(records.c.entry.in_(some))
        revisions.update((row.entry, row.revision) for row in connection.execute(query))
    call_keys = {(sids[one.session_id], item) for one in batch if one.session_id in sids for item in _call_items(one)}
    return Stored(
        sessions=found,
        entries=known,
        revisions=revisions,
        latest={record: (latest[record], _document(value)) for record, value in values.items()},
        texts={row["id"]: row["body"] for row in rows_with(connection, texts, ("id",), _entry_ids(known, latest))},
        calls={(row["sid"], row["item"]): row for row in rows_with(connection, calls, CALL_KEY, call_keys)},
        next_sid=_next(connection, sessions.c.sid),
        next_entry=_next(connection, entries.c.id),
        next_record=_next(connection, records.c.id),
    )


def _to_look_at(
    batch: Iterable[Incoming], sids: dict[str, int], known: dict[tuple[int, int, str], Row]
) -> tuple[dict[int, str], set[int]]:
    """The records that newer ones replace, with their types; and entries of which an older revision comes."""
    latest: dict[int, str] = {}
    older: set[int] = set()
    for one in batch:
        row = known.get((sids.get(one.session_id, -1), one.kind, one.name))
        if row is None:
            continue
        if one.revision > row["revision"]:
            latest[row["record"]] = row["record_type"]
        elif one.revision < row["revision"]:
            older.add(row["id"])
    return latest, older


def _entry_ids(known: dict[tuple[int, int, str], Row], latest: dict[int, str]) -> set[tuple[int]]:
    return {(row["id"],) for row in known.values() if row["record"] in latest}


def _call_items(one: Incoming) -> Iterator[str]:
    """Items whose rows of `calls` the record may change."""
    for name in ("item_id", "call_item_id"):
        if "call" in one.record_type and (item := label(one.record.get(name))):
            yield item


def _document(value: bytes) -> Json:
    return orjson.loads(value)


def _next(connection: Connection, column: ColumnElement[int]) -> int:
    highest = connection.execute(select(func.max(column))).scalar()
    return 1 if highest is None else highest + 1


def apply(connection: Connection, dialect: Dialect, changes: Changes) -> None:
    """Write the changes."""
    new = {row["sid"] for row in changes.new_sessions}
    many(connection, insert(sessions), changes.new_sessions)
    many(connection, update(sessions), [row for sid, row in changes.sessions.items() if sid not in new])
    many(connection, insert(entries), changes.new_entries)
    many(connection, update(entries), list(changes.entries.values()))
    many(connection, insert(records), changes.records)
    _texts(connection, dialect, changes)
    many(connection, upsert(dialect, calls), list(changes.calls.values()))
    _tools(connection, dialect, changes)
    add_usage(connection, dialect, changes.usage)


def _texts(connection: Connection, dialect: Dialect, changes: Changes) -> None:
    old = changes.old_texts
    if old:
        unindex(connection, dialect, [{"id": entry, "body": body} for entry, body in old.items()])
        for some in chunks(old):
            connection.execute(texts.delete().where(texts.c.id.in_(some)))
    rows = [row for row in changes.texts.values() if row["body"]]
    many(connection, insert(texts), rows)
    if dialect.index_texts is not None:
        many(connection, written(dialect.index_texts), rows)


def unindex(connection: Connection, dialect: Dialect, rows: Sequence[Row]) -> None:
    """Take texts, by `id` and `body` as stored, out of the search."""
    if dialect.unindex_texts is not None:
        many(connection, written(dialect.unindex_texts), rows)


_NO_CALLS = session_tools.delete().where(
    session_tools.c.sid == bindparam("sid"), session_tools.c.tool == bindparam("tool"), session_tools.c.calls <= 0
)
_LAST = (
    update_table(session_tools)
    .where(session_tools.c.sid == bindparam("sid"), session_tools.c.last_at != bindparam("last_at"))
    .values(last_at=bindparam("last_at"))
)


def _tools(connection: Connection, dialect: Dialect, changes: Changes) -> None:
    rows: list[Row] = [{"sid": sid, "tool": tool, "calls": number, "last_at": changes.sessions[sid]["last_at"]}
            for (sid, tool), number in changes.tools.items() if number]  # fmt: skip
    many(connection, upsert(dialect, session_tools, ("calls",)), rows)
    many(connection, _NO_CALLS, [row for row in rows if row["calls"] < 0])
    many(connection, _LAST, [row for row in changes.sessions.values() if row["tool_calls"]])


def add_usage(connection: Connection, dialect: Dialect, sums: dict[Any, Any]) -> None:
    """Add to the usage by hour, provider, tenant and model; what is nothing then is gone."""
    names = ("responses", *TOKENS)
    rows = [dict(zip(("hour", "provider", "tenant", "model"), key, strict=True)) | {n: numbers[n] for n in names}
            for key, numbers in sums.items() if any(numbers.values())]  # fmt: skip
    many(connection, upsert(dialect, usage, names), rows)
    if any(row["responses"] < 0 for row in rows):
        connection.execute(usage.delete().where(usage.c.responses <= 0))
