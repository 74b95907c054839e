"""What differs between the databases, as data: how a connection is set up, and full-text search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MATCH_START, MATCH_END = "\x01", "\x02"
"""Stand around what matched in a snippet; no stored text has them."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """Statements of one database. `:q` is a query in its own language, see `words.py`."""

    name: str
    writer: tuple[str, ...]
    """Run on every connection that writes."""
    reader: tuple[str, ...]
    """Run on every connection that reads."""
    create: tuple[str, ...]
    """What the tables need beyond `schema.py`; run after they are made."""
    drop: tuple[str, ...]
    """Undoes `create`; run before the tables are dropped."""
    begin: str | None
    """Begins a transaction that will write; None: the driver does."""
    lock: str | None
    """Keeps other writers out until the transaction ends; None: `begin` does."""
    index_texts: str | None
    """After texts were inserted: of `:id` and `:body`; None: the database does by itself."""
    unindex_texts: str | None
    """Before texts are changed or deleted: of `:id` and `:body` as it is."""
    newest: str
    """Ids of texts that match, below `:below`, newest first, `:most` of them."""
    newer: str
    """Of the sessions `:sids` those with a match at or above id `:below`."""
    snippets: str
    """Of the texts `:ids`: id, and where `:q` matches."""
    tidy: tuple[str, ...]
    """After much was deleted: gives room back and forgets deleted words."""


_WORDS = 16

SQLITE = Dialect(
    name="sqlite",
    # A commit is not on the disk at once, and after a power cut the store may be a few transactions behind: each has
    # the rows together with how far the topics were read, so that the rest is read again.
    writer=(
        "PRAGMA page_size = 8192",
        "PRAGMA auto_vacuum = INCREMENTAL",
        "PRAGMA journal_mode = WAL",
        "PRAGMA synchronous = NORMAL",
        "PRAGMA busy_timeout = 30000",
        "PRAGMA cache_size = -65536",
        "PRAGMA wal_autocheckpoint = 4000",
        "PRAGMA journal_size_limit = 67108864",
        "PRAGMA secure_delete = ON",
        "PRAGMA temp_store = MEMORY",
    ),
    reader=(
        "PRAGMA busy_timeout = 30000",
        "PRAGMA cache_size = -32768",
        "PRAGMA mmap_size = 1073741824",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA query_only = ON",
    ),
    create=(
        # The words only: the text itself stays in `texts`.
        (
            "CREATE VIRTUAL TABLE search USING fts5(body, content='texts', content_rowid='id', columnsize=0, "
            "tokenize='unicode61 remove_diacritics 2')"
        ),
    ),
    drop=("DROP TABLE IF EXISTS search",),
    begin="BEGIN IMMEDIATE",
    lock=None,
    index_texts="INSERT INTO search(rowid, body) VALUES (:id, :body)",
    unindex_texts="INSERT INTO search(search, rowid, body) VALUES ('delete', :id, :body)",
    newest="SELECT rowid FROM search WHERE search MATCH :q AND rowid < :below ORDER BY rowid DESC LIMIT :most",
    newer="SELECT DISTINCT sid FROM texts WHERE sid IN :sids AND id >= :below "
    "AND EXISTS (SELECT 1 FROM search WHERE search MATCH :q AND search.rowid = texts.id)",
    snippets=f"SELECT rowid, snippet(search, 0, char(1), char(2), '…', {_WORDS}) FROM search "
    "WHERE search MATCH :q AND rowid IN :ids",
    tidy=("INSERT INTO search(search) VALUES ('optimize')", "PRAGMA incremental_vacuum"),
)

POSTGRESQL = Dialect(
    name="postgresql",
    # As above: what is lost of the last moments is read again.
    writer=("SET synchronous_commit TO off", "SET application_name TO 'itemstream console projection'"),
    reader=(
        "SET application_name TO 'itemstream console'",
        # All of one question is of one moment, as it is in SQLite.
        "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        "SET jit TO off",
    ),
    create=(
        "ALTER TABLE texts ADD COLUMN terms tsvector GENERATED ALWAYS AS (to_tsvector('simple', body)) STORED",
        "CREATE INDEX texts_by_term ON texts USING gin (terms)",
    ),
    drop=(),
    begin=None,
    # A number of our own, below which no other program of the database locks.
    lock="SELECT pg_advisory_xact_lock(7523094288207667060)",
    index_texts=None,
    unindex_texts=None,
    newest="SELECT id FROM texts WHERE terms @@ CAST(:q AS tsquery) AND id < :below ORDER BY id DESC LIMIT :most",
    newer="SELECT DISTINCT sid FROM texts WHERE sid IN :sids AND id >= :below AND terms @@ CAST(:q AS tsquery)",
    snippets="SELECT id, ts_headline('simple', body, CAST(:q AS tsquery), "
    f"'StartSel={MATCH_START}, StopSel={MATCH_END}, MinWords=8, MaxWords={_WORDS}') FROM texts WHERE id IN :ids",
    tidy=(),
)

DIALECTS: Mapping[str, Dialect] = {one.name: one for one in (SQLITE, POSTGRESQL)}
