"""Statements that are run for many rows, and rows that are found by many keys.

What SQLAlchemy does for every row costs more than what the database does for it. So a statement is made, and put into
words, once for all batches; its rows go to the driver as they are: nothing of the schema needs to be converted on the
way into a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import Connection, Table, bindparam, text
from sqlalchemy.dialects import postgresql, sqlite

from pipeline.console.projection.fold import Row
from pipeline.console.store.dialects import Dialect

T = TypeVar("T")

AT_ONCE = 400
"""Values of one IN: few enough for any database, and always the same text of the statement."""

_INSERT = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def chunks(values: Iterable[T]) -> Iterator[list[T]]:
    """The values, so many at a time as one IN takes."""
    each = iter(values)
    while some := list(islice(each, AT_ONCE)):
        yield some


def rows_with(
    connection: Connection, table: Table, names: tuple[str, ...], keys: Iterable[tuple[Any, ...]]
) -> Iterator[Row]:
    """The rows of a table with one of these values in the columns of these names. There must be an index of them."""
    quoted = connection.dialect.identifier_preparer.quote
    mark = "(" + ", ".join("?" if connection.dialect.positional else "%s" for _ in names) + ")"
    columns = [one.name for one in table.columns]
    told = ", ".join(f"{table.name}.{quoted(name)}" for name in columns)
    same = " AND ".join(f"{table.name}.{name} = wanted.{name}" for name in names)
    for some in chunks(keys):
        # Not `(…) IN (VALUES …)`: for that SQLite goes through the whole table. And in this order: CROSS.
        wanted = f"WITH wanted({', '.join(names)}) AS (VALUES {', '.join([mark] * len(some))})"
        words = f"{wanted} SELECT {told} FROM wanted CROSS JOIN {table.name} WHERE {same}"
        for row in connection.exec_driver_sql(words, tuple(chain.from_iterable(some))).all():
            yield dict(zip(columns, row, strict=True))


def many(connection: Connection, statement: Any, rows: Sequence[Row]) -> None:
    """The statement with each of the rows; nothing where there are none.

    statement: one that is kept, such as the functions below give. Of an INSERT every row has all columns.
    """
    if rows:
        words, names = _words(statement, connection.dialect)
        told = rows if names is None else [*map(itemgetter(*names), rows)]
        connection.exec_driver_sql(words, told if names is None or len(names) > 1 else [(one,) for one in told])


@lru_cache(256)
def _words(statement: Any, dialect: Any) -> tuple[str, list[str] | None]:
    """As the driver takes it, with the names of its values in their order; None where it wants them by name."""
    compiled = statement.compile(dialect=dialect)
    return compiled.string, compiled.positiontup


@cache
def insert(table: Table) -> Any:
    """New rows."""
    return table.insert()


@cache
def update(table: Table) -> Any:
    """What can change of whole rows: all but their keys."""
    key = table.primary_key.columns
    values: dict[str, Any] = {
        one.name: bindparam(one.name) for one in table.columns if not (one.primary_key or one.unique)
    }
    return sqlalchemy.update(table).where(*(one == bindparam(one.name) for one in key)).values(values)


@cache
def upsert(dialect: Dialect, table: Table, sums: tuple[str, ...] = ()) -> Any:
    """Whole rows, in place of those with the same keys; sums are added to what is there."""
    statement: Any = insert_into(dialect, table)
    values = {one.name: statement.excluded[one.name] for one in table.columns if not one.primary_key}
    values |= {name: table.c[name] + statement.excluded[name] for name in sums}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values)


@cache
def written(words: str) -> Any:
    """A statement of `dialects.py`."""
    return text(words)


def insert_into(dialect: Dialect, table: Table) -> Any:
    """An INSERT that can be told what to do about rows that are there."""
    return _INSERT[dialect.name](table)
