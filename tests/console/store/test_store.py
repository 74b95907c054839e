"""Opening a store: what it is of, and what is said where it does not fit."""

import stat
from pathlib import Path

import pytest
from sqlalchemy import update

from pipeline.console.queries import SessionFilters
from pipeline.console.store import StoreError, StoreQueries, open_store
from pipeline.console.store.schema import meta
from pipeline.console.store.store import Store
from pipeline.errors import ItemstreamError, UsageError
from tests.console.projection.reference import whole
from tests.console.projection.support import Writing, fetched_of
from tests.examples.support import simulated

RECORDS = fetched_of(simulated("p", 8))


def test_what_it_is_of_stays(store: Store) -> None:
    store.prepare({"prefix": "p"})
    store.prepare({"prefix": "p", "cluster": "one"})
    with pytest.raises(ItemstreamError, match=r"is of prefix p, not of q; .*--console-store.*--rebuild"):
        store.prepare({"prefix": "q"})
    with pytest.raises(ItemstreamError, match="is of cluster one, not of two"):
        store.prepare({"prefix": "p", "cluster": "two"})


def test_another_release_s_tables_are_told_of(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(update(meta).where(meta.c.name == "schema_version").values(value="0"))
    with pytest.raises(ItemstreamError, match=r"tables of version 0, and this release writes version 1; .*--rebuild"):
        store.prepare({"prefix": "p"})
    store.rebuild({"prefix": "p"})
    store.prepare({"prefix": "p"})


def test_rebuilt_it_is_empty_and_fills_to_the_same(store: Store) -> None:
    Writing(store, "p").write(RECORDS)
    before = whole(store)
    store.rebuild({"prefix": "p"})
    assert StoreQueries(store).sessions(SessionFilters(), None, 10).sessions == []
    Writing(store, "p").write(RECORDS)
    assert whole(store) == before


def test_readers_see_a_whole_transaction_or_nothing(store: Store) -> None:
    with store.reading() as connection:
        assert connection.execute(meta.select()).all()
        Writing(store, "p").write(RECORDS)
    assert StoreQueries(store).sessions(SessionFilters(), None, 1).sessions


def test_readers_write_nothing(store: Store) -> None:
    with pytest.raises(StoreError), store.reading() as connection:
        connection.execute(meta.delete())


def test_nobody_else_of_the_machine_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "store.db"
    with open_store(str(path)) as store:
        store.prepare({"prefix": "p"})
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mysql://host/db", "console_store mysql://…: write the path of a file"),
        ("postgresql://me:secret@host/db", "has a password in it"),
        ("postgresql://host:port/db", "is no address of a PostgreSQL"),
    ],
)
def test_addresses_that_are_none(address: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as error:
        open_store(address)
    assert "secret" not in str(error.value)


def test_a_folder_that_can_t_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ItemstreamError, match="cannot write the console's store"):
        open_store(str(tmp_path / "file" / "store.db"))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_text("something else entirely\n" * 100)
    with open_store(str(path)) as store, pytest.raises(StoreError, match="file is not a database"):
        store.prepare({"prefix": "p"})
