"""What the sender says about events beside the events: CloudEvents headers, query parameters, structured attributes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import unquote_to_bytes

from pipeline.core.rfc3339 import milliseconds
from pipeline.ingest.http.problem import Problem


class Attributes(NamedTuple):
    """Of one event, or of all of a batch; `sequence` is then that of the first."""

    session: str | None = None
    sequence: int | None = None
    time: str | None = None
    provider: str | None = None
    tenant: str | None = None
    traceparent: str | None = None


# Of both: at most 512 bytes of UTF-8, which is what the worker takes for an id.
MAX_TEXT = 128
MAX_HEADER = 512
SEQUENCE_PATTERN = "^[0-9]{1,18}$"
TEXT_PATTERN = r"^[^\x00-\x1f\x7f]+$"
HEADER_PATTERN = r"^([^\x00-\x1f\x7f%]|%([2-689A-Fa-f][0-9A-Fa-f]|7[0-9A-Ea-e]))+$"
"""CloudEvents' HTTP binding percent-encodes what a header can't hold; control characters are none of it."""
_TRACEPARENT = re.compile("[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def _text(name: str, value: str) -> str:
    if len(value) > MAX_TEXT or not re.fullmatch(TEXT_PATTERN[1:-1], value):
        raise Problem(400, f"{name}: 1 to {MAX_TEXT} characters, none of them a control character", field=name)
    return value


def _header(name: str, value: str) -> str:
    if len(value) > MAX_HEADER or not re.fullmatch(HEADER_PATTERN[1:-1], value):
        detail = f"{name}: 1 to {MAX_HEADER} characters, percent-encoded where need be, no control characters"
        raise Problem(400, detail, field=name)
    raw = unquote_to_bytes(value.encode("latin-1", "replace"))
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _sequence(name: str, value: str) -> int:
    if not re.fullmatch(SEQUENCE_PATTERN[1:-1], value):
        raise Problem(400, f"{name}: a decimal number of at most 18 digits", field=name)
    return int(value)


def _time(name: str, value: str) -> str:
    if not value.isascii() or milliseconds(value.encode()) is None:
        raise Problem(400, f"{name}: an RFC 3339 time such as 2026-01-31T12:00:00.000Z", field=name)
    return value


_Reader = Callable[[str, str], object]

_READ: dict[str, _Reader] = {
    "session": _text,
    "sequence": _sequence,
    "time": _time,
    "provider": _text,
    "tenant": _text,
}
_READ_HEADER: dict[str, _Reader] = {name: _header if read is _text else read for name, read in _READ.items()}

# What each attribute is called, by where it stands.
HEADERS = {
    "session": "ce-sessionid",
    "sequence": "ce-sequence",
    "time": "ce-time",
    "provider": "ce-provider",
    "tenant": "ce-tenant",
}
QUERY = {
    "session": "session_id",
    "sequence": "sequence",
    "time": "time",
    "provider": "provider",
    "tenant": "tenant",
}
STRUCTURED = {**QUERY, "session": "sessionid"}

Source = Callable[[str], str | None]


def of_request(header: Source, parameters: Sequence[tuple[str, str]]) -> Attributes:
    """Headers win over query parameters. Raises Problem naming the one that is wrong, there twice, or unknown: a
    misspelt one would cost the events their session."""
    query = dict(parameters)
    for name, _ in parameters:
        if name not in QUERY.values():
            raise Problem(
                400, f"an unknown query parameter; there are {', '.join(QUERY.values())}", field=name[:MAX_TEXT]
            )
    if len(query) < len(parameters):
        raise Problem(400, "a query parameter is there more than once")
    if header("ce-specversion") not in (None, "1.0"):
        raise Problem(400, "ce-specversion: only CloudEvents 1.0 is read", field="ce-specversion")
    asked = _read(_READ, QUERY, query.get)
    told = _read(_READ_HEADER, HEADERS, header)
    return Attributes(**cast(dict[str, Any], {**asked, **told, "traceparent": traceparent(header("traceparent"))}))


def of_structured(attribute: Source, request: Attributes) -> Attributes:
    """Those of a structured CloudEvent, over those of the request that brought it."""
    told = _read(_READ, STRUCTURED, attribute)
    if (trace := traceparent(attribute("traceparent"))) is not None:
        told["traceparent"] = trace
    return request._replace(**cast(dict[str, Any], told))


def traceparent(value: str | None) -> str | None:
    """The W3C trace context; one that can't be read counts as none, as the W3C has it."""
    return value if value is not None and _TRACEPARENT.fullmatch(value) else None


def _read(readers: Mapping[str, _Reader], names: Mapping[str, str], source: Source) -> dict[str, object]:
    return {
        attribute: readers[attribute](name, value)
        for attribute, name in names.items()
        if (value := source(name)) is not None
    }
