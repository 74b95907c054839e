"""Ways to break a record, by a seeded random: each gives another record, none of them made with care for the reader."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import orjson

from pipeline.core.handlers import FIRST_OUTPUTS, HANDLERS
from tests.core.events import Record

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, -0.0, 2**63, 2**64 - 1, -(2**63), 1e308, "", "x", "\x00", "\x1e", "😀", [], {},
    [None], [[]], {"": None}, {"id": None}, "null", "in_progress", "completed", "message", "function_call", ["text"],
    "9" * 400,
)  # fmt: skip
NAMES = (
    "id", "type", "item", "item_id", "response", "response_id", "content", "content_index", "status", "role", "call_id",
    "output", "arguments", "previous_item_id", "transcript", "text", "part", "error", "usage", "session", "metadata",
    "conversation_id", "output_index", "audio_end_ms", "tools", "approval_request_id", "event_id", "logprobs",
    "languages",
)  # fmt: skip
TYPES = (*HANDLERS, *FIRST_OUTPUTS)
HEADERS = (
    "ce_sessionid", "ce_sequence", "ce_time", "ce_provider", "ce_tenant", "ce_id", "ce_type", "traceparent", "x", "",
)  # fmt: skip
BYTES = (None, b"", b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b"x" * 3000, b"-1", b"9999-99-99T99:99:99Z", b"\xf0\x9f")

Mutation = Callable[[Random, Record], Record]


def _with(record: Record, value: bytes | None) -> Record:
    return Record(value, record.key, record.headers, record.offset, record.timestamp)


def _edited(edit: Callable[[Random, Any], Any]) -> Mutation:
    """A mutation of the event as JSON; one of the bytes where there is none."""

    def mutate(random: Random, record: Record) -> Record:
        try:
            event = orjson.loads(record.value or b"")
        except orjson.JSONDecodeError:
            return _cut(random, record)
        try:
            return _with(record, orjson.dumps(edit(random, event)))
        except orjson.JSONEncodeError:  # nested deeper than can be written
            return _cut(random, record)

    return mutate


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a value that holds another: container and key."""
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo:
        node = todo.pop()
        entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, below in entries:
            found.append((node, key))
            todo.append(below)
    return found


def _some_place(random: Random, event: Any, new: Callable[[Any], Any]) -> Any:
    places = _places(event)
    if places:
        holder, key = random.choice(places)
        holder[key] = new(holder[key])
    return event


def _wrong_type(random: Random, event: Any) -> Any:
    return _some_place(random, event, lambda _: random.choice(ODD))


def _nulls(random: Random, event: Any) -> Any:
    for holder, key in _places(event):
        if random.random() < 0.4:
            holder[key] = None
    return event


def _missing(random: Random, event: Any) -> Any:
    holder, key = random.choice(_places(event) or [({"x": 1}, "x")])
    del holder[key]
    return event


def _other_name(random: Random, event: Any) -> Any:
    if isinstance(event, dict):
        event[random.choice(NAMES)] = random.choice(ODD)
    return event


def _other_type(random: Random, event: Any) -> Any:
    if isinstance(event, dict):
        event["type"] = random.choice(TYPES)
    return event


def _deep(random: Random, event: Any) -> Any:
    def nest(value: Any) -> Any:
        for _ in range(random.choice((3, 60, 98, 99, 100, 101, 120, 250))):
            value = {"a": value} if random.random() < 0.5 else [value]
        return value

    return _some_place(random, event, nest)


def _large(random: Random, event: Any) -> Any:
    size = random.choice((10_000, 100_000, 1_000_000, 1_100_000))
    return _some_place(random, event, lambda _: "x" * size)


def _many(random: Random, event: Any) -> Any:
    return _some_place(random, event, lambda value: [value] * random.choice((2, 50, 2_000)))


def _cut(random: Random, record: Record) -> Record:
    value = record.value or b""
    return _with(record, value[: random.randrange(len(value) + 1)])


def _noise(random: Random, record: Record) -> Record:
    value = bytearray(record.value or b"{}")
    for _ in range(random.randint(1, 4)):
        value[random.randrange(len(value))] = random.randrange(256)
    return _with(record, bytes(value))


def _insert(*pieces: bytes) -> Mutation:
    """Bytes where a text ends: into the text, or right behind it."""

    def mutate(random: Random, record: Record) -> Record:
        value = record.value or b'{"":""}'
        quotes = [place for place, byte in enumerate(value) if byte == 0x22] or [0]
        place = random.choice(quotes) + random.randrange(2)
        return _with(record, value[:place] + random.choice(pieces) + value[place:])

    return mutate


def _number(random: Random, record: Record) -> Record:
    number = random.choice(
        (b"1e999", b"-1e400", b"9" * 400, b"1" + b"0" * 30, b"1e-999", b"0.1" + b"1" * 500, b"NaN", b"01")
    )
    return _with(record, (record.value or b"{}").replace(b'{"', b'{"content_index":' + number + b',"', 1))


def _deep_bytes(random: Random, record: Record) -> Record:
    depth = random.choice((200, 1_023, 1_025, 50_000))
    return _with(record, (record.value or b"{}").replace(b'{"', b'{"x":' + b"[" * depth + b"]" * depth + b',"', 1))


def _key(random: Random, record: Record) -> Record:
    return Record(record.value, random.choice(BYTES), record.headers, record.offset, record.timestamp)


def _header(random: Random, record: Record) -> Record:
    headers = [*record.headers, (random.choice(HEADERS), random.choice(BYTES))]
    return Record(record.value, record.key, headers, record.offset, record.timestamp)


def _no_value(random: Random, record: Record) -> Record:
    return _with(record, random.choice((None, b"", b" ", b"null", b"[]", b"0", b'"x"', b"{}")))


def _time(random: Random, record: Record) -> Record:
    timestamp = random.choice((-1, 0, 1, 2**40, 2**62, record.timestamp - 10**9))
    return Record(record.value, record.key, record.headers, record.offset, timestamp)


MUTATIONS: dict[str, Mutation] = {
    "cut": _cut, "noise": _noise, "wrong type": _edited(_wrong_type), "nulls": _edited(_nulls),
    "missing": _edited(_missing), "other name": _edited(_other_name), "other type": _edited(_other_type),
    "deep": _edited(_deep), "deep bytes": _deep_bytes, "large": _edited(_large), "many": _edited(_many),
    "number": _number, "surrogate": _insert(b"\\ud800", b"\\udfff\\ud800", b"\\ud83d"),
    "invalid UTF-8": _insert(b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"), "key": _key, "header": _header,
    "no value": _no_value, "time": _time,
}  # fmt: skip
RARE = {"large": 0.02, "many": 0.1}
"""Mutations whose records are much larger than others, and how much more seldom than others they are."""

_WEIGHTS = [RARE.get(name, 1.0) for name in MUTATIONS]


def mutated(random: Random, record: Record) -> tuple[str, Record]:
    """A record broken in one to three ways, and the name of the last."""
    name = ""
    for name in random.choices(list(MUTATIONS), _WEIGHTS, k=random.choice((1, 1, 1, 2, 3))):
        record = MUTATIONS[name](random, record)
    return name, record
