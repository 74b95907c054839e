"""A record of a topic, read for the store: redacted first, taken apart then. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, cast

import orjson

from pipeline.console.projection.facts import Json, label, moment, number, object_of
from pipeline.console.redacted import redacted
from pipeline.console.store.schema import ITEM, RESPONSE
from pipeline.ingest.redact import Redaction

NO_PREVIEW = 2**62


class Fetched(Protocol):
    """What is used of a fetched record."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


class Incoming(NamedTuple):
    """One revision of an entry. kind, name: which entry of the session. value: the record as it is stored."""

    session_id: str
    kind: int
    name: str
    record_type: str
    revision: int
    sequence: int
    at: int
    """When its item was opened, or its response done."""
    seen_at: int
    """When what caused the revision came in."""
    behind: str | None
    topic: int
    partition: int
    offset: int
    record: Json
    value: bytes


def session_of(key: bytes | None) -> str:
    """The session of an output by its key; of an item of no session it is the item's id."""
    return label((key or b"").decode(errors="backslashreplace")) or ""


def incoming(
    record_type: str, topic: int, partition: int, fetched: Fetched, redaction: Redaction | None
) -> Incoming | None:
    """None where the record is none of itemstream's: no JSON object, or without an id."""
    value = fetched.value or b""
    record = told = _document(value)
    if told is None or record is None:
        return None
    if redaction is not None:
        record, value = redacted(redaction, record, value)
    # Which entry it is, and where it stands, is by the record as it came: a rule must not make one entry of two.
    kind = RESPONSE if record_type == "response" else ITEM
    name = label(told.get("response_id" if kind == RESPONSE else "item_id")) or label(told.get("id"))
    if name is None:
        return None
    received = moment(object_of(told.get("source")).get("received_at")) or max(fetched.timestamp, 0)
    opened = received if kind == RESPONSE else moment(told.get("opened_at"), told.get("done_at"))
    return Incoming(
        session_of(fetched.key),
        kind,
        name,
        record_type,
        max(1, min(number(told.get("revision")), 2**31 - 1)),
        number(told.get("session_sequence")),
        received if opened is None else opened,
        received,
        _behind(kind, told),
        topic,
        partition,
        fetched.offset,
        record,
        value,
    )


def _document(value: bytes) -> Json | None:
    try:
        document: Any = orjson.loads(value)
    except orjson.JSONDecodeError:
        return None
    return cast(Json, document) if isinstance(document, dict) else None


def _behind(kind: int, record: Json) -> str | None:
    if kind == ITEM:
        return label(record.get("previous_item_id"))
    of = record.get("item_ids")
    return label(cast(list[Any], of)[-1]) if isinstance(of, list) and of else None
