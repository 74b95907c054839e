"""An empty database of each kind, gone again afterwards: its address, what it is, and how large it has become."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg

from tests.postgres import postgresql

Database = tuple[str, str, Callable[[], int]]
"""Address, name with version, bytes on the disk."""


@contextmanager
def sqlite() -> Generator[Database]:
    with TemporaryDirectory(prefix="itemstream-bench-") as folder:
        file = Path(folder) / "store.sqlite3"
        size = lambda: sum(one.stat().st_size for one in Path(folder).iterdir())  # noqa: E731
        yield str(file), f"SQLite {sqlite3.sqlite_version}", size


@contextmanager
def postgres() -> Generator[Database]:
    """Debian's server as it comes, on a Unix socket."""
    with postgresql() as address:

        def asked(query: Any) -> Any:
            with psycopg.connect(address) as connection:
                row = connection.execute(query).fetchone()
                return row[0] if row else None

        version = str(asked("SHOW server_version")).split()[0]
        yield address, f"PostgreSQL {version}", lambda: asked("SELECT pg_database_size(current_database())")


DATABASES: dict[str, Callable[[], AbstractContextManager[Database]]] = {"sqlite": sqlite, "postgresql": postgres}
