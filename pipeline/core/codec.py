"""The session state as changelog records, and back, to the byte.

Key: a JSON array of the kind and the names (session, then item or response). Value: a JSON array of the state's version
and the entity's fields in order; a forgotten item has its ordinal and revision only. Any change to the fields of an
entity, or to what they mean, takes a new `VERSION` and an entry in `UPGRADES`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import orjson

from pipeline.core.event import Event
from pipeline.core.state import Config, Cursor, Entity, Item, Reply
from pipeline.core.values import kept_json, shrunk

VERSION = 1
_BEGINNING = b"[%d," % VERSION

Upgrade = Callable[[str, list[Any]], list[Any]]
"""From a kind and its fields in one version to the fields in the next; an item that left has two, see above."""

UPGRADES: Mapping[int, Upgrade] = {}
"""Version -> what makes of its records those of the next. A release reads all versions up to its own, so that workers
of two releases can be one group while the newer one is rolled out. An entry is never changed or taken out."""

_NAMES: dict[Any, int] = {Cursor.kind: 1, Config.kind: 1, Item.kind: 2, Reply.kind: 2}
"""Kind -> how many names follow it in a key."""


class StateUnreadable(Exception):
    """A changelog record is of a version, or of a form, that this release does not know."""


def encode(entity: Entity) -> bytes:
    """The value of an entity's changelog record. An item's `source` is written here, once for all events of a batch.

    What is put together here holds on to no more memory than it needs, as what orjson gives would.
    """
    if not isinstance(entity, Item):
        return _BEGINNING + orjson.dumps(entity.copy())[1:]
    if isinstance(entity.source, Event):
        entity.source = shrunk(entity.source.source)
    values = list(entity.copy())
    if entity.document is not None:
        values[_DOCUMENT] = orjson.Fragment(entity.document)
    if entity.source is not None:
        values[_SOURCE] = orjson.Fragment(entity.source)
    return _BEGINNING + orjson.dumps(values)[1:]


def encode_forgotten(ordinal: int, revision: int) -> bytes:
    """The value for an item that left."""
    return shrunk(orjson.dumps([VERSION, ordinal, revision]))


def item_key(session: str, item_id: str) -> bytes:
    """The key of an item's changelog record."""
    return shrunk(orjson.dumps([Item.kind, session, item_id]))


def decode_key(key: bytes) -> list[str]:
    """Kind and names. Raises `StateUnreadable`."""
    try:
        names: object = orjson.loads(key)
    except orjson.JSONDecodeError:
        names = None
    told = cast(list[Any], names) if isinstance(names, list) else []
    kind, *rest = told or [None]
    if len(rest) != _NAMES.get(kind) or not all(isinstance(name, str) for name in rest):
        raise StateUnreadable(f"the changelog has a record with an unknown key: {key[:80]!r}")
    return told


def is_current(value: bytes) -> bool:
    """Whether a changelog value is of this release's version, by its first bytes."""
    return value.startswith(_BEGINNING)


def decode(key: bytes, value: bytes) -> list[Any]:
    """The fields of a changelog value, brought up to this version. Raises `StateUnreadable`."""
    try:
        read: object = orjson.loads(value)
    except orjson.JSONDecodeError:
        read = None
    return fields_of(key, read)


def fields_of(key: bytes | list[str], read: object) -> list[Any]:
    """The fields of a value that was read from JSON; key: as it stands, or read as well. Raises `StateUnreadable`."""
    version, *fields = cast(list[Any], read) if isinstance(read, list) and read else [None]
    if type(version) is not int or version < 1:
        raise StateUnreadable(f"the changelog record {key!r:.90} has state version {version!r}, which no release wrote")
    if version > VERSION:
        raise StateUnreadable(
            f"the changelog record {key!r:.90} is of state version {version}, written by a newer release; this one "
            f"reads up to {VERSION}"
        )
    for old in range(version, VERSION):
        fields = UPGRADES[old](key[0] if isinstance(key, list) else decode_key(key)[0], fields)
    return fields


def fill(entity: Entity, values: list[Any]) -> None:
    """Set the fields of a new entity from decoded values."""
    if len(values) != len(entity.fields):
        raise StateUnreadable(
            f"the changelog record {entity.key[:80]!r} has {len(values)} fields, not {len(entity.fields)}"
        )
    for index in (_DOCUMENT, _SOURCE) if isinstance(entity, Item) else ():
        if values[index] is not None:
            values[index] = kept_json(values[index])
    for index in _TUPLES[entity.kind]:
        if values[index] is not None:
            values[index] = tuple(values[index])
    entity.restore(values)


_DOCUMENT, _SOURCE = Item.fields.index("document"), Item.fields.index("source")
"""Fields that are JSON already."""

_TUPLES: dict[str, tuple[int, ...]] = {
    kind.kind: tuple(kind.fields.index(name) for name in ("seen", "tools") if name in kind.fields)
    for kind in (Cursor, Config, Item, Reply)
}
"""Kind -> its fields that are arrays in JSON and never change in place here."""
