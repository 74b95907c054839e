"""Stores of the tests, in both databases."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pipeline.console.store.store import Store, open_store
from tests.postgres import postgresql


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    with postgresql() as address:
        yield address


@pytest.fixture
def database(postgresql_server: str, unique: str) -> str:
    """An empty database of this test alone."""
    with psycopg.connect(postgresql_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unique)))
    return postgresql_server.replace("/postgres?", f"/{unique}?")


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of topics `p.…`, once in each database."""
    sqlite = request.param == "sqlite"
    with open_store(str(tmp_path / "store.db") if sqlite else request.getfixturevalue("database")) as store:
        store.prepare({"prefix": "p"})
        yield store
