"""The latest revision of every item, found on disk: memory does not grow with the number of items."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Self

import orjson

from pipeline.core.values import object_or_none
from topics.fetched_records import FetchedRecord

FILE = ".latest.sqlite.tmp"


class Latest:
    """Seen every record once, it tells which ones are an item's latest.

    An item is its session and `item_id`; the highest `revision` is the latest one, and of repeats the last. A record
    that names no item stands for itself.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._path.unlink(missing_ok=True)
        self._database = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        # It is made anew by every run: nothing of it has to outlive a crash.
        for pragma in ("journal_mode = off", "synchronous = off", "cache_size = -65536"):
            self._database.execute(f"pragma {pragma}")
        self._database.execute(
            "create table latest (item blob primary key, revision int, partition int, offset int) without rowid"
        )

    def see(self, records: Iterable[FetchedRecord]) -> None:
        """Take these into account."""
        rows = [(_item(record), record) for record in records]
        self._database.execute("begin")
        self._database.executemany(
            "insert into latest values (?, ?, ?, ?) on conflict (item) do update set "
            "revision = excluded.revision, partition = excluded.partition, offset = excluded.offset "
            "where excluded.revision >= revision",
            [(item, revision, record.partition, record.offset) for (item, revision), record in rows],
        )
        self._database.execute("commit")

    def seen_all(self) -> None:
        """From now on `chosen` may be asked."""
        self._database.execute("create index places on latest (partition, offset)")

    def chosen(self, records: Sequence[FetchedRecord]) -> Sequence[FetchedRecord]:
        """Those of the records, which are of one partition and rise by offset, that are the latest of their items."""
        if not records:
            return records
        rows = self._database.execute(
            "select offset from latest where partition = ? and offset between ? and ?",
            (records[0].partition, records[0].offset, records[-1].offset),
        )
        offsets = {offset for (offset,) in rows}
        return [record for record in records if record.offset in offsets]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        self._path.unlink(missing_ok=True)


def _item(record: FetchedRecord) -> tuple[bytes, int]:
    """What stands for the item, and the revision."""
    try:
        value: dict[str, Any] = object_or_none(orjson.loads(record.value or b"null")) or {}
    except orjson.JSONDecodeError:
        value = {}
    item, revision = value.get("item_id"), value.get("revision")
    if not isinstance(item, str) or type(revision) is not int:
        return b"%d:%d" % (record.partition, record.offset), 0
    name = orjson.dumps([value.get("session_id"), item])
    return blake2b(name, digest_size=16).digest(), revision
