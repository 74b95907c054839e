"""What is kept of a session between events.

Four kinds of entity, each a changelog record of its own, so that a batch writes what it touched and not a session's
history: the session's `Cursor`, its `Config`, its `Item`s and its `Reply`s (responses).

Values inside of an entity are never changed in place, always replaced: an entity's shallow copy is then enough to undo
an event that turns out unusable.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from operator import attrgetter
from typing import Any, ClassVar, Literal

import orjson

SEEN_EVENTS = 64
"""How many of the events applied to it an entity remembers, to know a repeated one."""

PreviousSource = Literal["added", "created", "committed", "done"]

_PREVIOUS_RANK: dict[str | None, int] = {None: 0, "done": 1, "committed": 2, "created": 3, "added": 3}


class Entity:
    """A part of the state with a changelog record: `fields` names what is kept, `key` is the record's key."""

    __slots__ = ("key",)

    kind: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    defaults: ClassVar[tuple[Any, ...]]
    copy_fields: ClassVar[attrgetter[Any]]

    def __init__(self, *names: str) -> None:
        self.key = orjson.dumps([self.kind, *names])
        self.restore(self.defaults)

    def copy(self) -> tuple[Any, ...]:
        """The values of all fields; `restore` puts them back."""
        return type(self).copy_fields(self)

    def restore(self, values: Iterable[Any]) -> None:
        """Set all fields from `values`, which come in the order of `fields`."""
        for name, value in zip(self.fields, values, strict=False):
            setattr(self, name, value)


class Remembering(Entity):
    """An entity that knows the events applied to it, so that a repeated one is not applied again."""

    __slots__ = ("seen",)

    seen: tuple[int, ...]

    def apply_once(self, identity: int) -> bool:
        """Remember the event; False where it was already applied here."""
        if identity in self.seen:
            return False
        self.seen = (*self.seen[1 - SEEN_EVENTS :], identity)
        return True


class Cursor(Entity):
    """Where the session stands."""

    kind = "s"
    fields = ("sequence", "ordinal", "seen_minute", "parked", "speech_end_ms")
    defaults = (0, 0, 0, False, None)
    copy_fields = attrgetter(*fields)
    __slots__ = fields

    sequence: int
    """`session_sequence` of the last record."""
    ordinal: int
    """Number given to the last item or reply: their order."""
    seen_minute: int
    """Stream time of the last event, in whole minutes."""
    parked: bool
    """Went idle: its items are forgotten."""
    speech_end_ms: int | None
    """When the user stopped speaking, until a response follows it."""


class Config(Remembering):
    """What is the session's and not an item's. Changes seldom."""

    kind = "c"
    fields = (
        "conversation_id",
        "provider_session_id",
        "model",
        "provider",
        "tenant",
        "tools",
        "transcription",
        "transcription_model",
        "named_by_responses",
        "seen",
    )
    defaults = (None, None, None, None, None, None, None, None, False, ())
    copy_fields = attrgetter(*fields)
    __slots__ = fields[:-1]

    conversation_id: str | None
    provider_session_id: str | None
    model: str | None
    provider: str | None
    tenant: str | None
    tools: tuple[str, ...] | None
    """Names of the declared functions; None while no session event told the tools."""
    transcription: bool | None
    """Whether input audio is transcribed; None while no session event told."""
    transcription_model: str | None
    named_by_responses: bool
    """A response named its conversation: one that names none is then out of band."""


class Reply(Entity):
    """A response of the session, from its `response.created` on. Once done only its id matters."""

    kind = "r"
    fields = ("ordinal", "done", "created_at", "created_ms", "first_ms", "speech_end_ms", "conversation_id", "barged")
    defaults = (0, False, None, None, None, None, None, False)
    copy_fields = attrgetter(*fields)
    __slots__ = ("id", *fields)

    ordinal: int
    done: bool
    created_at: str | None
    created_ms: int | None
    first_ms: int | None
    """When its first output (a delta) came."""
    speech_end_ms: int | None
    """When the speech that it answers ended."""
    conversation_id: str | None
    barged: bool
    """The user began to speak while it was under way."""

    def __init__(self, session_id: str, id: str) -> None:
        super().__init__(session_id, id)
        self.id = id


class Item(Remembering):
    """A conversation item, or what events told about one that has not been seen itself yet."""

    kind = "i"
    fields = (
        "ordinal",
        "revision",
        "fingerprint",
        "document",
        "fill",
        "opened",
        "final",
        "in_conversation",
        "committed",
        "deleted",
        "previous_item_id",
        "previous_item_source",
        "response_id",
        "output_index",
        "opened_at",
        "opened_ms",
        "done_at",
        "done_ms",
        "heard_ms",
        "speech",
        "barged",
        "told",
        "arguments",
        "arguments_ms",
        "transcripts",
        "join",
        "mcp_start_ms",
        "mcp_end_ms",
        "mcp_outcome",
        "source",
        "weight",
        "seen",
    )
    # fmt: off
    defaults = (
        0, 0, None, None, None, False, False, False, False, False, None, None, None, None, None, None, None, None, None,
        None, False, None, None, None, None, None, None, None, None, None, 0, (),
    )
    # fmt: on
    copy_fields = attrgetter(*fields)
    __slots__ = ("call_id", "id", "waits_for", *fields[:-1])

    call_id: str | None
    """Index entry: the `call_id` under which it stands in the session's `calls`."""
    waits_for: str | None
    """Index entry: the id under which it stands in the session's `waiting`."""
    ordinal: int
    revision: int
    """Of the last record; 0 while the item is not out."""
    fingerprint: int | None
    """Of the last record's content."""
    document: bytes | None
    """The item as the provider sent it, JSON, less audio."""
    fill: dict[str, Any] | None
    """Fields that an earlier sending of the item had and `document` lacks."""
    opened: bool
    """The item itself has been seen, not only events about it."""
    final: bool
    """A finishing event brought `document`."""
    in_conversation: bool
    """A `conversation.item.*` event brought it; items of out-of-band responses never get one."""
    committed: bool
    """The audio buffer it holds was committed: the user is done speaking, whatever its status says."""
    deleted: bool
    previous_item_id: str | None
    previous_item_source: PreviousSource | None
    response_id: str | None
    output_index: int | None
    opened_at: str | None
    opened_ms: int | None
    done_at: str | None
    done_ms: int | None
    heard_ms: int | None
    speech: dict[str, int | None] | None
    barged: bool
    """It was left incomplete because the user began to speak."""
    told: dict[str, dict[str, Any]] | None
    """Parts told by part events, by content index."""
    arguments: str | None
    """Arguments told by an arguments event."""
    arguments_ms: int | None
    """When a call's arguments were complete."""
    transcripts: dict[str, dict[str, Any]] | None
    """Transcripts of its input audio, by content index."""
    join: dict[str, Any] | None
    """What was joined from the item it answers."""
    mcp_start_ms: int | None
    mcp_end_ms: int | None
    mcp_outcome: str | None
    source: bytes | None
    """Of the last event about it, while the item is not out: idleness has no event of its own."""
    weight: int
    """Bytes of the events applied to it."""

    def __init__(self, session_id: str, id: str) -> None:
        super().__init__(session_id, id)
        self.id = id
        self.call_id = None
        self.waits_for = None

    def tell_previous(self, item_id: str | None, source: PreviousSource) -> None:
        """Take the predecessor where it is better than what is known.

        A predecessor beats none; then `added`/`created` beat `committed`, which beats `done`. Null in `done` means
        nothing: recorded traffic has it for items that do have a predecessor.
        """
        if item_id is None and source == "done":
            return
        known = (self.previous_item_id is not None, _PREVIOUS_RANK[self.previous_item_source])
        if (item_id is not None, _PREVIOUS_RANK[source]) > known:
            self.previous_item_id, self.previous_item_source = item_id, source


class Session:
    """A session's state, with the indexes that are derived from it."""

    __slots__ = (
        "awaiting",
        "calls",
        "config",
        "cursor",
        "forgotten",
        "id",
        "items",
        "large",
        "open",
        "raw",
        "replies",
        "running",
        "waiting",
    )

    def __init__(self, raw: bytes, id: str | None, name: str) -> None:
        self.raw = raw
        """What the partition knows it by."""
        self.id = id
        """The session id; None for the stand-in that keeps an item of no session."""
        self.cursor = Cursor(name)
        self.config = Config(name)
        self.large = False
        """Something in it is so large that the size of its state is watched."""
        self.items: dict[str, Item] = {}
        # Ordered, since the oldest of many leaves at its bound: a plain dict would walk over all that left before it.
        self.replies: OrderedDict[str, Reply] = OrderedDict()
        self.forgotten: OrderedDict[str, list[int]] = OrderedDict()
        """Items that left: id -> [ordinal, revision]."""
        self.open: dict[Item, None] = {}
        """Opened items that are not out yet."""
        self.calls: dict[str, Item] = {}
        """Function calls by `call_id`."""
        self.waiting: dict[str, list[Item]] = {}
        """Items whose join is missing, by what they wait for: a `call_id` or an approval request's item id."""
        self.running: dict[str, Reply] = {}
        """Responses under way."""
        self.awaiting: dict[str, Reply] = {}
        """Responses under way that have had no output yet."""

    @property
    def name(self) -> str:
        """The session's name in changelog keys."""
        return self.raw.decode()

    def known(self) -> bool:
        """Whether anything was ever told of the session."""
        untold = self.cursor.copy() == Cursor.defaults and self.config.copy() == Config.defaults
        return not untold or bool(self.items or self.replies or self.forgotten)
