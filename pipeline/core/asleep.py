"""Sessions that were restored and have not been heard of since: kept as the changelog records they were read from.

Most of them are over and only wait to be forgotten, or are silent. As records they take half the memory, and a restore
decodes nothing but their cursors.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.core.codec import decode, decode_key, fill, is_current
from pipeline.core.index import reindex
from pipeline.core.state import Cursor, Entity, Item, Reply, Session

STAND_IN = b"\x00-"
ESCAPE = b"\x00+"
"""What a session is known by where its id could be taken for a stand-in: this and the id."""


class Asleep:
    """Takes changelog records, the last one of a key counts; gives sessions, each once.

    large: bytes of a record from which on the size of a session's state is watched.
    """

    def __init__(self, large: int) -> None:
        self._large = large
        self._sessions: dict[bytes, dict[bytes, bytes]] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def records(self) -> int:
        """Changelog records that are kept."""
        return sum(map(len, self._sessions.values()))

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Raises `StateUnreadable` where this release cannot read the record."""
        name = decode_key(key)[1]
        raw = name.encode()
        records = self._sessions.get(raw)
        if records is None:
            records = self._sessions[raw] = {}
        if value is None:
            records.pop(key, None)
            return
        if not is_current(value):
            _fill(new_session(raw), key, value)  # says so at once where it can't be read
        records[key] = value

    def restored(self) -> Iterator[tuple[bytes, Cursor]]:
        """What every session is known by, and where it stands. Those of which only deletions were read go."""
        for raw, records in list(self._sessions.items()):
            if not records:
                del self._sessions[raw]
                continue
            cursor = Cursor(raw.decode())
            if (value := records.get(cursor.key)) is not None:
                fill(cursor, decode(cursor.key, value))
            yield raw, cursor

    def wake(self, raw: bytes) -> Session | None:
        """The session as objects; None where it does not sleep here. Raises `StateUnreadable`."""
        records = self._sessions.pop(raw, None)
        if records is None:
            return None
        session = new_session(raw)
        for key, value in records.items():
            _fill(session, key, value)
        session.large = any(len(value) > self._large for value in records.values())
        reindex(session)
        return session

    def names(self) -> list[bytes]:
        """What the sessions are known by."""
        return list(self._sessions)


def new_session(raw: bytes) -> Session:
    """A session of which nothing is told yet. raw: what the partition knows it by, in UTF-8."""
    name = raw.decode()
    return Session(raw, None if raw.startswith(STAND_IN) else name.removeprefix(ESCAPE.decode()), name)


def _fill(session: Session, key: bytes, value: bytes) -> None:
    kind, _, *rest = decode_key(key)
    fields = decode(key, value)
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
