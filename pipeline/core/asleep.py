"""Sessions that were not heard of for a while: kept as their changelog records, compressed.

Most of them are over and only wait to be forgotten, or are silent. As records they take a fifth of the memory, and a
restore decodes nothing but their cursors.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Any

import cramjam
import orjson

from pipeline.core.codec import (
    StateUnreadable,
    decode,
    decode_key,
    encode,
    encode_forgotten,
    fields_of,
    fill,
    is_current,
    item_key,
)
from pipeline.core.index import reindex
from pipeline.core.state import Cursor, Entity, Item, Reply, Session

STAND_IN = b"\x00-"
ESCAPE = b"\x00+"
"""What a session is known by where its id could be taken for a stand-in: this and the id."""


class Asleep:
    """Takes changelog records, the last one of a key counts, or sessions; gives sessions, each once.

    large: bytes of a record from which on the size of a session's state is watched.
    """

    def __init__(self, large: int) -> None:
        self._large = large
        self._read: dict[bytes, dict[bytes, bytes]] = {}
        """While the changelog is read."""
        self._packed: dict[bytes, bytes] = {}
        """A JSON array of keys and values in turn, compressed."""
        self._records = 0

    def __len__(self) -> int:
        return len(self._packed)

    def records(self) -> int:
        """How many changelog records the sessions are kept as."""
        return self._records

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Raises `StateUnreadable` where this release cannot read the record."""
        name = decode_key(key)[1]
        raw = name.encode()
        records = self._read.get(raw)
        if records is None:
            records = self._read[raw] = {}
        if value is None:
            records.pop(key, None)
            return
        if not is_current(value):
            _fill(new_session(raw), decode_key(key), decode(key, value))  # says so at once where it can't be read
        records[key] = value

    def restored(self) -> Iterator[tuple[bytes, Cursor]]:
        """What every session is known by, and where it stands. Those of which only deletions were read go."""
        while self._read:
            raw, records = self._read.popitem()
            if not records:
                continue
            cursor = Cursor(raw.decode())
            if (value := records.get(cursor.key)) is not None:
                fill(cursor, decode(cursor.key, value))
            self._keep(raw, records.items())
            yield raw, cursor

    def put(self, session: Session) -> None:
        """Let a session sleep. Nothing of it may be waiting to be written to the changelog."""
        entities: Iterable[Entity] = (
            session.cursor, session.config, *session.items.values(), *session.replies.values()
        )  # fmt: skip
        records = [(entity.key, encode(entity)) for entity in entities]
        records += [(item_key(session.name, name), encode_forgotten(*left)) for name, left in session.forgotten.items()]
        self._keep(session.raw, records)

    def wake(self, raw: bytes) -> Session | None:
        """The session as objects; None where it does not sleep here. Raises `StateUnreadable`."""
        packed = self._packed.pop(raw, None)
        if packed is None:
            return None
        session = new_session(raw)
        plain = bytes(cramjam.snappy.decompress_raw(packed))
        try:
            records: list[list[Any]] = orjson.loads(plain)
        except orjson.JSONDecodeError as error:
            raise StateUnreadable(f"the changelog has a record of session {raw!r:.90} that is not JSON") from error
        self._records -= len(records) // 2
        parts = iter(records)
        for names, values in zip(parts, parts, strict=True):
            _fill(session, names, fields_of(names, values))
        session.large = len(plain) > self._large
        reindex(session)
        return session

    def names(self) -> list[bytes]:
        """What the sessions are known by."""
        return list(self._packed)

    def _keep(self, raw: bytes, records: Collection[tuple[bytes, bytes]]) -> None:
        plain = b"[%b]" % b",".join(chain.from_iterable(records))
        self._packed[raw] = bytes(cramjam.snappy.compress_raw(plain))
        self._records += len(records)


def new_session(raw: bytes) -> Session:
    """A session of which nothing is told yet. raw: what the partition knows it by, in UTF-8."""
    name = raw.decode()
    return Session(raw, None if raw.startswith(STAND_IN) else name.removeprefix(ESCAPE.decode()), name)


def _fill(session: Session, names: list[str], fields: list[Any]) -> None:
    kind, _, *rest = names
    entity: Entity
    if kind == "s":
        entity = session.cursor
    elif kind == "c":
        entity = session.config
    elif kind == "r":
        entity = session.replies[rest[0]] = Reply(session.name, rest[0])
    elif len(fields) == 2:  # an item that left: ordinal and revision
        session.forgotten[rest[0]] = fields
        return
    else:
        entity = session.items[rest[0]] = Item(session.name, rest[0])
    fill(entity, fields)
