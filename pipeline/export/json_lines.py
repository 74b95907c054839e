"""Records as lines of JSON and back, byte for byte.

A line is an object: `topic`, `partition`, `offset`, `timestamp` (ms since the epoch, -1 for none), `timestamp_type`,
`key`, `headers` (pairs, in order), and last the value: `event` where it is a JSON object of a topic of events, `value`
of any other topic, else `raw` (text, or null for no value), or `raw_base64`. Bytes that are no UTF-8 are
`{"base64": "…"}` in keys and headers. Lines of events have `time`, `session_id`, `sequence`, `provider` and `tenant`
too, so that `itemstream process` reads them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, cast

import orjson

from pipeline.core import InputRecord
from pipeline.core.event import rfc3339
from pipeline.core.values import MAX_DEPTH, object_or_none, too_deep
from pipeline.errors import ItemstreamError
from topics.fetched_records import FetchedRecord

TIMESTAMP_TYPES = ("CreateTime", "LogAppendTime")
"""By Kafka's names, in the order of their numbers."""

_MARKS = b',"event":', b',"value":'
"""Before them stand pairs and scalars only, and a quote inside of a text is escaped: the first one begins the value."""


def line_maker(*, events: bool) -> Callable[[InputRecord], bytes]:
    """What makes a line, with its newline, of a record; `events`: the topic holds server events."""
    name = "event" if events else "value"
    envelope = event_fields if events else _nothing

    def line(record: InputRecord) -> bytes:
        return orjson.dumps(
            {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "timestamp": record.timestamp,
                "timestamp_type": TIMESTAMP_TYPES[record.timestamp_type or 0],
                **envelope(record),
                "key": _text(record.key),
                "headers": [(_name(key), _text(value)) for key, value in record.headers],
                **_value(record.value, name),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )

    return line


def _nothing(_record: InputRecord) -> dict[str, Any]:
    return {}


def event_fields(record: InputRecord) -> dict[str, Any]:
    """What the headers of a server event say, as the worker reads them."""
    headers = dict(record.headers)
    sequence = headers.get("ce_sequence")
    return {
        "time": _readable(headers.get("ce_time")) or (rfc3339(record.timestamp) if record.timestamp >= 0 else None),
        "session_id": _readable(headers.get("ce_sessionid") or record.key),
        "sequence": int(sequence) if sequence and sequence.isdigit() and len(sequence) < 19 else record.offset,
        "provider": _readable(headers.get("ce_provider")),
        "tenant": _readable(headers.get("ce_tenant")),
    }


def _readable(raw: bytes | None) -> str | None:
    return raw.decode(errors="backslashreplace") if raw else None


def _text(raw: bytes | None) -> str | dict[str, str] | None:
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(raw).decode()}


def _name(name: str) -> str | dict[str, str]:
    # Names that are no UTF-8 come with surrogate escapes.
    return name if name.isascii() else cast(str, _text(name.encode(errors="surrogateescape")))


def _value(value: bytes | None, name: str) -> dict[str, Any]:
    if value is None:
        return {"raw": None}
    if b"\n" not in value:
        try:
            parsed = object_or_none(orjson.loads(value))
            # What nests deeper than other programs read stays a text.
            brackets = value.count(b"{") + value.count(b"[")
            if parsed is not None and not (brackets > MAX_DEPTH and too_deep(parsed)):
                return {name: orjson.Fragment(value)}
        except orjson.JSONDecodeError:
            pass
    try:
        return {"raw": value.decode()}
    except UnicodeDecodeError:
        return {"raw_base64": base64.b64encode(value).decode()}


def read_line(line: bytes, where: str) -> FetchedRecord:
    """The record of a line. Raises ItemstreamError, naming `where`, for what is no line of an export."""
    parsed, value = _split(line, where)
    try:
        return FetchedRecord(
            _of(str, parsed["topic"]),
            _of(int, parsed["partition"]),
            _of(int, parsed["offset"]),
            _of(int, parsed["timestamp"]),
            TIMESTAMP_TYPES.index(parsed.get("timestamp_type", TIMESTAMP_TYPES[0])),
            _bytes(parsed.get("key")),
            value,
            [_header(pair) for pair in _of(list, parsed.get("headers", []))],
        )
    except KeyError as missing:
        raise ItemstreamError(f"{where} has no {missing}: it is not of `itemstream export`") from None
    except (TypeError, ValueError, binascii.Error) as error:
        raise ItemstreamError(f"{where} is not of `itemstream export`, or was changed: {error}") from None


def _split(line: bytes, where: str) -> tuple[dict[str, Any], bytes | None]:
    """All but the value, and the value's bytes as they stand in the line."""
    text = line.rstrip(b"\n")
    places = [place for mark in _MARKS if (place := text.find(mark)) >= 0]
    if places and text.endswith(b"}"):
        place = min(places)
        value = text[place + len(_MARKS[0]) : -1]
        try:
            parsed, event = object_or_none(orjson.loads(text[:place] + b"}")), object_or_none(orjson.loads(value))
            if parsed is not None and event is not None:
                return parsed, value
        except orjson.JSONDecodeError:
            pass  # another program wrote it: other spaces, another order
    try:
        parsed = object_or_none(orjson.loads(text))
    except orjson.JSONDecodeError as error:
        raise ItemstreamError(f"{where} is not JSON: {error}") from None
    if parsed is None:
        raise ItemstreamError(f"{where} is not a JSON object")
    try:
        return parsed, _value_of(parsed)
    except (TypeError, ValueError, binascii.Error) as error:
        raise ItemstreamError(f"{where} is not of `itemstream export`, or was changed: {error}") from None


def _value_of(parsed: dict[str, Any]) -> bytes | None:
    given = [name for name in ("event", "value", "raw", "raw_base64") if name in parsed]
    if len(given) != 1:
        raise ValueError(f"it has {len(given)} of event, value, raw and raw_base64, and one is needed")
    value: Any = parsed[given[0]]
    if given[0] == "raw":
        return None if value is None else _of(str, value).encode()
    if given[0] == "raw_base64":
        return base64.b64decode(_of(str, value), validate=True)
    return orjson.dumps(value)


def _header(pair: Any) -> tuple[str, bytes | None]:
    name, value = cast(Sequence[Any], _of(list, pair))
    return (_bytes(name) or b"").decode(errors="surrogateescape"), _bytes(value)


def _bytes(told: Any) -> bytes | None:
    if told is None:
        return None
    if isinstance(told, str):
        return told.encode()
    return base64.b64decode(_of(str, _of(dict, told)["base64"]), validate=True)


def _of(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{orjson.dumps(value).decode()[:60]} is not a {kind.__name__}")
    return value
