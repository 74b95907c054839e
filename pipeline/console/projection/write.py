"""A batch into the store, in the caller's transaction: what is there, what changes, how it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import orjson
from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, func, select, text, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.console.projection.facts import Json, label
from pipeline.console.projection.fold import Changes, Row, Stored, fold
from pipeline.console.projection.incoming import Incoming
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

T = TypeVar("T")

AT_ONCE = 400
"""Values of one IN: few enough for any database, and always the same text of the statement."""


def write(connection: Connection, dialect: Dialect, batch: Sequence[Incoming]) -> Changes:
    """Put these revisions into the store; gives back what changed."""
    stored = load(connection, batch)
    changes = fold(stored, batch)
    apply(connection, dialect, changes)
    return changes


def load(connection: Connection, batch: Sequence[Incoming]) -> Stored:
    """What the store has of what the batch is about."""
    names = {one.session_id for one in batch}
    found = {row["session_id"]: row for row in _all(connection, sessions, sessions.c.session_id, names)}
    sids = {name: row["sid"] for name, row in found.items()}
    keys = {(sids[one.session_id], one.kind, one.name) for one in batch if one.session_id in sids}
    entry_key = tuple_(entries.c.sid, entries.c.kind, entries.c.name)
    known = {(row["sid"], row["kind"], row["name"]): row for row in _all(connection, entries, entry_key, keys)}
    latest, older = _to_look_at(batch, sids, known)
    values = {row["id"]: row["value"] for row in _all(connection, records, records.c.id, latest)}
    revisions = {(row["id"], row["revision"]) for row in known.values()}
    for some in chunks(older):
        query = select(records.c.entry, records.c.revision).where(records.c.entry.in_(some))
        revisions.update((row.entry, row.revision) for row in connection.execute(query))
    call_keys = {(sids[one.session_id], item) for one in batch if one.session_id in sids for item in _call_items(one)}
    call_key = tuple_(calls.c.sid, calls.c.item)
    return Stored(
        sessions=found,
        entries=known,
        revisions=revisions,
        latest={record: (latest[record], _document(value)) for record, value in values.items()},
        texts={row["id"]: row["body"] for row in _all(connection, texts, texts.c.id, _entry_ids(known, latest))},
        calls={(row["sid"], row["item"]): row for row in _all(connection, calls, call_key, call_keys)},
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


def _entry_ids(known: dict[tuple[int, int, str], Row], latest: dict[int, str]) -> set[int]:
    return {row["id"] for row in known.values() if row["record"] in latest}


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


def _all(connection: Connection, table: Table, column: Any, values: Iterable[Any]) -> Iterator[Row]:
    """The rows of a table whose column, or columns, are one of these."""
    for some in chunks(values):
        for row in connection.execute(select(table).where(column.in_(some))).mappings():
            yield dict(row)


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """The values, so many at a time as one IN takes."""
    each = iter(values)
    while some := list(islice(each, AT_ONCE)):
        yield some


def apply(connection: Connection, dialect: Dialect, changes: Changes) -> None:
    """Write the changes."""
    new = {row["sid"] for row in changes.new_sessions}
    many(connection, sessions.insert(), changes.new_sessions)
    _update(connection, sessions, ("sid",), [row for sid, row in changes.sessions.items() if sid not in new])
    many(connection, entries.insert(), changes.new_entries)
    _update(connection, entries, ("id",), list(changes.entries.values()))
    many(connection, records.insert(), changes.records)
    _texts(connection, dialect, changes)
    _upsert(connection, dialect, calls, list(changes.calls.values()))
    _tools(connection, dialect, changes)
    add_usage(connection, dialect, changes.usage)


def many(connection: Connection, statement: Any, rows: Sequence[Row]) -> None:
    """The statement with each of the rows; nothing where there are none."""
    if rows:
        connection.execute(statement, rows)


def _update(connection: Connection, table: Table, key: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Whole rows, found by their keys."""
    columns = [column.name for column in table.columns if column.name not in key and not column.primary_key]
    statement = update(table).where(*(table.c[name] == bindparam(f"_{name}") for name in key))
    statement = statement.values({name: bindparam(name) for name in columns})
    many(connection, statement, [row | {f"_{name}": row[name] for name in key} for row in rows])


def _texts(connection: Connection, dialect: Dialect, changes: Changes) -> None:
    old = changes.old_texts
    if old:
        unindex(connection, dialect, [{"id": entry, "body": body} for entry, body in old.items()])
        for some in chunks(old):
            connection.execute(texts.delete().where(texts.c.id.in_(some)))
    rows = [row for row in changes.texts.values() if row["body"]]
    many(connection, texts.insert(), rows)
    if dialect.index_texts is not None:
        many(connection, text(dialect.index_texts), rows)


def unindex(connection: Connection, dialect: Dialect, rows: Sequence[Row]) -> None:
    """Take texts, by `id` and `body` as stored, out of the search."""
    if dialect.unindex_texts is not None:
        many(connection, text(dialect.unindex_texts), rows)


_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def insert_into(dialect: Dialect, table: Table) -> Any:
    """An INSERT that can be told what to do about rows that are there."""
    return _INSERT[dialect.name](table)


def _upsert(connection: Connection, dialect: Dialect, table: Table, rows: Sequence[Row]) -> None:
    """Whole rows, in place of those with the same keys."""
    statement: Any = insert_into(dialect, table)
    key = list(table.primary_key.columns)
    values = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    many(connection, statement.on_conflict_do_update(index_elements=key, set_=values), rows)


def add(connection: Connection, dialect: Dialect, table: Table, sums: Sequence[str], rows: Sequence[Row]) -> None:
    """Add the sums of each row to the row with the same key; other columns are replaced."""
    statement: Any = insert_into(dialect, table)
    values = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    values |= {name: table.c[name] + statement.excluded[name] for name in sums}
    many(connection, statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values), rows)


def _tools(connection: Connection, dialect: Dialect, changes: Changes) -> None:
    last = {sid: row["last_at"] for sid, row in changes.sessions.items()}
    rows: list[Row] = [{"sid": sid, "tool": tool, "calls": number, "last_at": last[sid]}
            for (sid, tool), number in changes.tools.items() if number]  # fmt: skip
    add(connection, dialect, session_tools, ("calls",), rows)
    gone = [{"_sid": row["sid"], "_tool": row["tool"]} for row in rows if row["calls"] < 0]
    of = and_(session_tools.c.sid == bindparam("_sid"), session_tools.c.tool == bindparam("_tool"))
    many(connection, session_tools.delete().where(of, session_tools.c.calls <= 0), gone)
    moved = update(session_tools).where(
        session_tools.c.sid == bindparam("_sid"), session_tools.c.last_at != bindparam("last")
    )
    touched = [{"_sid": sid, "last": last[sid]} for sid, row in changes.sessions.items() if row["tool_calls"]]
    many(connection, moved.values(last_at=bindparam("last")), touched)


def add_usage(connection: Connection, dialect: Dialect, sums: dict[Any, Any]) -> None:
    """Add to the usage by hour, provider, tenant and model; what is nothing then is gone."""
    names = ("responses", *TOKENS)
    rows = [dict(zip(("hour", "provider", "tenant", "model"), key, strict=True)) | {n: numbers[n] for n in names}
            for key, numbers in sums.items() if any(numbers.values())]  # fmt: skip
    add(connection, dialect, usage, names, rows)
    if any(row["responses"] < 0 for row in rows):
        connection.execute(usage.delete().where(usage.c.responses <= 0))
