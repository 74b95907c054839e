"""The events in a request's body, whatever form it has, each as the bytes that stand there."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import msgspec

from pipeline.ingest.http.attributes import Attributes, of_structured
from pipeline.ingest.http.problem import Problem

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
STRUCTURED_BATCH = "application/cloudevents-batch+json"
NDJSON = "application/x-ndjson"
JSON_PATTERN = f"^{JSON}( *;[ -~]*)?$"


class Found(NamedTuple):
    """One event of a body, or why there is none where one should be."""

    value: bytes
    attributes: Attributes
    type: str | None = None
    """As a CloudEvent's own attribute tells it; the event's JSON must say the same."""
    id: str | None = None
    problem: Problem | None = None


class _CloudEvent(msgspec.Struct):
    specversion: str
    id: str
    source: str
    type: str
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data_base64: str | None = None
    datacontenttype: str = JSON
    sessionid: str | None = None
    sequence: str | None = None
    time: str | None = None
    provider: str | None = None
    tenant: str | None = None
    traceparent: str | None = None


_raw_list = msgspec.json.Decoder(list[msgspec.Raw])
_cloud_event = msgspec.json.Decoder(_CloudEvent)


def one_json(body: bytes, request: Attributes) -> list[Found]:
    return [Found(body, request)]


def one_structured(body: bytes, request: Attributes) -> list[Found]:
    return [_structured(body, request)]


def json_array(body: bytes, request: Attributes) -> list[Found]:
    return [_numbered(Found(value, request), index) for index, value in enumerate(_elements(body))]


def json_lines(body: bytes, request: Attributes) -> list[Found]:
    lines = (line.strip() for line in body.split(b"\n"))
    return [_numbered(Found(line, request), index) for index, line in enumerate(line for line in lines if line)]


def structured_array(body: bytes, request: Attributes) -> list[Found]:
    return [_structured(value, request) for value in _elements(body)]


Reader = Callable[[bytes, Attributes], list[Found]]

ONE: dict[str, Reader] = {JSON: one_json, STRUCTURED: one_structured}
BATCH: dict[str, Reader] = {
    JSON: json_array,
    NDJSON: json_lines,
    "application/ndjson": json_lines,
    "application/jsonl": json_lines,
    STRUCTURED_BATCH: structured_array,
}
"""Media type → how to read a body of it."""


def reader_of(content_type: str | None, readers: dict[str, Reader], encoding: str | None) -> Reader:
    """Raises Problem 415 for another media type, charset or content encoding."""
    media, _, parameters = (content_type or "").partition(";")
    reader = readers.get(media.strip().lower())
    charset = next((p.partition("=")[2] for p in parameters.split(";") if p.strip().lower().startswith("charset=")), "")
    if reader is None or charset.strip(' "').lower() not in ("", "utf-8", "utf8"):
        raise Problem(415, f"content-type: one of {', '.join(readers)}, in UTF-8", field="content-type")
    if (encoding or "identity").lower() != "identity":
        raise Problem(415, "content-encoding: bodies are taken uncompressed", field="content-encoding")
    return reader


def _elements(body: bytes) -> list[bytes]:
    try:
        return [bytes(value) for value in _raw_list.decode(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"the body is not a JSON array of events: {error}") from None


def _numbered(found: Found, index: int) -> Found:
    """A batch's `sequence` is that of its first event; each further one is the next."""
    sequence = found.attributes.sequence
    if not index or sequence is None:
        return found
    return found._replace(attributes=found.attributes._replace(sequence=sequence + index))


def _structured(body: bytes, request: Attributes) -> Found:
    try:
        return _read_structured(body, request)
    except Problem as problem:
        return Found(b"", request, problem=problem)


def _read_structured(body: bytes, request: Attributes) -> Found:
    try:
        event = _cloud_event.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, f"not a structured CloudEvent: {error}", field=_field(str(error))) from None
    if event.specversion != "1.0":
        raise Problem(400, "specversion: only CloudEvents 1.0 is read", field="specversion")
    for name in ("id", "source", "type"):
        if not getattr(event, name):
            raise Problem(400, f"{name}: must not be empty", field=name)

    if not re.fullmatch(JSON_PATTERN[1:-1], event.datacontenttype):
        raise Problem(400, f"datacontenttype: events are {JSON}", field="datacontenttype")
    attributes = of_structured(partial(getattr, event), request)
    return Found(_data(event), attributes, event.type, event.id)


def _data(event: _CloudEvent) -> bytes:
    if event.data is not msgspec.UNSET:
        return bytes(event.data)
    if event.data_base64 is None:
        raise Problem(400, "data: the event is missing", field="data")
    try:
        return base64.b64decode(event.data_base64, validate=True)
    except (binascii.Error, ValueError):
        raise Problem(400, "data_base64: not base64", field="data_base64") from None


def _field(message: str) -> str | None:
    """The field that msgspec names: ``… missing required field `id` ``, ``… - at `$.time` ``."""
    _, at, path = message.partition(" - at `$.")
    if at:
        return path.rstrip("`")
    _, missing, name = message.partition("missing required field `")
    return name.rstrip("`") if missing else None
