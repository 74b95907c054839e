"""Records: what comes out, when its content is new, with the session's numbers on it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, cast
from urllib.parse import quote

import orjson

from pipeline.core.document import document_of
from pipeline.core.enrich import BUILDERS, NO_FIELDS
from pipeline.core.event import Event
from pipeline.core.records import Headers, Note, Output
from pipeline.core.reject import Rejection
from pipeline.core.route import Route
from pipeline.core.state import Item, Session
from pipeline.core.step import Step
from pipeline.core.transcript import with_model
from pipeline.core.values import digest, object_or_none, text_or_none

SCHEMA_VERSION = 1

NOTED = frozenset({"function_call", "function_call_output", "mcp_call"})
"""Item types that metrics of the product are made of."""


def revise(step: Step, item: Item, cause: str) -> None:
    """Bring out a further revision of an item that is out already, where its content changed."""
    if item.revision:
        publish(step, item, cause)


def publish(step: Step, item: Item, cause: str, document: dict[str, Any] | None = None) -> None:
    """Bring out the item: its first revision, or a further one where its content changed.

    `document` is the item with gaps filled, where the caller has it at hand. Raises `Rejection` where the record would
    be too large, or nests too deep to be written.
    """
    session = step.session
    if item.revision and step.as_before(item):
        return
    if document is None:
        document = document_of(item)
    if item.transcripts and not item.revision:
        # They may have come before the session told what transcribes.
        item.transcripts = with_model(item.transcripts, session.config.transcription_model)
    content, passing = _item_content(session, item, document)
    encoded = orjson.dumps(content)
    fingerprint = digest(encoded)
    if item.revision and fingerprint == item.fingerprint:
        return
    item.revision += 1
    item.fingerprint = fingerprint
    session.open.pop(item, None)
    if document["type"] in NOTED:
        note = document["type"], item.revision, cause, session.config.model, content
        step.notes[len(step.outputs)] = _tuple(Note, note)
    source = step.event or item.source
    if isinstance(source, Event):
        source = source.source
    item.source = None
    _write(
        step,
        step.routes.of_item(document["type"]),
        session.id if session.id is not None else item.id,
        _item_head(step, item, cause, passing, record_id(session.id, item.id, item.revision)),
        encoded,
        source or b"null",
        b"item",
        item.document or b"null",
    )


def publish_nameless(step: Step, document: dict[str, Any]) -> None:
    """Bring out an item that has no id (a provider may leave it null): one revision, no joins, nothing kept."""
    session, event = step.session, step.event
    assert event is not None
    item = Item("", "")
    item.document = orjson.dumps(document)
    item.final = True
    item.revision = 1
    item.done_at = event.time
    content, passing = _item_content(session, item, document)
    content["item_id"] = None
    name = f"{event.identity:016x}"
    _write(
        step,
        step.routes.of_item(document["type"]),
        session.id if session.id is not None else name,
        _item_head(step, item, "item_done", passing, record_id(session.id, "\x1f" + name, 1)),
        orjson.dumps(content),
        event.source,
        b"item",
        item.document,
    )


def publish_response(step: Step, response_id: str | None, fields: dict[str, Any], response: dict[str, Any]) -> None:
    """Bring out a response. `fields` are those of its own beside `response_id`."""
    session, event = step.session, step.event
    assert event is not None
    name = response_id if response_id is not None else f"\x1f{event.identity:016x}"
    config = session.config
    step.notes[len(step.outputs)] = _tuple(Note, ("response", 1, "response_done", config.model, fields))
    head = {
        "schema_version": SCHEMA_VERSION,
        "id": record_id(session.id, "response\x1f" + name, 1),
        "session_sequence": step.next_sequence(),
        "session_id": session.id,
        "conversation_id": None if fields["out_of_band"] else config.conversation_id,
        "provider": config.provider,
        "tenant": config.tenant,
        "model": config.model,
    }
    _write(
        step,
        step.routes.responses,
        session.id if session.id is not None else response_id or name.strip("\x1f"),
        head,
        orjson.dumps({"response_id": response_id, **fields}),
        event.source,
        b"response",
        orjson.dumps(response),
    )


def record_id(session_id: str | None, name: str, revision: int) -> str:
    """The record's id: the same session, item and revision always give the same."""
    text = f"{'' if session_id is None else 's' + session_id}\x1e{name}\x1e{revision}"
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _item_content(session: Session, item: Item, document: dict[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """Every field that decides about a new revision, in the order of the record; and what is merely filled in."""
    type_ = document["type"]
    builder = BUILDERS.get(type_)
    fields, passing, warnings = builder(item, document, session) if builder is not None else NO_FIELDS
    content: dict[str, Any] = {
        "item_id": item.id,
        "item_type": type_,
        "status": text_or_none(document.get("status")),
        "previous_item_id": item.previous_item_id,
        "previous_item_source": item.previous_item_source,
        "response_id": item.response_id,
        "output_index": item.output_index,
        "opened_at": item.opened_at,
        "deleted": item.deleted,
        "metadata": object_or_none(document.get("metadata")),
        "warnings": warnings,
        **fields,
    }
    return content, passing


def _item_head(step: Step, item: Item, cause: str, passing: Mapping[str, Any], id_: str) -> dict[str, Any]:
    """The fields of an item record that never make a revision by themselves."""
    session, config = step.session, step.session.config
    return {
        "schema_version": SCHEMA_VERSION,
        "id": id_,
        "revision": item.revision,
        "cause": cause,
        "session_sequence": step.next_sequence(),
        "session_id": session.id,
        "conversation_id": config.conversation_id,
        "provider": config.provider,
        "tenant": config.tenant,
        "provider_session_id": config.provider_session_id,
        "model": config.model if item.response_id is not None else None,
        "done_at": item.done_at,
        **passing,
    }


def _write(
    step: Step,
    route: Route,
    key: str,
    head: dict[str, Any],
    content: bytes,
    source: bytes,
    body_name: bytes,
    body: bytes,
) -> None:
    """Put the record together out of its JSON pieces, each of which was written once."""
    event, session = step.event, step.session
    value = b"".join(
        (orjson.dumps(head)[:-1], b",", content[1:-1], b',"source":', source, b',"', body_name, b'":', body, b"}")
    )
    source_header = session.source_header or _source_header(session)
    time: str = event.time if event is not None else orjson.loads(source)["received_at"]
    headers: Headers = [
        *route.headers, ("ce_id", head["id"].encode()), source_header, ("ce_time", time.encode())
    ]  # fmt: skip
    trace = event.headers.get("traceparent") if event is not None else None
    size = len(value) + len(source_header[1])
    if trace:
        headers.append(("traceparent", trace))
        size += len(trace)
    if size > step.settings.max_output_bytes:
        limit = step.settings.max_output_bytes
        raise Rejection("too_large", f"its record would have {size} bytes; the limit is {limit} (max_output_bytes)")
    timestamp = event.record.timestamp if event is not None else session.cursor.seen_minute * 60_000
    step.outputs.append(_tuple(Output, (route.topic, key.encode(), value, headers, timestamp)))


_tuple = cast(Any, tuple).__new__
"""What a named tuple's own constructor calls, without the Python call around it."""


def _source_header(session: Session) -> tuple[str, bytes]:
    """`ce_source`: the same for all records of the session while its provider is."""
    provider = session.config.provider or "unknown"
    uri = f"/realtime/{_in_uri(provider)}/{_in_uri(session.id or '-')}"
    session.source_header = "ce_source", uri.encode()
    return session.source_header


_PLAIN = re.compile("[A-Za-z0-9_.~-]*")
"""What stands in a URI as it is: most ids."""


def _in_uri(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else quote(text, safe="")
