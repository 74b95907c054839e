"""The core's front door: one input partition, its sessions, and what each batch of its records brings out."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.core.asleep import ESCAPE, STAND_IN, Asleep, new_session
from pipeline.core.awake import Awake, Room
from pipeline.core.clock import MINUTE_MS, NO_MINUTE, Expiry
from pipeline.core.codec import item_key
from pipeline.core.event import Event, header_text, leading_type, parse
from pipeline.core.handlers import FIRST_OUTPUTS, HANDLERS, WITHOUT_SESSION, Handler
from pipeline.core.handlers.responses import first_output, items_alone
from pipeline.core.index import reindex
from pipeline.core.leave import leave
from pipeline.core.records import BatchResult, Counts, InputRecord, StateSize
from pipeline.core.reject import Rejection, rejected
from pipeline.core.settings import CoreSettings
from pipeline.core.state import Entity, Session
from pipeline.core.step import MAX_ID, Step
from pipeline.core.values import digest, object_or_none

_TAKEN, _MAY_BE_FIRST, _PASSED_BY = 2, 1, 0
_FATES: dict[bytes, int] = {
    **{name.encode(): _TAKEN for name in HANDLERS},
    **{name.encode(): _MAY_BE_FIRST for name in FIRST_OUTPUTS},
}
"""Event type -> whether it has a handler, may be its response's first output, or, not in here, is passed by."""


class Partition:
    """The sessions of one input partition.

    `process` and `idle` change it, and hand back what must be committed together. Where that commit fails the object
    is ahead of the truth: drop it, and make a new one from the changelog with `restore` and `restored`.
    """

    def __init__(self, settings: CoreSettings, room: Room | None = None) -> None:
        """room: shared by all partitions of a process."""
        self._awake = Awake(room or Room(settings.max_awake), settings.restless_records)
        self.sessions = self._awake.sessions
        """Those that were heard of lately."""
        self._settings = settings
        self._step = Step(settings)
        self._asleep = Asleep(self._step.large)
        self._active = Expiry(settings.session_idle_ms)
        self._parked = Expiry(settings.session_retention_ms)
        self._minute = 0
        self._latest_minute = NO_MINUTE
        self._last_wall_ms: int | None = None
        self._version = settings.version.encode()
        self._counts = Counts()

    def process(self, records: Iterable[InputRecord], now_ms: int | None = None) -> BatchResult:
        """Take records in the order of their offsets.

        `now_ms`, wall clock, keeps a record from the future from making every session idle. Never raises for what is
        in the records: what cannot be used is among the outputs, on the rejected topic.
        """
        self._last_wall_ms = now_ms
        self._latest_minute = NO_MINUTE if now_ms is None else now_ms // MINUTE_MS + 1
        take = self._take
        used = ignored = 0
        for record in records:
            try:
                if take(record):
                    used += 1
                else:
                    ignored += 1
            except Rejection as rejection:
                self._reject(record, rejection)
        counts = self._counts
        counts.used, counts.ignored = used, ignored
        counts.consumed = used + ignored + sum(counts.rejected.values())
        self._awake.heard += counts.consumed
        return self._result()

    def idle(self, wall_ms: int) -> BatchResult:
        """Let time pass in a partition without records: sessions go idle as if stream time went on with the wall's."""
        if self._last_wall_ms is None:
            self._last_wall_ms = wall_ms
        elapsed = max(wall_ms - self._last_wall_ms, 0) // MINUTE_MS
        self._expire(self._minute + elapsed)
        return self._result(quiet=True)

    def end(self) -> BatchResult:
        """The input is over: every session counts as idle, so that all that is open comes out."""
        for session in list(self.wake_all().values()):
            self._go_idle(session)
        return self._result()

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take a changelog record. Raises `StateUnreadable` where this release cannot read it."""
        self._asleep.restore(key, value)

    def restored(self) -> None:
        """The changelog is at its end: make ready for records."""
        for raw, cursor in self._asleep.restored():
            (self._parked if cursor.parked else self._active).note(raw, cursor.seen_minute)
            self._minute = max(self._minute, cursor.seen_minute)

    def size(self) -> StateSize:
        """What is kept; walks over the sessions."""
        sessions = self.sessions.values()
        return StateSize(
            len(self._active), len(self._parked),
            sum(len(one.items) + len(one.forgotten) for one in sessions), sum(len(one.replies) for one in sessions),
            self._asleep.records(),
        )  # fmt: skip

    def wake_all(self) -> dict[bytes, Session]:
        """All sessions, by what they are known by."""
        for raw in self._asleep.names():
            self._wake(raw)
        return self.sessions

    # One record.

    def _take(self, record: InputRecord) -> bool:
        """Whether the record was used; if not it is one that changes nothing. Raises `Rejection`."""
        value = record.value
        if not value:
            raise Rejection("empty", "the record has no value")
        headers: dict[str, bytes | None] = dict(record.headers)
        name = headers.get("ce_type")
        fate = _FATES.get(name) if name else None
        if fate is None:  # the type is not told, or not one of ours: what the event says of itself decides
            name = leading_type(value)
            fate = _FATES.get(name, _PASSED_BY) if name is not None else _TAKEN
        raw = headers.get("ce_sessionid") or record.key
        session = self.sessions.get(raw) if raw else None
        if raw and (session is None or raw[0] == 0):
            raw = _readable(raw)
            session = self.sessions.get(raw) or self._wake(raw)
        in_time = False
        if session is not None:
            cursor = session.cursor
            in_time = record.timestamp // MINUTE_MS <= self._minute == cursor.seen_minute and not cursor.parked
            if fate != _TAKEN:
                if in_time and not (fate and session.awaiting):
                    return False  # most records end here
                return self._pass_by(session, record, headers, fate == _MAY_BE_FIRST)
        elif fate != _TAKEN:
            return False
        event = parse(record, headers, self._settings.max_event_bytes)
        handler = HANDLERS.get(event.type)
        if handler is None:
            return session is not None and self._pass_by(session, record, headers, event.type in FIRST_OUTPUTS)
        if session is not None and in_time:
            self._apply(session, event, handler)
        elif raw:
            self._apply(self._session(raw, record), event, handler)
        elif event.type in WITHOUT_SESSION:
            self._apply_alone(event, handler)
        else:
            return False
        self._counts.types[event.type] += 1
        return True

    def _pass_by(
        self, session: Session, record: InputRecord, headers: dict[str, bytes | None], may_be_first: bool
    ) -> bool:
        """An event that changes nothing, but for the time of its session, and a response's first output."""
        minute = record.timestamp // MINUTE_MS
        if minute > self._minute:
            self._advance(minute)
            if session.raw not in self.sessions:
                return False  # gone with the time that passed
        cursor = session.cursor
        if cursor.seen_minute != self._minute or cursor.parked:
            self._see(session)
        if may_be_first and session.awaiting:
            try:
                event = parse(record, headers, self._settings.max_event_bytes)
            except Rejection:
                return False
            self._apply(session, event, first_output)
            self._counts.types[event.type] += 1
            return True
        return False

    def _apply_alone(self, event: Event, handler: Handler) -> None:
        """An event of no session: all it tells of is kept under its own id, so that no repeat comes out again."""
        response = event.type == "response.done"
        told = object_or_none(event.body.get("response" if response else "item")) or {}
        self._apply(self._session(_stand_in(event, told.get("id")), event.record), event, handler)
        for item_id, bring_out in items_alone(event.body) if response else ():
            session = self._session(_stand_in(event, item_id), event.record)
            try:
                self._apply(session, event, bring_out)
            except Rejection as rejection:
                if rejection.reason == "internal_error":
                    raise
                # What is too large for a record of its own is in the response's all the same.

    def _apply(self, session: Session, event: Event, handler: Handler) -> None:
        step = self._step
        step.begin(session, event)
        try:
            headers = event.headers
            told = headers.get("ce_provider"), headers.get("ce_tenant")
            if told != session.origin:
                self._note_origin(session, told)
            handler(step, event.body)
            if session.large or event.size > step.large:
                step.check_state()
        except Exception as error:
            session.origin = session.source_header = None
            if step.undo():
                reindex(session)
            if isinstance(error, Rejection):
                raise
            if isinstance(error, TypeError) and "ecursion" in str(error):  # orjson writes fewer levels than it reads
                raise Rejection("item_invalid", "the event nests too deep to be written") from error
            raise Rejection("internal_error", f"{type(error).__name__}: {error} (a bug of itemstream's)") from error
        if len(session.items) > self._settings.max_items or len(session.replies) > self._settings.max_forgotten:
            self._evict(session)

    def _note_origin(self, session: Session, told: tuple[bytes | None, bytes | None]) -> None:
        config = session.config
        session.origin, session.source_header = told, None
        provider, tenant = map(header_text, told)
        if (provider and provider != config.provider) or (tenant and tenant != config.tenant):
            self._step.touch(config)
            session.large |= len(provider or "") + len(tenant or "") > self._step.large
            config.provider = provider or config.provider
            config.tenant = tenant or config.tenant

    def _reject(self, record: InputRecord, rejection: Rejection) -> None:
        reasons = self._counts.rejected
        reasons[rejection.reason] = reasons.get(rejection.reason, 0) + 1
        self._step.outputs.append(
            rejected(
                self._step.routes.rejected_topic, record, rejection, self._version, self._settings.max_rejected_bytes
            )
        )

    # Sessions and time.

    def _session(self, raw: bytes, record: InputRecord) -> Session:
        """The session of an event that is used, made where it is new."""
        minute = record.timestamp // MINUTE_MS
        if minute > self._minute:
            self._advance(minute)
        session = self.sessions.get(raw) or self._wake(raw)
        if session is None:
            session = self._new_session(raw)
        elif session.cursor.seen_minute != self._minute or session.cursor.parked:
            self._see(session)
        session.heard = self._awake.heard
        return session

    def _wake(self, raw: bytes) -> Session | None:
        session = self._asleep.wake(raw)
        if session is not None:
            session.heard = self._awake.heard
            self.sessions[raw] = session
        return session

    def _known(self, raw: bytes) -> Session:
        session = self.sessions.get(raw) or self._wake(raw)
        assert session is not None, "a session that time is kept of"
        return session

    def _new_session(self, raw: bytes) -> Session:
        if len(raw) > MAX_ID:
            raise Rejection("item_invalid", f"the session id has {len(raw)} bytes; the limit is {MAX_ID}")
        if len(self.sessions) + len(self._asleep) >= self._settings.max_sessions:
            self._drop_oldest()
        session = self.sessions[raw] = new_session(raw)
        session.cursor.seen_minute = self._minute
        self._active.note(raw, self._minute)
        self._step.dirty[session.cursor] = None
        self._step.dirty[session.config] = None
        return session

    def _advance(self, minute: int) -> None:
        """Stream time goes on: sessions that it makes idle, perhaps the record's own, go first."""
        minute = min(minute, self._latest_minute)
        if minute > self._minute:
            self._minute = minute
            self._expire(minute)

    def _see(self, session: Session) -> None:
        """The session has an event in another minute than before: it is not idle."""
        cursor = session.cursor
        (self._parked if cursor.parked else self._active).drop(session.raw, cursor.seen_minute)
        cursor.seen_minute, cursor.parked = self._minute, False
        self._active.note(session.raw, self._minute)
        self._step.dirty[cursor] = None

    def _expire(self, minute: int) -> None:
        for raw in self._active.due(minute):
            self._go_idle(self._known(raw))
        for raw in self._parked.due(minute):
            self._remove(self._known(raw))

    def _go_idle(self, session: Session) -> None:
        """Bring out what is open; of the rest only ids and numbers stay, for a while."""
        for item in list(session.items.values()):
            leave(self._step, session, item)
        for reply in list(session.running.values()):
            self._step.drop(reply)
            del session.replies[reply.id]
        session.running.clear()
        session.awaiting.clear()
        cursor = session.cursor
        cursor.parked = True
        self._step.dirty[cursor] = None
        self._active.drop(session.raw, cursor.seen_minute)
        self._parked.note(session.raw, cursor.seen_minute)

    def _evict(self, session: Session) -> None:
        """Keep the session within its bounds: what is oldest leaves."""
        while len(session.items) > self._settings.max_items:
            leave(self._step, session, next(iter(session.items.values())))
        while len(session.replies) > self._settings.max_forgotten:
            reply = next(iter(session.replies.values()))
            del session.replies[reply.id]
            session.running.pop(reply.id, None)
            session.awaiting.pop(reply.id, None)
            self._step.drop(reply)

    def _drop_oldest(self) -> None:
        raw = self._parked.oldest() or self._active.oldest()
        if raw is not None:
            session = self._known(raw)
            self._go_idle(session)
            self._remove(session)

    def _remove(self, session: Session) -> None:
        """Take all that is left of a session out of the state."""
        step = self._step
        del self.sessions[session.raw]
        self._parked.drop(session.raw, session.cursor.seen_minute)
        entities: list[Entity] = [session.cursor, session.config, *session.items.values(), *session.replies.values()]
        for entity in entities:
            step.drop(entity)
        for item_id in session.forgotten:
            step.changes[item_key(session.name, item_id)] = None

    def _result(self, quiet: bool = False) -> BatchResult:
        step = self._step
        result = BatchResult(step.outputs, step.take_changes(), self._counts, list(step.notes.values()))
        step.outputs, step.notes, self._counts = [], {}, Counts()
        for session in self._awake.take_tired(quiet):
            self._asleep.put(session)
        return result


def _readable(raw: bytes) -> bytes:
    """What a session is known by: its id, in UTF-8 whatever the collector wrote, and never like a stand-in."""
    if raw[0] and raw.isascii():
        return raw
    known = raw.decode(errors="backslashreplace").encode()
    return ESCAPE + known if known.startswith(b"\x00") else known


def _stand_in(event: Event, told: object) -> bytes:
    """What keeps an item or response of no session: its id, or what else tells it apart."""
    if not isinstance(told, str) or not told:
        return STAND_IN + b"%016x" % event.identity
    name = told.encode()
    return STAND_IN + (name if len(name) <= MAX_ID // 4 else b"%016x" % digest(name))
