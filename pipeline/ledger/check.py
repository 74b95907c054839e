"""Holds what came out against what must have come out. Pure: outputs go in one by one, a report comes out.

Takes time and memory in proportion to the records, whatever their order across sessions and topics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Literal, cast

import orjson

from pipeline.ledger.expected import Expected
from pipeline.ledger.report import Report

Headers = Iterable[tuple[str, bytes | None]]
RawOutput = tuple[str, bytes | None, bytes | None, Headers]
"""Topic with its prefix, key, value, headers."""

Delivery = Literal["exactly-once", "at-least-once"]

REJECTED = "rejected"
RESPONSES = "responses"
_REASON = "itemstream-reject-reason"
_ORIGIN = ("kafka_dlt-original-partition", "kafka_dlt-original-offset")


class _Numbers:
    """Which numbers from 1 on were seen, in little memory: nearly always they come in order."""

    __slots__ = ("_early", "_upto")

    def __init__(self) -> None:
        self._upto = 0
        self._early: set[int] | None = None

    def __contains__(self, number: int) -> bool:
        return number <= self._upto or (self._early is not None and number in self._early)

    def __len__(self) -> int:
        return self._upto + len(self._early or ())

    def add(self, number: int) -> None:
        """Takes a number not seen before."""
        if number != self._upto + 1:
            if self._early is None:
                self._early = set()
            self._early.add(number)
            return
        self._upto = number
        while self._early and self._upto + 1 in self._early:
            self._upto += 1
            self._early.remove(self._upto)

    @property
    def first_missing(self) -> int | None:
        """The least number that is missing below one that was seen."""
        return self._upto + 1 if self._early else None


class _Record:
    """What was seen of one expected record: its revisions, and what is wrong with the highest of them."""

    __slots__ = ("best", "expected", "revisions", "wrong")

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.revisions = _Numbers()
        self.best = 0
        self.wrong: tuple[str, ...] = ()


class Checker:
    """Takes outputs with `add`, in the order of each topic; `report` may be called at any time.

    `prefix`: of the output topics. `delivery`: with `at-least-once` the same record may come again, with the same id.
    `idle`: whether sessions are waited for until they go idle; if not, records that need it may be missing.
    """

    def __init__(
        self,
        expected: Iterable[Expected],
        *,
        prefix: str = "realtime",
        delivery: Delivery = "exactly-once",
        idle: bool = True,
    ) -> None:
        self._prefix = prefix + "."
        self._delivery = delivery
        self._idle = idle
        self._records: dict[tuple[str, str], _Record] = {}
        self._rejects: Counter[tuple[str, str]] = Counter()
        self._rejected: Counter[tuple[str, str]] = Counter()
        self._sessions: dict[str, _Numbers] = {}
        self._last: dict[tuple[str, str], int] = {}
        self._ids: set[int] = set()
        self._origins: set[tuple[bytes, ...]] = set()
        self._report = Report()
        self._outstanding = 0
        for one in expected:
            self._expect(one)

    def _expect(self, one: Expected) -> None:
        self._sessions.setdefault(one.session_id, _Numbers())
        self._report.expected += 1
        if one.reason is not None:
            self._rejects[one.session_id, one.reason] += 1
            self._outstanding += 1
            return
        name = one.item_id if one.item_id is not None else f"response {one.response_id}"
        self._records[one.session_id, name] = _Record(one)
        if self._idle or not one.idle:
            self._outstanding += 1

    @property
    def complete(self) -> bool:
        """Whether nothing is missing any more. More than enough may still come."""
        return self._outstanding <= 0

    @property
    def outstanding(self) -> int:
        """How many expected records have not come out in full."""
        return max(0, self._outstanding)

    def add(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = ()) -> None:
        """Takes one output record. Topics of another prefix are none of its business."""
        if not topic.startswith(self._prefix):
            return
        name = topic[len(self._prefix) :]
        self._report.by_topic[name] = self._report.by_topic.get(name, 0) + 1
        self._report.outputs += 1
        if name == REJECTED:
            self._add_rejected(key, {name: told or b"" for name, told in headers})
            return
        record: Any = None
        with suppress(orjson.JSONDecodeError):
            record = orjson.loads(value) if value else None
        if not isinstance(record, dict):
            self._report.unexpected.add(f"a record on {name} is no JSON object: {(value or b'')[:80]!r}")
            return
        self._add_record(name, key, cast(dict[str, Any], record), headers)

    def report(self) -> Report:
        """What has been found so far, all that is missing counted as lost."""
        report = self._report
        out = Report(expected=report.expected, outputs=report.outputs, sessions=len(self._sessions))
        out.foreign, out.repeats, out.by_topic = report.foreign, report.repeats, dict(report.by_topic)
        for name in ("duplicate", "wrong", "unexpected", "out_of_order", "gaps"):
            target, source = getattr(out, name), getattr(report, name)
            target.count, target.examples = source.count, list(source.examples)
        for record in self._records.values():
            self._judge(out, record)
        for session_id, session in self._sessions.items():
            if session.first_missing is not None:
                out.gaps.add(f"session {session_id}: session_sequence {session.first_missing} is missing")
        self._judge_rejected(out)
        return out

    # --- one output ------------------------------------------------------------------------------------------------

    def _add_rejected(self, key: bytes | None, headers: Mapping[str, bytes]) -> None:
        session_id = (key or b"").decode(errors="replace")
        if session_id not in self._sessions:
            self._report.foreign += 1
            return
        reason = headers.get(_REASON, b"").decode()
        if _ORIGIN[1] in headers:
            origin = tuple(headers.get(name, b"") for name in _ORIGIN)
            if origin in self._origins:
                self._again(f"session {session_id}: the same input record was rejected twice ({reason})")
                return
            self._origins.add(origin)
        self._rejected[session_id, reason] += 1
        if self._rejected[session_id, reason] <= self._rejects[session_id, reason]:
            self._outstanding -= 1

    def _add_record(self, topic: str, key: bytes | None, record: dict[str, Any], headers: Headers) -> None:
        session_id = record.get("session_id")
        session = self._sessions.get(session_id) if isinstance(session_id, str) else None
        if session is None or not isinstance(session_id, str):
            self._report.foreign += 1
            return
        is_response = topic == RESPONSES
        name = f"response {record.get('response_id')}" if is_response else str(record.get("item_id"))
        revision = 1 if is_response else record.get("revision")
        sequence = record.get("session_sequence")
        if not isinstance(revision, int) or not isinstance(sequence, int) or revision < 1 or sequence < 1:
            self._report.unexpected.add(f"session {session_id}: {name} on {topic} has no revision or session_sequence")
            return
        what = f"session {session_id}: {name} revision {revision}"
        if self._seen_before(record, (session_id, name, revision), what):
            return
        known = self._records.get((session_id, name))
        if known is None or known.expected.topic != topic:
            self._report.unexpected.add(f"{what} on {topic}")
        self._place(session, session_id, topic, sequence, what)
        if known is not None:
            self._note(known, record, revision, what)
            for difference in _envelope_differences(key, headers, record):
                self._report.wrong.add(f"{what}: {difference}")

    def _seen_before(self, record: dict[str, Any], identity: tuple[str, str, int], what: str) -> bool:
        """Whether this very revision came before: a duplicate, or a repeat where those are allowed."""
        # The hash stands for the id: a million ids as text take ten times the memory.
        record_id = hash(record.get("id"))
        id_known = record_id in self._ids
        self._ids.add(record_id)
        known = self._records.get(identity[:2])
        if known is not None and identity[2] in known.revisions:
            self._again(what + " came out twice", allowed=id_known)
            return True
        if id_known:
            self._report.duplicate.add(f"{what}: its id {record.get('id')} was another record's before")
        return False

    def _again(self, what: str, *, allowed: bool = True) -> None:
        if self._delivery == "at-least-once" and allowed:
            self._report.repeats += 1
        else:
            self._report.duplicate.add(what)

    def _place(self, session: _Numbers, session_id: str, topic: str, sequence: int, what: str) -> None:
        """Where the record stands among those of its session."""
        if sequence in session:
            self._report.gaps.add(f"{what}: its session_sequence {sequence} was another record's before")
        else:
            session.add(sequence)
        last = self._last.get((session_id, topic), 0)
        if sequence < last and self._delivery == "exactly-once":
            self._report.out_of_order.add(f"{what}: session_sequence {sequence} after {last} on {topic}")
        self._last[session_id, topic] = max(sequence, last)

    def _note(self, known: _Record, record: dict[str, Any], revision: int, what: str) -> None:
        low, _ = known.expected.revisions
        before = len(known.revisions)
        known.revisions.add(revision)
        counts = self._idle or not known.expected.idle
        if counts and before < low <= len(known.revisions):
            self._outstanding -= 1
        if revision < known.best:
            if self._delivery == "exactly-once":
                self._report.out_of_order.add(f"{what} after revision {known.best}")
            return
        known.best = revision
        known.wrong = _differences(known.expected.final, record)

    # --- the end ---------------------------------------------------------------------------------------------------

    def _judge(self, out: Report, record: _Record) -> None:
        one = record.expected
        name = one.item_id if one.item_id is not None else f"response {one.response_id}"
        what = f"session {one.session_id}: {name} on {one.topic}"
        low, high = one.revisions
        seen = len(record.revisions)
        if seen == 0:
            if one.idle and not self._idle:
                out.waiting += 1
            else:
                out.lost.add(f"{what}: never came out")
            return
        if record.revisions.first_missing is not None:
            out.gaps.add(f"{what}: has {seen} revisions, but revision {record.revisions.first_missing} is missing")
        if seen < low and (self._idle or not one.idle):
            out.lost.add(f"{what}: {seen} of {low} revisions came out")
        elif seen > high:
            out.too_many.add(f"{what}: {seen} revisions came out, at most {high} expected")
        for difference in record.wrong:
            out.wrong.add(f"{what} revision {record.best}: {difference}")

    def _judge_rejected(self, out: Report) -> None:
        for (_, reason), count in self._rejected.items():
            out.rejected[reason] = out.rejected.get(reason, 0) + count
        for place in {**self._rejects, **self._rejected}:
            expected, seen = self._rejects[place], self._rejected[place]
            if expected != seen:
                out.rejected_wrong.add(f"session {place[0]}: {place[1]}: expected {expected}, got {seen}")


def check(
    expected: Iterable[Expected],
    outputs: Iterable[RawOutput],
    *,
    prefix: str = "realtime",
    delivery: Delivery = "exactly-once",
    idle: bool = True,
) -> Report:
    """Holds outputs against a ledger in one go: see `Checker`."""
    checker = Checker(expected, prefix=prefix, delivery=delivery, idle=idle)
    for topic, key, value, headers in outputs:
        checker.add(topic, key, value, headers)
    return checker.report()


def _differences(final: Mapping[str, Any], record: dict[str, Any]) -> tuple[str, ...]:
    # Most fields are at the top: those are looked up without taking their path apart.
    off = [
        (path, value)
        for path, value in final.items()
        if (record.get(path) if "." not in path else _resolve(record, path)) != value
    ]
    return tuple(f"{path}: expected {value!r}, got {_resolve(record, path)!r}" for path, value in off)


def _envelope_differences(key: bytes | None, headers: Headers, record: dict[str, Any]) -> tuple[str, ...]:
    """What is wrong with the key, and with the header that repeats the record's id."""
    off: tuple[str, ...] = ()
    if key != record["session_id"].encode():
        off += (f"key: expected {record['session_id']!r}, got {key!r}",)
    for name, value in headers:
        if name == "ce_id" and value != str(record.get("id")).encode():
            off += (f"header ce_id: expected {record.get('id')!r}, got {value!r}",)
    return off


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(path.split("."))


def _resolve(record: Any, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    value: Any = record
    for step in _steps(path):
        if isinstance(value, dict):
            value = cast(dict[str, Any], value).get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(cast(list[Any], value)):
            value = cast(list[Any], value)[int(step)]
        else:
            return None
    return value
