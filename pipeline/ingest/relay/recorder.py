"""Makes records of the events of one connection and hands them to the journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from pipeline.core.event import rfc3339
from pipeline.ingest.event import CollectedEvent, EventRefused, event_record, identity, session_told
from pipeline.ingest.redact import Redaction
from pipeline.ingest.relay.audio import without_audio
from pipeline.ingest.relay.messages import Message
from pipeline.ingest.relay.recorded import packed


class Journal(Protocol):
    """Where records go: it takes one at once, or says no."""

    def append(self, record: bytes) -> bool: ...


@dataclass(slots=True)
class EventCounts:
    """What became of the events that the relay saw."""

    recorded: int = 0
    """Taken by the journal."""
    dropped: int = 0
    """Not taken: the journal was full."""
    refused: dict[str, int] = field(default_factory=dict[str, int])
    """Never offered to it, by reason: `too_large`, `redaction`."""
    binary: int = 0
    """Binary messages: passed on, no events."""


@dataclass(frozen=True, slots=True)
class RecordingRules:
    """What is recorded of every connection, and how."""

    topic: str
    client_topic: str | None = None
    """Where client events go; None: they are not recorded."""
    max_event_bytes: int = 1_048_576
    audio: bool = False
    """Whether audio stays in the events."""
    redaction: Redaction | None = None


class Recorder:
    """The events of one connection, both directions, in the order they passed.

    on_full: called for each event that the journal did not take.
    """

    def __init__(
        self,
        connection: str,
        provider: str,
        tenant: str | None,
        traceparent: str | None,
        rules: RecordingRules,
        journal: Journal,
        counts: EventCounts,
        on_full: Callable[[], None],
    ) -> None:
        self.session = connection
        """Id of the session; the connection's own until `session.created` tells it."""
        self._provider = provider
        self._tenant = tenant
        self._traceparent = traceparent
        self._rules = rules
        self._journal = journal
        self._counts = counts
        self._on_full = on_full
        self.sequence = 0
        """Of the last event."""

    def server(self, message: Message) -> None:
        """Record what the provider said."""
        self._record(message, self._rules.topic)

    def client(self, message: Message) -> None:
        """Record what the application said. Only where there is a topic for it."""
        assert self._rules.client_topic is not None
        self._record(message, self._rules.client_topic)

    def _record(self, message: Message, topic: str) -> None:
        if not message.text:
            self._counts.binary += 1
            return
        value = message.data
        # Counted before anything can be refused: a gap in the sequence shows that events are missing.
        self.sequence += 1
        now = time.time_ns() // 1_000_000
        type_, id_ = identity(value)
        if topic == self._rules.topic:
            self.session = session_told(type_, value) or self.session
        if not self._rules.audio:
            value = without_audio(type_, value)
        redaction = self._rules.redaction
        event = CollectedEvent(
            value=value,
            session=self.session,
            sequence=self.sequence,
            time=rfc3339(now),
            provider=self._provider,
            tenant=self._tenant,
            # Under rules they are read from what is left.
            type=type_ if redaction is None else None,
            id=id_ if redaction is None else None,
            traceparent=self._traceparent,
        )
        try:
            record = event_record(event, max_bytes=self._rules.max_event_bytes, redaction=redaction)
        except EventRefused as error:
            refused = self._counts.refused
            refused[error.reason] = refused.get(error.reason, 0) + 1
            return
        if self._journal.append(packed(topic, record, now)):
            self._counts.recorded += 1
        else:
            self._counts.dropped += 1
            self._on_full()
