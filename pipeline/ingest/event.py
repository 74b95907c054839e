"""What a collector knows of one server event, and the Kafka record that comes of it (contract, section 1)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from pipeline.ingest.redact import Redaction, RedactionFailed

_LEADING = re.compile(
    rb'\s*\{\s*(?:"event_id"\s*:\s*"(?P<id>[^"\\]*)"\s*,\s*)?"type"\s*:\s*"(?P<type>[^"\\]+)"'
    rb'(?:\s*,\s*"event_id"\s*:\s*"(?P<id_after>[^"\\]*)")?'
)
"""Type and id where providers write them: first, in either order."""

SESSION_CREATED = "session.created"

_PLAIN = re.compile("[A-Za-z0-9_.~-]*")


class EventRefused(Exception):
    """The event can't be taken. `reason`: `too_large` or `redaction`; the message is for the sender."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class CollectedEvent(NamedTuple):
    """An event as it was received. Only `value` is needed; what is None gets no header."""

    value: bytes
    """The event's JSON, the provider's bytes."""
    session: str | None = None
    sequence: int | None = None
    """Rising per connection."""
    time: str | None = None
    """RFC 3339, when the collector received it."""
    provider: str | None = None
    tenant: str | None = None
    type: str | None = None
    """As a header of the sender told it; None: read from the JSON."""
    id: str | None = None
    """As `type`."""
    traceparent: str | None = None


class EventRecord(NamedTuple):
    """A record of the input topic, ready to be written."""

    key: bytes | None
    value: bytes
    headers: list[tuple[str, bytes]]

    @property
    def size(self) -> int:
        """Bytes it takes up while it waits, roughly."""
        return (
            len(self.value)
            + len(self.key or b"")
            + sum(len(name) + len(value) + 2 for name, value in self.headers)
            + RECORD_OVERHEAD
        )


RECORD_OVERHEAD = 64
"""Bytes of a record beside its key, value and headers, at most."""


def event_record(event: CollectedEvent, *, max_bytes: int, redaction: Redaction | None = None) -> EventRecord:
    """The Kafka record of `event`: value unchanged but for what `redaction` takes out.

    max_bytes: the largest value taken.

    Raises EventRefused where the event is larger, or where it can't be redacted: nothing leaves unredacted.
    """
    value = event.value
    if len(value) > max_bytes:
        raise EventRefused("too_large", f"the event has {len(value)} bytes; at most {max_bytes} are taken")
    if redaction is not None:
        try:
            value = redaction.apply(value)
        except RedactionFailed as error:
            raise EventRefused("redaction", str(error)) from None
    type_, id_ = event.type, event.id
    if type_ is None or id_ is None:
        read_type, read_id = identity(value)
        type_, id_ = type_ or read_type, id_ or read_id
    headers: list[tuple[str, bytes]] = [
        ("ce_specversion", b"1.0"),
        ("ce_source", source(event.provider, event.session)),
    ]
    headers += [
        (name, _encoded(text))
        for name, text in (
            ("ce_sessionid", event.session),
            ("ce_provider", event.provider),
            ("ce_tenant", event.tenant),
            ("ce_sequence", None if event.sequence is None else str(event.sequence)),
            ("ce_time", event.time),
            ("ce_id", id_),
            ("ce_type", type_),
            ("traceparent", event.traceparent),
        )
        if text
    ]
    return EventRecord(_encoded(event.session) if event.session else None, value, headers)


def identity(value: bytes) -> tuple[str | None, str | None]:
    """`type` and `event_id` of an event's JSON, None where it has none or is no JSON; parsed only where it must be."""
    if (found := _LEADING.match(value)) is not None and (id_ := found["id"] or found["id_after"]):
        return found["type"].decode(errors="replace"), id_.decode(errors="replace")
    try:
        body: Any = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None, None
    if not isinstance(body, dict):
        return None, None
    return _text(body.get("type")), _text(body.get("event_id"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def session_told(type_: str | None, value: bytes) -> str | None:
    """The id of its session that a `session.created` tells; None of any other event."""
    if type_ != SESSION_CREATED:
        return None
    try:
        found: Any = orjson.loads(value)["session"]["id"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return _text(found)


def source(provider: str | None, session: str | None) -> bytes:
    """`ce_source`, a URI reference: `/realtime/{provider}/{session}`, `unknown` and `-` where they are."""
    return f"/realtime/{_in_uri(provider or 'unknown')}/{_in_uri(session or '-')}".encode()


def now_rfc3339() -> str:
    """The time now, as `CollectedEvent.time` wants it: UTC, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _in_uri(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="", errors="replace")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")
