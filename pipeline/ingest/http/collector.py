"""Takes the events of one request: checks all, writes all, and says of each whether Kafka has it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.core.step import MAX_ID
from pipeline.ingest.access import Access
from pipeline.ingest.event import CollectedEvent, EventRecord, EventRefused, event_record, now_rfc3339
from pipeline.ingest.http.attributes import HEADERS
from pipeline.ingest.http.counts import Counts
from pipeline.ingest.http.models import check_event
from pipeline.ingest.http.modes import Found
from pipeline.ingest.http.problem import Problem
from pipeline.ingest.keys import Caller
from pipeline.ingest.redact import Redaction
from pipeline.ingest.writer import EventWriter, KafkaUnavailable, RecordRefused, RecordTooLarge

RETRY_SECONDS = 2.0
"""What a sender is told to wait when Kafka can't take it."""

_REFUSED_STATUS = {"too_large": 413, "redaction": 422}
_OF_ONE_SENDING = ("ce_time", "traceparent")
"""Headers that another sending of the same event may tell otherwise."""
_Same = tuple[str, bytes | None, bytes, tuple[tuple[str, bytes], ...]]
"""What two sendings of one event have in common: its id, key, value and what else was told, such as the tenant."""


class Taken(NamedTuple):
    """One event that passed every check."""

    record: EventRecord
    type: str
    id: str | None


class Line(NamedTuple):
    """What became of one event: in Kafka, or why not."""

    id: str | None
    problem: Problem | None = None

    def members(self) -> dict[str, Any]:
        if self.problem is not None:
            return {**({"event_id": self.id} if self.id else {}), **self.problem.members()}
        return {"status": 200, "event_id": self.id}


class BatchRefused(Exception):
    """Nothing of the batch was written, since some of it can't be taken."""

    def __init__(self, lines: Sequence[Problem | None]) -> None:
        super().__init__()
        self.lines = lines


class Collector:
    """One for all requests of a process."""

    def __init__(self, writer: EventWriter, access: Access, redaction: Redaction | None, timeout: float) -> None:
        """timeout: seconds to wait for Kafka."""
        self.writer = writer
        self.access = access
        self.counts = Counts()
        self._redaction = redaction
        self._timeout = timeout
        self._under_way: dict[_Same, asyncio.Future[None]] = {}

    def check(self, caller: Caller, found: Sequence[Found], expected_type: str | None) -> list[Taken]:
        """All of a request, ready to be written. Raises BatchRefused where one of it can't be taken, Problem 429 where
        the tenant has sent too much."""
        size = sum(len(one.value) for one in found)
        if wait := self.access.admit(caller, events=len(found), size=size):
            self.counts.outcome(429, len(found))
            raise Problem(429, "the tenant has sent more than it may; send it again later", retry_after=wait)
        now = now_rfc3339()
        checked = [self._checked(caller, one, expected_type, now) for one in found]
        if problems := [one for one in checked if isinstance(one, Problem)]:
            self.counts.events["refused"] += len(problems)
            self.counts.events["not_tried"] += len(checked) - len(problems)
            raise BatchRefused([one if isinstance(one, Problem) else None for one in checked])
        return [one for one in checked if isinstance(one, Taken)]

    async def write(self, taken: Sequence[Taken]) -> list[Line]:
        """Returns when Kafka has acknowledged or refused each, or the time is up."""
        submitted = [self._submit(one) for one in taken]
        waiting = {one for one in submitted if isinstance(one, asyncio.Future)}
        if waiting:
            await asyncio.wait(waiting, timeout=self._timeout)
        lines = [Line(one.id, self._outcome(how)) for one, how in zip(taken, submitted, strict=True)]
        for status, events in Counter(line.problem.status if line.problem else 200 for line in lines).items():
            self.counts.outcome(status, events)
        return lines

    def _checked(self, caller: Caller, found: Found, expected_type: str | None, now: str) -> Taken | Problem:
        try:
            if found.problem is not None:
                raise found.problem
            return self._check(caller, found, expected_type, now)
        except Problem as problem:
            return problem

    def _check(self, caller: Caller, found: Found, expected_type: str | None, now: str) -> Taken:
        told = found.attributes
        if caller.tenant is not None and told.tenant not in (None, caller.tenant):
            raise Problem(403, "the key belongs to another tenant", field=HEADERS["tenant"])
        limit = caller.limits.max_event_bytes or 0
        if len(found.value) > limit:  # before any of it is read
            raise Problem(413, f"the event has {len(found.value)} bytes; at most {limit} are taken")
        type_, id_ = check_event(found.value, expected_type)
        if found.id is not None and len(found.id) > MAX_ID:
            raise Problem(400, f"the CloudEvent's id has more than {MAX_ID} characters", field="id")
        if found.type is not None and found.type != type_:
            raise Problem(409, "the CloudEvent's type and the event's own are not the same", field="type")
        event = CollectedEvent(
            found.value,
            told.session,
            told.sequence,
            told.time or now,
            told.provider,
            caller.tenant or told.tenant,
            type_,
            id_ or found.id,
            told.traceparent,
        )
        if self._redaction is not None:  # what the event says of itself is read again from what is left of it
            event = event._replace(type=None, id=None if id_ else found.id)
        try:
            return Taken(event_record(event, max_bytes=limit, redaction=self._redaction), type_, id_ or found.id)
        except EventRefused as refused:
            raise Problem(_REFUSED_STATUS[refused.reason], str(refused)) from None

    def _submit(self, taken: Taken) -> asyncio.Future[None] | KafkaUnavailable:
        """An event that is sent again while its first sending still waits for Kafka joins that: it is written once."""
        record = taken.record
        same = None if taken.id is None else (taken.id, record.key, record.value, _told(record))
        if same is not None and (under_way := self._under_way.get(same)) is not None:
            return under_way
        try:
            future = self.writer.submit(record)
        except KafkaUnavailable as error:
            return error
        if same is not None:
            self._under_way[same] = future
            future.add_done_callback(lambda _: self._under_way.pop(same, None))
        return future

    def _outcome(self, how: asyncio.Future[None] | KafkaUnavailable) -> Problem | None:
        error = how if isinstance(how, KafkaUnavailable) else None
        if error is None and isinstance(how, asyncio.Future):
            error = how.exception() if how.done() else self.writer.too_slow(self._timeout)
        if error is None:
            return None
        if isinstance(error, RecordTooLarge):
            return Problem(413, str(error))
        if isinstance(error, KafkaUnavailable | RecordRefused):
            return Problem(503, str(error), retry_after=RETRY_SECONDS)
        raise error


def _told(record: EventRecord) -> tuple[tuple[str, bytes], ...]:
    return tuple(header for header in record.headers if header[0] not in _OF_ONE_SENDING)
