"""What is there beside what came out again, one input partition at a time, in a file that grows instead of memory."""

from __future__ import annotations

import marshal
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from pipeline.core import InputRecord, Output
from pipeline.replay.content import Fields, Headers, Row, Topics, differences

Verdict = Literal["added", "changed", "gone", "same"]

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -16000;
CREATE TABLE again (chain TEXT PRIMARY KEY, n INTEGER, kind TEXT, session TEXT, revision INTEGER, digest BLOB,
                    record BLOB) WITHOUT ROWID;
CREATE TABLE there (chain TEXT PRIMARY KEY, kind TEXT, session TEXT, revision INTEGER, digest BLOB, record BLOB)
                    WITHOUT ROWID;
CREATE TABLE sequences (session TEXT PRIMARY KEY, sequence INTEGER) WITHOUT ROWID;
"""
# On both sides the highest revision counts, of equal ones the last: a session of which events came long after the
# worker had forgotten it is numbered from 1 again.
_AGAIN = """INSERT INTO again VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chain) DO UPDATE SET n = excluded.n,
            revision = excluded.revision, digest = excluded.digest, record = excluded.record
            WHERE excluded.revision >= revision"""
_THERE = """INSERT INTO there VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (chain) DO UPDATE SET revision = excluded.revision,
            digest = excluded.digest, record = excluded.record WHERE excluded.revision >= revision"""
_SEQUENCES = """INSERT INTO sequences VALUES (?, ?) ON CONFLICT (session) DO UPDATE SET
                sequence = max(sequence, excluded.sequence)"""
_SAME = (
    "SELECT kind, count(*) FROM again JOIN there USING (chain, kind) WHERE again.digest = there.digest GROUP BY kind"
)
_DIFFERENT = """SELECT chain, again.kind, again.session, again.revision, there.revision, again.record, there.record
                FROM again LEFT JOIN there USING (chain)
                WHERE there.digest IS NULL OR there.digest <> again.digest ORDER BY n"""
_GONE = """SELECT chain, kind, session, revision, record FROM there
           WHERE NOT EXISTS (SELECT 1 FROM again WHERE again.chain = there.chain)"""


@dataclass(frozen=True, slots=True)
class Stored:
    """A record, whole."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int

    def packed(self) -> bytes:
        """All of it as bytes."""
        return marshal.dumps((self.topic, self.key, self.value, self.headers, self.timestamp))

    @classmethod
    def unpacked(cls, data: bytes) -> Self:
        """What `packed` made."""
        return cls(*marshal.loads(data))


@dataclass(frozen=True, slots=True)
class Difference:
    """An item, response or rejected record that is not the same in both."""

    verdict: Verdict
    chain: str
    kind: str
    session: str | None
    revision: int
    """Of the last record that is there; 0 where there is none."""
    before: Stored | None
    after: Stored | None

    def fields(self, topics: Topics) -> list[tuple[str, Any, Any]]:
        """Which fields differ: path, value before, value after. For one that changed."""
        if self.before is None or self.after is None:
            return []
        return list(differences(_content(topics, self.before), _content(topics, self.after)))


class Comparison:
    """Both sides of one partition; of each item the latest revision counts. Close it: its file goes."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._folder = tempfile.TemporaryDirectory(prefix="itemstream-replay-")
        self._db = sqlite3.connect(Path(self._folder.name) / "records.sqlite", isolation_level=None)
        self._db.executescript(_SCHEMA)
        self._db.execute("BEGIN")
        self._number = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()
        self._folder.cleanup()

    def came_out(self, outputs: Iterable[Output]) -> None:
        """Take what the core brought out again, in order."""
        rows: list[tuple[Any, ...]] = []
        for output in outputs:
            row = self._topics.row(output.topic, output.value, output.headers)
            self._number += 1
            record = Stored(output.topic, output.key, output.value, output.headers, output.timestamp).packed()
            rows.append((row.chain, self._number, row.kind, row.session, row.revision, row.digest, record))
        self._db.executemany(_AGAIN, rows)

    def is_there(self, records: Iterable[InputRecord]) -> None:
        """Take what an output topic holds, in the order of its offsets."""
        rows: list[tuple[Any, ...]] = []
        sequences: list[tuple[str, int]] = []
        for record in records:
            headers: Headers = list(record.headers)
            row: Row = self._topics.row(record.topic, record.value, headers)
            stored = Stored(record.topic, record.key, record.value, headers, record.timestamp).packed()
            rows.append((row.chain, row.kind, row.session, row.revision, row.digest, stored))
            if row.session is not None:
                sequences.append((row.session, row.sequence))
        self._db.executemany(_THERE, rows)
        self._db.executemany(_SEQUENCES, sequences)

    def same(self) -> dict[str, int]:
        """How many are the same, by kind."""
        return dict(self._db.execute(_SAME).fetchall())

    def different(self) -> Iterator[Difference]:
        """All that are not: added and changed in the order in which they came out, then those that are gone."""
        for chain, kind, session, _, revision, after, before in self._db.execute(_DIFFERENT):
            old = None if before is None else Stored.unpacked(before)
            verdict: Verdict = "added" if old is None else "changed"
            yield Difference(verdict, chain, kind, session, revision or 0, old, Stored.unpacked(after))
        for chain, kind, session, revision, before in self._db.execute(_GONE):
            yield Difference("gone", chain, kind, session, revision, Stored.unpacked(before), None)

    def last_sequence(self, session: str) -> int:
        """The `session_sequence` of the last record that is there."""
        found = self._db.execute("SELECT sequence FROM sequences WHERE session = ?", (session,)).fetchone()
        return 0 if found is None else found[0]


def _content(topics: Topics, stored: Stored) -> Fields:
    return topics.content(stored.topic, stored.value, stored.headers)
