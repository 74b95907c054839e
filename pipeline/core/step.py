"""One event on its way through its session: what it touches, what it brings out, and how to undo it."""

from __future__ import annotations

from typing import Any, TypeVar

from pipeline.core.codec import encode, encode_forgotten, item_key
from pipeline.core.event import Event
from pipeline.core.index import unindex
from pipeline.core.records import Change, Note, Output
from pipeline.core.reject import Rejection
from pipeline.core.route import Routes
from pipeline.core.settings import CoreSettings
from pipeline.core.state import Entity, Item, Reply, Session

MAX_ID = 512
"""Longest id taken, in characters: ids stand in every key of the state."""

WEIGHT_LIMIT = 8
"""An item may gather so many times `max_event_bytes` of events."""

LARGE_SHARE = 32
"""State is measured only where an event, or the events about one item, are larger than this part of its limit: an
entity holds less than so many times what came in, even where JSON grows when written anew (1e15)."""

_APPLIED = Item.fields.index("source")
"""From here on an item's fields tell of the events applied to it: `source`, `weight`, `seen`."""

Numbered = TypeVar("Numbered", Item, Reply)


class Step:
    """The work on one event. A partition has one and sets `session` and `event` anew for each.

    Every change of state goes through `touch` (or the methods here that add and drop), so that `undo` puts back what
    an event changed before it turned out unusable.
    """

    def __init__(self, settings: CoreSettings) -> None:
        self.settings = settings
        self.large = settings.max_state_bytes // LARGE_SHARE
        self.heaviest = WEIGHT_LIMIT * settings.max_event_bytes
        self.routes = Routes(settings.prefix)
        self.session: Session
        self.event: Event | None = None
        """None where time passing is what happens to the session."""
        self.told: Event
        """The event, for what only events do."""
        self.outputs: list[Output] = []
        self.dirty: dict[Entity, None] = {}
        """Entities whose changelog records must be written."""
        self.changes: dict[bytes, bytes | None] = {}
        """Changelog records of what left."""
        self._touched: dict[Entity, tuple[Any, ...]] = {}
        self._created: list[tuple[dict[Any, Any], Any]] = []
        self._first_output = 0
        self.notes: dict[int, Note] = {}
        """By the index of the output that each is about."""

    def begin(self, session: Session, event: Event | None) -> None:
        """Start on an event of a session; None where time passing is what happens to it."""
        self.session = session
        self.event = event
        if event is not None:
            self.told = event
        self._touched.clear()
        self._created.clear()
        self._first_output = len(self.outputs)

    def undo(self) -> bool:
        """Put the session back to where it was at `begin`. True where its derived indexes must be made anew."""
        del self.outputs[self._first_output :]
        for index in [index for index in self.notes if index >= self._first_output]:
            del self.notes[index]
        for entity, values in self._touched.items():
            entity.restore(values)
        for holder, name in self._created[::-1]:
            entity = holder.pop(name, None)
            if entity is not None:
                self.dirty.pop(entity, None)
        return bool(self._touched)

    def touch(self, entity: Entity) -> None:
        """Say that `entity` is about to change."""
        if entity not in self._touched:
            self._touched[entity] = entity.copy()
            self.dirty[entity] = None

    def item(self, item_id: object) -> Item | None:
        """The item with this id, touched and made where it is new.

        None where the event changes nothing: it was already applied to the item, or the item was forgotten.
        Raises `Rejection` where the id is none, or the item gathered too much.
        """
        session, event = self.session, self.told
        name = self.checked_id(item_id, "item_id")
        if name in session.forgotten:
            return None
        item = session.items.get(name)
        if item is None:
            item = self._made(session.items, name, Item)
        elif item not in self._touched:
            self._touched[item] = item.copy()
            self.dirty[item] = None
        if not item.apply_once(event.identity):
            return None
        item.weight += event.size
        if item.weight > self.large:
            session.large = True
        if item.weight > self.heaviest:
            raise Rejection("too_large", f"the events about item {name[:80]} sum up to {item.weight} bytes")
        if not item.revision:
            item.source = event
        return item

    def as_before(self, item: Item) -> bool:
        """Whether all that is kept of an item is as it was before the event, but for what tells that it was applied.

        What its records say follows from what is kept of it alone, so the last one still holds then.
        """
        before = self._touched.get(item)
        return before is not None and item.copy()[:_APPLIED] == before[:_APPLIED]

    def check_state(self) -> None:
        """Raise `Rejection` where something the event touched has become too large for the changelog."""
        self.session.large = True
        most = self.settings.max_state_bytes
        for entity in self._touched:
            size = len(entity.key) + len(encode(entity))
            if size > most:
                raise Rejection(
                    "too_large", f"the state kept with it would have {size} bytes; the changelog takes {most}"
                )

    def first_time(self) -> bool:
        """Remember the event with the session, where it names nothing to remember it with. False where it is known."""
        config = self.session.config
        self.touch(config)
        return self.event is None or config.apply_once(self.event.identity)

    def reply(self, response_id: object) -> Reply:
        """The response with this id, touched and made where it is new. Raises `Rejection` where the id is none."""
        name = self.checked_id(response_id, "response id")
        reply = self.session.replies.get(name)
        if reply is None:
            return self._made(self.session.replies, name, Reply)
        self.touch(reply)
        return reply

    def _made(self, holder: dict[str, Numbered], name: str, kind: type[Numbered]) -> Numbered:
        session = self.session
        entity = holder[name] = kind(session.name, name)
        self._created.append((holder, name))
        self._touched[entity] = ()  # nothing to put back: it goes as a whole
        self.dirty[entity] = None
        cursor = session.cursor
        if cursor not in self._touched:
            self.touch(cursor)
        cursor.ordinal += 1
        entity.ordinal = cursor.ordinal
        return entity

    def next_sequence(self) -> int:
        """The next `session_sequence`."""
        cursor = self.session.cursor
        if cursor not in self._touched:
            self.touch(cursor)
        cursor.sequence += 1
        return cursor.sequence

    def forget(self, item: Item) -> None:
        """Let an item go. What came out of it is remembered by its id, so that a repeat cannot bring it out again."""
        session = self.session
        del session.items[item.id]
        unindex(session, item)
        self.dirty.pop(item, None)
        if item.revision:
            session.forgotten[item.id] = [item.ordinal, item.revision]
            self.changes[item.key] = encode_forgotten(item.ordinal, item.revision)
            if len(session.forgotten) > self.settings.max_forgotten:
                oldest = next(iter(session.forgotten))
                del session.forgotten[oldest]
                self.changes[item_key(session.name, oldest)] = None
        else:
            self.changes[item.key] = None

    def drop(self, entity: Entity) -> None:
        """Take an entity out of the changelog."""
        self.dirty.pop(entity, None)
        self.changes[entity.key] = None

    def take_changes(self) -> list[Change]:
        """The changelog records since the last call."""
        changes = self.changes
        for entity in self.dirty:
            changes[entity.key] = encode(entity)
        self.dirty = {}
        self.changes = {}
        return list(changes.items())

    @staticmethod
    def checked_id(value: object, name: str) -> str:
        """`value` as an id. Raises `Rejection` where it is missing, no text, or too long to be one."""
        if isinstance(value, str) and 0 < len(value) <= MAX_ID:
            return value
        if value is None or value == "":
            raise Rejection("item_missing", f"the event has no `{name}`")
        if not isinstance(value, str):
            raise Rejection("item_invalid", f"the event's `{name}` is not a text")
        raise Rejection("item_invalid", f"the event's `{name}` has {len(value)} characters; the limit is {MAX_ID}")
