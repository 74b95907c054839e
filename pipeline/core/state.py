"""What is kept of a session between events.

Four kinds of entity, each a changelog record of its own, so that a batch writes what it touched and not a session's
history: the session's `Cursor`, its `Config`, its `Item`s and its `Reply`s (responses).

Values inside of an entity are never changed in place, always replaced: an entity's shallow copy is then enough to undo
an event that turns out unusable.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Literal, Self, TypeVar

import orjson

from pipeline.core.event import Event
from pipeline.core.values import shrunk

SEEN_EVENTS = 64
"""How many of the events applied to it an entity remembers, to know a repeated one."""

PreviousSource = Literal["added", "created", "committed", "done"]

_PREVIOUS_RANK: dict[str | None, int] = {None: 0, "done": 1, "committed": 2, "created": 3, "added": 3}


class Entity:
    """A part of the state with a changelog record.

    What names it comes first and has no default; what is kept of it follows in the order of its record, with defaults.
    A field that `__init__` does not take is an index entry: derived, and never kept.
    """

    __slots__ = ()

    kind: ClassVar[str]
    fields: ClassVar[tuple[str, ...]]
    copy: ClassVar[Callable[[Self], tuple[Any, ...]]]
    """The values of all fields; `restore` puts them back."""

    session: str
    """The session's name in changelog keys."""

    @property
    def key(self) -> bytes:
        """The key of its changelog record."""
        return shrunk(orjson.dumps([self.kind, self.session]))

    def restore(self, values: Iterable[Any]) -> None:
        """Set all fields from `values`, which come in the order of `fields`."""
        for name, value in zip(self.fields, values, strict=False):
            setattr(self, name, value)


E = TypeVar("E", bound=Entity)


def _entity(kind: type[E]) -> type[E]:
    kept = [one for one in fields(kind) if one.init and one.default is not MISSING]  # pyright: ignore[reportArgumentType]
    kind.fields = tuple(one.name for one in kept)
    kind.copy = _reader(kind.fields)
    return kind


def _reader(names: Iterable[str]) -> Callable[[Any], tuple[Any, ...]]:
    """What reads these attributes. Written out as code it takes half the time of an attrgetter."""
    return eval(f"lambda entity: ({''.join(f'entity.{name},' for name in names)})")


class Remembering(Entity):
    """An entity that knows the events applied to it, so that a repeated one is not applied again."""

    __slots__ = ()

    seen: tuple[int, ...]

    def apply_once(self, identity: int) -> bool:
        """Remember the event; False where it was already applied here."""
        if identity in self.seen:
            return False
        self.seen = (*self.seen[1 - SEEN_EVENTS :], identity)
        return True


@_entity
@dataclass(slots=True, eq=False)
class Cursor(Entity):
    """Where the session stands."""

    kind: ClassVar[str] = "s"

    session: str
    sequence: int = 0
    """`session_sequence` of the last record."""
    ordinal: int = 0
    """Number given to the last item or reply: their order."""
    seen_minute: int = 0
    """Stream time of the last event, in whole minutes."""
    parked: bool = False
    """Went idle: its items are forgotten."""
    speech_end_ms: int | None = None
    """When the user stopped speaking, until a response follows it."""


@_entity
@dataclass(slots=True, eq=False)
class Config(Remembering):
    """What is the session's and not an item's. Changes seldom."""

    kind: ClassVar[str] = "c"

    session: str
    conversation_id: str | None = None
    provider_session_id: str | None = None
    model: str | None = None
    provider: str | None = None
    tenant: str | None = None
    tools: tuple[str, ...] | None = None
    """Names of the declared functions; None while no session event told the tools."""
    transcription: bool | None = None
    """Whether input audio is transcribed; None while no session event told."""
    transcription_model: str | None = None
    named_by_responses: bool = False
    """A response named its conversation: one that names none is then out of band."""
    seen: tuple[int, ...] = ()


@_entity
@dataclass(slots=True, eq=False)
class Reply(Entity):
    """A response of the session, from its `response.created` on. Once done only its id matters."""

    kind: ClassVar[str] = "r"

    session: str
    id: str
    ordinal: int = 0
    done: bool = False
    created_at: str | None = None
    created_ms: int | None = None
    first_ms: int | None = None
    """When its first output (a delta) came."""
    speech_end_ms: int | None = None
    """When the speech that it answers ended."""
    conversation_id: str | None = None
    barged: bool = False
    """The user began to speak while it was under way."""

    def end(self) -> None:
        """It is done: only its id and place in the order matter from here on."""
        self.done, self.barged = True, False
        self.created_at = self.created_ms = self.first_ms = self.speech_end_ms = self.conversation_id = None

    @property
    def key(self) -> bytes:
        return shrunk(orjson.dumps([self.kind, self.session, self.id]))


@_entity
@dataclass(slots=True, eq=False)
class Item(Remembering):
    """A conversation item, or what events told about one that has not been seen itself yet."""

    kind: ClassVar[str] = "i"

    session: str
    id: str
    ordinal: int = 0
    revision: int = 0
    """Of the last record; 0 while the item is not out."""
    fingerprint: int | None = None
    """Of the last record's content."""
    document: bytes | None = None
    """The item as the provider sent it, JSON, less audio."""
    fill: dict[str, Any] | None = None
    """Fields that an earlier sending of the item had and `document` lacks."""
    opened: bool = False
    """The item itself has been seen, not only events about it."""
    final: bool = False
    """A finishing event brought `document`."""
    in_conversation: bool = False
    """A `conversation.item.*` event brought it; items of out-of-band responses never get one."""
    committed: bool = False
    """The audio buffer it holds was committed: the user is done speaking, whatever its status says."""
    deleted: bool = False
    previous_item_id: str | None = None
    previous_item_source: PreviousSource | None = None
    response_id: str | None = None
    output_index: int | None = None
    opened_at: str | None = None
    opened_ms: int | None = None
    done_at: str | None = None
    done_ms: int | None = None
    heard_ms: int | None = None
    speech: dict[str, int | None] | None = None
    barged: bool = False
    """It was left incomplete because the user began to speak."""
    told: dict[str, dict[str, Any]] | None = None
    """Parts told by part events, by content index."""
    arguments: str | None = None
    """Arguments told by an arguments event."""
    arguments_ms: int | None = None
    """When a call's arguments were complete."""
    transcripts: dict[str, dict[str, Any]] | None = None
    """Transcripts of its input audio, by content index."""
    join: dict[str, Any] | None = None
    """What was joined from the item it answers."""
    mcp_start_ms: int | None = None
    mcp_end_ms: int | None = None
    mcp_outcome: str | None = None
    source: Event | bytes | None = None
    """The last event about it, while the item is not out: idleness has no event of its own. The `source` field of its
    record, as JSON, once the batch is over: most items come out before it is written."""
    weight: int = 0
    """Bytes of the events applied to it."""
    seen: tuple[int, ...] = ()
    call_id: str | None = field(default=None, init=False)
    """Index entry: the `call_id` under which it stands in the session's `calls`."""
    waits_for: str | None = field(default=None, init=False)
    """Index entry: the id under which it stands in the session's `waiting`."""

    @property
    def key(self) -> bytes:
        return shrunk(orjson.dumps([self.kind, self.session, self.id]))

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
        "heard",
        "id",
        "items",
        "large",
        "name",
        "open",
        "origin",
        "raw",
        "replies",
        "running",
        "source_header",
        "waiting",
    )

    def __init__(self, raw: bytes, id: str | None, name: str) -> None:
        self.raw = raw
        """What the partition knows it by."""
        self.id = id
        """The session id; None for the stand-in that keeps an item of no session."""
        self.name = name
        """The session's name in changelog keys."""
        self.cursor = Cursor(name)
        self.config = Config(name)
        self.origin: tuple[bytes | None, bytes | None] | None = None
        """The headers that name provider and tenant, as they were last taken over into `config`."""
        self.source_header: tuple[str, bytes] | None = None
        """`ce_source` of its records, made from `config`."""
        self.heard = 0
        """When it was heard of last, in records of the partition; see `awake`."""
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
