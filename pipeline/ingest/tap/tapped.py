"""One tapped connection: what was received on it, as events on their way out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

from pipeline.core.event import rfc3339
from pipeline.ingest.event import CollectedEvent, identity, session_told
from pipeline.ingest.relay.audio import without_audio


@dataclass(slots=True)
class Counts:
    """What became of the events. All that were seen are `delivered`, `dropped`, `refused`, `abandoned`, or waiting."""

    seen: int = 0
    delivered: int = 0
    """Kafka, or the collector, has acknowledged them."""
    dropped: int = 0
    """Too much was waiting."""
    refused: dict[str, int] = field(default_factory=dict[str, int])
    """Could not be taken, by reason: `too_large`, `redaction`, or what Kafka or the collector said."""
    abandoned: int = 0
    """Not acknowledged when the tap was closed; some may have arrived."""


class Received(NamedTuple):
    """One event as it came, and when."""

    connection: Tapped
    sequence: int
    time_ms: int
    data: str | bytes

    @property
    def size(self) -> int:
        """Bytes it takes up while it waits, roughly."""
        return len(self.data) + 100


class Tapped:
    """A connection. Its session is the connection's own id until `session.created` tells one.

    Created by `Tap.session` or `tap(websocket)`. `received` may be called by any thread and never waits.
    """

    def __init__(
        self, take: Callable[[Received], None], *, session: str | None, provider: str | None, tenant: str | None
    ) -> None:
        self._take = take
        self._session = session or f"tap-{uuid4().hex}"
        self._provider = provider
        self._tenant = tenant
        self._sequence = 0

    def received(self, event: str | bytes | dict[str, Any]) -> None:
        """A server event, as the provider sent it; or parsed, where a library gives it away only so."""
        data = orjson.dumps(event) if isinstance(event, dict) else event
        # Counted before anything can be dropped: a gap in the sequence shows that events are missing.
        self._sequence += 1
        self._take(Received(self, self._sequence, time.time_ns() // 1_000_000, data))

    def collected(self, received: Received, *, audio: bool) -> CollectedEvent:
        """What is known of the event; in the order they were received. `audio`: whether it keeps its audio."""
        value = received.data.encode(errors="replace") if isinstance(received.data, str) else received.data
        event_type, event_id = identity(value)
        self._session = session_told(event_type, value) or self._session
        return CollectedEvent(
            value=value if audio else without_audio(event_type, value),
            session=self._session,
            sequence=received.sequence,
            time=rfc3339(received.time_ms),
            provider=self._provider,
            tenant=self._tenant,
            type=event_type,
            id=event_id,
        )
