"""The store: a database, its connections, and what its tables must be for this release."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from pipeline.console.store.dialects import DIALECTS, Dialect
from pipeline.console.store.schema import SCHEMA_VERSION, meta, metadata
from pipeline.errors import ItemstreamError, UsageError

_DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
_READERS = 8

REBUILD = "read it again from the topics with: itemstream console --rebuild"


class Store:
    """A database of conversations. One process writes, any number of threads read.

    To be used as a context, or closed.
    """

    def __init__(self, url: URL) -> None:
        self.dialect: Dialect = DIALECTS[url.get_backend_name()]
        backend = url.get_backend_name()
        self.name = url.database or "" if backend == "sqlite" else url.set(drivername=backend).render_as_string()
        """As one knows it: a file or an address."""
        self._writer = _engine(url, self.dialect, self.dialect.writer, 1)
        self._readers = _engine(url, self.dialect, self.dialect.reader, _READERS)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._readers.dispose()
        self._writer.dispose()

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """A transaction that changes the store, committed at the end; other writers wait until then."""
        with _told(self.name), self._writer.begin() as connection:
            if self.dialect.lock is not None:
                connection.execute(text(self.dialect.lock))
            yield connection

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """A transaction that sees the store as it is now, throughout."""
        with _told(self.name), self._readers.begin() as connection:
            yield connection

    def prepare(self, facts: Mapping[str, str]) -> None:
        """Make the tables where there are none. facts: what the store is of, such as the prefix of its topics.

        Raises ItemstreamError where the tables are another release's, or the store is of something else.
        """
        with self.writing() as connection:
            found = self._found(connection)
            if found is None:
                self._create(connection, facts)
                return
            if (version := found.get("schema_version")) != str(SCHEMA_VERSION):
                raise ItemstreamError(
                    f"the console's store {self.name} has tables of version {version}, and this release writes version "
                    f"{SCHEMA_VERSION}; {REBUILD}"
                )
            for name, value in facts.items():
                if found.get(name) not in (None, value):
                    raise ItemstreamError(
                        f"the console's store {self.name} is of {name} {found[name]}, not of {value}; name another "
                        f"with --console-store, or {REBUILD}"
                    )
            for name in facts.keys() - found.keys():
                connection.execute(meta.insert(), {"name": name, "value": facts[name]})

    def rebuild(self, facts: Mapping[str, str]) -> None:
        """Drop the tables and make them anew; whoever reads the topics then begins at the beginning."""
        with self.writing() as connection:
            for statement in self.dialect.drop:
                connection.execute(text(statement))
            metadata.drop_all(connection)
            self._create(connection, facts)
        self.tidy()

    def tidy(self) -> None:
        """Give the room of what was deleted back, and let go of its words."""
        if not self.dialect.tidy:
            return
        with _told(self.name), closing(self._writer.raw_connection()) as connection:
            driver: Any = connection.driver_connection
            # Executed one by one each would end at its first row: the vacuum gives one page back for each.
            driver.executescript(";".join(self.dialect.tidy))

    def _create(self, connection: Connection, facts: Mapping[str, str]) -> None:
        metadata.create_all(connection)
        for statement in self.dialect.create:
            connection.execute(text(statement))
        rows = {"schema_version": str(SCHEMA_VERSION), **facts}
        connection.execute(meta.insert(), [{"name": name, "value": value} for name, value in rows.items()])

    def _found(self, connection: Connection) -> dict[str, str] | None:
        if not inspect(connection).has_table(meta.name):
            return None
        return {row.name: row.value for row in connection.execute(select(meta.c.name, meta.c.value))}


def open_store(address: str) -> Store:
    """The store at an address: a file's path, or `postgresql://…`.

    Raises UsageError for other addresses, and ItemstreamError where it can't be opened.
    """
    url = _url(address)
    if url.get_backend_name() == "sqlite" and url.database:
        folder = Path(url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # What people said is nobody else's on this machine.
            Path(url.database).touch(mode=0o600)
        except OSError as error:
            raise ItemstreamError(f"cannot write the console's store {url.database}: {error.strerror}") from error
    try:
        return Store(url)
    except ModuleNotFoundError as missing:
        raise ItemstreamError(
            f"the console's store in a PostgreSQL needs the package {missing.name}; get it with: pip install "
            "'itemstream[console,postgresql]'"
        ) from missing


def _url(address: str) -> URL:
    scheme, separator, rest = address.partition("://")
    if not separator:
        return URL.create(_DRIVERS["sqlite"], database=str(Path(address).expanduser().absolute()))
    if scheme not in _DRIVERS or scheme == "sqlite":
        raise UsageError(f"console_store {scheme}://…: write the path of a file (SQLite), or postgresql://…")
    try:
        url = make_url(f"{_DRIVERS[scheme]}://{rest}")
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        # Not the address itself: it may hold a password.
        raise UsageError("console_store is no address of a PostgreSQL: postgresql://user@host:port/database") from error
    if url.password is not None:
        raise UsageError(
            "console_store has a password in it, which settings and process lists would show: take it out, and put it "
            "into PGPASSWORD or ~/.pgpass"
        )
    return url


def _engine(url: URL, dialect: Dialect, setup: tuple[str, ...], most: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=most,
        max_overflow=0,
        pool_pre_ping=dialect.name != "sqlite",
        connect_args={"check_same_thread": False} if dialect.name == "sqlite" else {},
    )
    begin = (dialect.begin if most == 1 else "BEGIN") if dialect.begin else None

    def connected(connection: Any, _: object) -> None:
        if begin is not None:
            # sqlite3 would begin transactions by itself, and only before what it takes for a change.
            connection.isolation_level = None
        else:
            connection.autocommit = True
        for statement in setup:
            connection.execute(statement).close()
        if begin is None:
            connection.autocommit = False

    event.listen(engine, "connect", connected)
    if begin is not None:

        def begins(connection: Connection) -> None:
            connection.exec_driver_sql(begin)

        event.listen(engine, "begin", begins)
    return engine


@contextmanager
def _told(name: str) -> Generator[None]:
    """What the database says, as an error for people."""
    try:
        yield
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())[:300]
        raise StoreError(f"the console's store {name}: {said}") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise StoreError(f"the console's store {name}: {error}") from error


class StoreError(ItemstreamError):
    """The database refuses, or is not there."""
