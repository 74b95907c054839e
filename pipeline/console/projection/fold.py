"""What a batch of revisions changes in the store. Pure: rows as they are go in, rows as they will be come out.

The outcome does not depend on the order in which the records of a session are read, nor on how often one is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.console.projection.facts import Call, Facts, Json, UsageKey, call_of, facts_of, label, preview_of
from pipeline.console.projection.incoming import NO_PREVIEW, Incoming
from pipeline.console.queries import EntryName
from pipeline.console.store.schema import COUNTS, KINDS, MCP

Row = dict[str, Any]
EntryKey = tuple[int, int, str]
CallKey = tuple[int, str]

# A field of the record, its column, and the column of the sequence that told it.
_TOLD = (
    ("model", "model", "model_at"),
    ("conversation_id", "conversation_id", "conversation_at"),
    ("provider_session_id", "provider_session_id", "provider_session_at"),
)


@dataclass(slots=True)
class Stored:
    """What the store has of the entries that a batch is about.

    revisions: of entries, by their ids, as far as the batch could repeat one. latest: the records that newer ones
    replace, by record id, with their types. next_…: the first ids that are free.
    """

    sessions: dict[str, Row]
    entries: dict[EntryKey, Row]
    revisions: set[tuple[int, int]]
    latest: dict[int, tuple[str, Json]]
    texts: dict[int, str]
    calls: dict[CallKey, Row]
    next_sid: int
    next_entry: int
    next_record: int


@dataclass(slots=True)
class Changes:
    """What is to be written. usage and tools are to be added to what is there; the others are whole rows."""

    new_sessions: list[Row] = field(default_factory=list[Row])
    sessions: dict[int, Row] = field(default_factory=dict[int, Row])
    new_entries: list[Row] = field(default_factory=list[Row])
    entries: dict[int, Row] = field(default_factory=dict[int, Row])
    records: list[Row] = field(default_factory=list[Row])
    old_texts: dict[int, str] = field(default_factory=dict[int, str])
    texts: dict[int, Row] = field(default_factory=dict[int, Row])
    calls: dict[CallKey, Row] = field(default_factory=dict[CallKey, Row])
    tools: Counter[tuple[int, str]] = field(default_factory=Counter[tuple[int, str]])
    usage: dict[UsageKey, Counter[str]] = field(default_factory=dict[UsageKey, Counter[str]])

    def changed(self) -> dict[str, set[EntryName]]:
        """The entries that changed, by session id."""
        by_sid = {sid: row["session_id"] for sid, row in self.sessions.items()}
        found: dict[str, set[EntryName]] = {name: set() for name in by_sid.values()}
        for row in (*self.new_entries, *self.entries.values()):
            kind: int = row["kind"]
            found[by_sid[row["sid"]]].add((KINDS[kind], row["name"]))
        return found


class Fold:
    """Takes revisions one after another."""

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self._new: set[int] = set()
        self.changes = Changes()

    def take(self, one: Incoming) -> None:
        """Nothing changes where this revision is there already."""
        session = self._session(one)
        key = (session["sid"], one.kind, one.name)
        entry = self._stored.entries.get(key)
        if entry is not None and (entry["id"], one.revision) in self._stored.revisions:
            return
        record_id = self._record(one, entry)
        self._tell(session, one)
        if entry is None:
            entry = self._entry(key, one, record_id)
            self._add(session, one, entry["id"], facts_of(one.record_type, one.record), None)
            return
        self._stored.revisions.add((entry["id"], one.revision))
        entry["revisions"] += 1
        entry["sequence"] = min(entry["sequence"], one.sequence)
        if entry["id"] not in self._new:
            self.changes.entries[entry["id"]] = entry
        if one.revision > entry["revision"]:
            record_type, old = self._stored.latest[entry["record"]]
            entry.update(record=record_id, revision=one.revision, at=one.at, behind=one.behind)
            entry["record_type"] = one.record_type
            new_facts = facts_of(one.record_type, one.record)
            self._add(session, one, entry["id"], new_facts, facts_of(record_type, old))
            self._call(session["sid"], call_of(one.record_type, one.record))
            self._stored.latest[record_id] = (one.record_type, one.record)
        else:
            # A call is as its newest record says; of answers every one counts.
            call = call_of(one.record_type, one.record)
            self._call(session["sid"], call if call and not call.seen else None)

    def _session(self, one: Incoming) -> Row:
        session = self._stored.sessions.get(one.session_id)
        if session is None:
            session = {
                "sid": self._stored.next_sid,
                "session_id": one.session_id,
                **dict.fromkeys(("provider", "tenant", "model", "conversation_id", "provider_session_id", "preview")),
                **dict.fromkeys(("model_at", "conversation_at", "provider_session_at"), -1),
                "first_at": min(one.at, one.seen_at),
                "last_at": one.seen_at,
                **dict.fromkeys(COUNTS, 0),
                "records": 0,
                "preview_rank": NO_PREVIEW,
                "failed": False,
                "cut": False,
            }
            self._stored.next_sid += 1
            self._stored.sessions[one.session_id] = session
            self.changes.new_sessions.append(session)
        return session

    def _record(self, one: Incoming, entry: Row | None) -> int:
        record_id = self._stored.next_record
        self._stored.next_record += 1
        self.changes.records.append(
            {
                "id": record_id,
                "entry": self._stored.next_entry if entry is None else entry["id"],
                "revision": one.revision,
                "topic": one.topic,
                "partition": one.partition,
                "offset": one.offset,
                "value": one.value,
            }
        )
        return record_id

    def _entry(self, key: EntryKey, one: Incoming, record_id: int) -> Row:
        sid, kind, name = key
        entry: Row = {
            "sid": sid,
            "kind": kind,
            "name": name,
            "id": self._stored.next_entry,
            "record": record_id,
            "record_type": one.record_type,
            "revision": one.revision,
            "revisions": 1,
            "sequence": one.sequence,
            "at": one.at,
            "behind": one.behind,
        }
        self._stored.next_entry += 1
        self._new.add(entry["id"])
        self._stored.entries[key] = entry
        self._stored.revisions.add((entry["id"], one.revision))
        self._stored.latest[record_id] = (one.record_type, one.record)
        self.changes.new_entries.append(entry)
        self._call(sid, call_of(one.record_type, one.record))
        return entry

    def _tell(self, session: Row, one: Incoming) -> None:
        """What any record tells of its session, in whatever order they come."""
        self.changes.sessions[session["sid"]] = session
        session["records"] += 1
        session["first_at"] = min(session["first_at"], one.at, one.seen_at)
        session["last_at"] = max(session["last_at"], one.seen_at)
        for name in ("provider", "tenant"):
            session[name] = _greatest(session[name], label(one.record.get(name)))
        for name, column, told_at in _TOLD:
            told = label(one.record.get(name))
            if told is not None and (one.sequence, told) > (session[told_at], session[column] or ""):
                session[column], session[told_at] = told, one.sequence
        if one.record_type == "message" and (said := preview_of(one.record, one.sequence)):
            shown = (session["preview_rank"], session["preview"])
            if shown[1] is None or said < shown:
                session["preview_rank"], session["preview"] = said

    def _add(self, session: Row, one: Incoming, entry: int, new: Facts, old: Facts | None) -> None:
        for name, count in new.counts.items():
            session[name] += count
        if old is not None:
            for name, count in old.counts.items():
                session[name] -= count
        session["failed"] = bool(
            session["tool_failures"] or session["failed_responses"] or session["failed_transcripts"]
        )
        session["cut"] = bool(session["interrupted"])
        old_tool, old_usage, old_text = (old.tool, old.usage, old.text) if old else (None, None, "")
        if new.tool != old_tool:
            if new.tool:
                self.changes.tools[session["sid"], new.tool] += 1
            if old_tool:
                self.changes.tools[session["sid"], old_tool] -= 1
        _sum(self.changes.usage, new.usage, 1)
        _sum(self.changes.usage, old_usage, -1)
        if new.text != old_text:
            self._text(session["sid"], entry, new.text)

    def _text(self, sid: int, entry: int, body: str) -> None:
        if entry in self._stored.texts:
            self.changes.old_texts.setdefault(entry, self._stored.texts[entry])
        self.changes.texts[entry] = {"id": entry, "sid": sid, "body": body}

    def _call(self, sid: int, call: Call | None) -> None:
        if call is not None:
            key = (sid, call.item)
            self.changes.calls[key] = self._stored.calls[key] = merged(self._stored.calls.get(key), sid, call)


def merged(row: Row | None, sid: int, call: Call) -> Row:
    """A row of `calls` with what one more record tells."""
    told = {"sid": sid, "item": call.item, "kind": call.kind, "seen": call.seen, "server_label": call.server_label,
            "name": call.name, "at": call.at, "answered": call.answered, "failed": call.failed,
            "latency_ms": call.latency_ms}  # fmt: skip
    if row is None or (call.seen and call.kind == MCP):
        return told
    if call.seen:
        return told | {"answered": row["answered"], "latency_ms": row["latency_ms"]}
    latencies = [one for one in (row["latency_ms"], call.latency_ms) if one is not None]
    answer = {"answered": True, "latency_ms": min(latencies, default=None)}
    if row["seen"]:
        return row | answer
    return row | answer | {"name": _greatest(row["name"], call.name), "at": min(row["at"], call.at)}


def _greatest(one: str | None, other: str | None) -> str | None:
    """Of two that should be the same: whichever, but always the same one."""
    return max(filter(None, (one, other)), default=None)


def _sum(sums: dict[UsageKey, Counter[str]], usage: tuple[UsageKey, Mapping[str, int]] | None, sign: int) -> None:
    if usage is not None:
        key, numbers = usage
        found = sums.setdefault(key, Counter())
        for name, value in numbers.items():
            found[name] += sign * value


def fold(stored: Stored, batch: Iterable[Incoming]) -> Changes:
    """What the batch changes."""
    folding = Fold(stored)
    for one in batch:
        folding.take(one)
    return folding.changes
