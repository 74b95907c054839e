"""Records that cannot be used: why, and what is written of them.

The headers are those of `topics.dead_letters`.
"""

from __future__ import annotations

from typing import Any, Literal

from pipeline.core.records import Headers, InputRecord, Output
from topics.dead_letters import Origin, Original, exception_headers, origin_headers

Reason = Literal[
    "empty", "not_json", "not_object", "type_missing", "item_missing", "item_invalid", "too_large", "internal_error"
]


class Rejection(Exception):
    """The event cannot be used. `message` says what is wrong and where, for the person who reads it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message


LEFT_OUT = "itemstream-left-out"
"""Header that names the parts of the input which the rejected topic has no room for."""


def rejected(topic: str, record: InputRecord, rejection: Rejection, version: bytes, most: int) -> Output:
    """The record for the rejected topic: the input's key, value and headers unchanged, and ours after them.

    A record that came compressed may be larger than any topic takes. Where more than `most` bytes would come of it,
    parts of the input are left out, and a header says which; where the input stands is told in any case.
    """
    ours = _told(record, rejection, version)
    key, value, headers = record.key, record.value, list(record.headers)
    room = most - _size(ours)
    parts = {"value": len(value or b""), "headers": _size(headers), "key": len(key or b"")}
    if sum(parts.values()) <= room:
        return Output(topic, key, value, headers + ours, record.timestamp)
    left_out: list[str] = []
    for part in list(parts):
        left_out.append(part)
        del parts[part]
        if sum(parts.values()) + len(LEFT_OUT) + len("value,headers,key") <= room:
            break
    ours.append((LEFT_OUT, ",".join(left_out).encode()))
    if "headers" in parts:
        ours = headers + ours
    return Output(topic, key if "key" in parts else None, None, ours, record.timestamp)


def lost(topic: str, source: dict[str, Any], ms: int, rejection: Rejection, version: bytes) -> Output:
    """The record for what was taken and then could not come out. All that is left of the input is where it stands:
    `source` as records have it; `ms` is the time of the record."""
    origin = Origin(source.get("topic", ""), source.get("partition", -1), source.get("offset", -1), ms)
    headers = _told(origin, rejection, version)
    return Output(topic, None, None, [*headers, (LEFT_OUT, b"value,headers,key")], ms)


def _told(origin: Original, rejection: Rejection, version: bytes) -> Headers:
    return [
        *origin_headers(origin),
        *exception_headers("pipeline.core.reject.Rejection", rejection.message),
        ("itemstream-reject-reason", rejection.reason.encode()),
        ("itemstream-version", version),
    ]


def _size(headers: Headers) -> int:
    # Two lengths go before each, of up to five bytes.
    return sum(len(name.encode(errors="replace")) + len(value or b"") + 10 for name, value in headers)
