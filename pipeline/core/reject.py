"""Records that cannot be used: why, and what is written of them.

The headers are those of Spring Kafka's `DeadLetterPublishingRecoverer`, with its encodings, so that
its tools read ours.
"""

from __future__ import annotations

from typing import Literal

from pipeline.core.records import Headers, InputRecord, Output

Reason = Literal[
    "empty", "not_json", "not_object", "type_missing", "item_missing", "item_invalid", "too_large", "internal_error"
]

_TIMESTAMP_TYPES = {0: b"CreateTime", 1: b"LogAppendTime"}


class Rejection(Exception):
    """The event cannot be used. `message` says what is wrong and where, for the person who reads it."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason: Reason = reason
        self.message = message


_NUMBERS = frozenset(f"kafka_dlt-original-{name}" for name in ("partition", "offset", "timestamp"))
"""Headers that hold a big-endian number."""


def readable_headers(headers: Headers) -> dict[str, str | None]:
    """Headers for people: numbers in decimal, the rest as text, bytes that are none kept readable."""
    return {name: None if value is None else _readable(name, value) for name, value in headers}


def _readable(name: str, value: bytes) -> str:
    if name in _NUMBERS:
        return str(int.from_bytes(value, "big", signed=True))
    return value.decode(errors="backslashreplace")


LONGEST_MESSAGE = 1_000
"""Characters: some messages quote the event."""

LEFT_OUT = "itemstream-left-out"
"""Header that names the parts of the input which the rejected topic has no room for."""


def rejected(topic: str, record: InputRecord, rejection: Rejection, version: bytes, most: int) -> Output:
    """The record for the rejected topic: the input's key, value and headers unchanged, and ours after them.

    A record that came compressed may be larger than any topic takes. Where more than `most` bytes would come of it,
    parts of the input are left out, and a header says which; where the input stands is told in any case.
    """
    ours: Headers = [
        ("kafka_dlt-original-topic", record.topic.encode()),
        ("kafka_dlt-original-partition", record.partition.to_bytes(4, "big", signed=True)),
        ("kafka_dlt-original-offset", record.offset.to_bytes(8, "big", signed=True)),
        ("kafka_dlt-original-timestamp", record.timestamp.to_bytes(8, "big", signed=True)),
        ("kafka_dlt-original-timestamp-type", _TIMESTAMP_TYPES.get(record.timestamp_type or 0, b"NoTimestampType")),
        ("kafka_dlt-exception-fqcn", b"pipeline.core.reject.Rejection"),
        ("kafka_dlt-exception-message", rejection.message[:LONGEST_MESSAGE].encode(errors="replace")),
        ("itemstream-reject-reason", rejection.reason.encode()),
        ("itemstream-version", version),
    ]
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


def _size(headers: Headers) -> int:
    # Two lengths go before each, of up to five bytes.
    return sum(len(name.encode(errors="replace")) + len(value or b"") + 10 for name, value in headers)
