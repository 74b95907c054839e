"""Bodies that are no events any more: a right one, broken in one place, seeded."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import orjson

from pipeline.core.values import too_deep
from tests.ingest.http.support import EVENT

WRONG: tuple[Any, ...] = (None, "", 0, -1.5, True, [], {}, [None], "\ud800", 10**30)


def _cut(rng: random.Random, data: bytes) -> bytes:
    return data[: rng.randrange(len(data))]


def _put_in(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + rng.choice((b"\x00", b"\xff", b'"', b"{", b"}", b"]", b",", b"\\", b"NaN")) + data[place:]


def _take_out(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + data[place + rng.randint(1, 5) :]


def _swap(rng: random.Random, data: bytes) -> bytes:
    place = rng.randrange(len(data))
    return data[:place] + rng.randbytes(1) + data[place + 1 :]


def _retype(rng: random.Random, data: bytes) -> bytes:
    event = json.loads(data)
    part, name = rng.choice(((event, "type"), (event, "event_id"), (event, "item"), (event["item"], "type")))
    part[name] = rng.choice(WRONG)
    return json.dumps(event).encode()


def _leave_out(rng: random.Random, data: bytes) -> bytes:
    event = json.loads(data)
    part, name = rng.choice(((event, "type"), (event, "event_id"), (event, "item"), (event["item"], "type")))
    del part[name]
    return json.dumps(event).encode()


def _wrong_field(rng: random.Random, data: bytes) -> bytes:
    event = json.loads(data)
    name = rng.choice(("id", "object", "role", "status", "call_id", "name", "arguments", "content", "metadata"))
    event["item"][name] = rng.choice((0, -1.5, True, 10**30))
    return json.dumps(event).encode()


def _nest(rng: random.Random, data: bytes) -> bytes:
    depth = rng.choice((101, 600, 20_000))
    return data[:-1] + b',"deep":' + b"[" * depth + b"]" * depth + b"}"


def _wrap(rng: random.Random, data: bytes) -> bytes:
    return rng.choice((b"[%s]", b'"%s"', b"%s%s", b"data: %s", b"\xef\xbb\xbf%s", b"<e>%s</e>")).replace(b"%s", data)


WAYS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _cut,
    _put_in,
    _take_out,
    _swap,
    _retype,
    _leave_out,
    _wrong_field,
    _nest,
    _wrap,
)


def malformed(count: int, seed: int) -> Iterator[bytes]:
    """`count` bodies, none of which is an event as documented, by a check that knows nothing of the collector's."""
    rng = random.Random(seed)
    right = json.dumps(EVENT).encode()
    while count:
        data = right
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            try:
                data = rng.choice(WAYS)(rng, data)
            except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
                continue  # broken already, too much for this way
        if data and not _is_event(data):
            count -= 1
            yield data


def _is_event(data: bytes) -> bool:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError:
        return False
    if not isinstance(event, dict) or too_deep(event):
        return False
    item = event.get("item")
    return (
        event.get("type") == EVENT["type"]
        and _is_text(event.get("event_id"))
        and isinstance(event.get("previous_item_id"), str | None)
        and isinstance(item, dict)
        and _is_text(item.get("type"))
        and all(isinstance(item.get(name), str | None) for name in _TEXTS)
        and isinstance(item.get("output"), str | list | None)
        and isinstance(item.get("metadata"), dict | None)
        and isinstance(item.get("content"), list | None)
        and all(isinstance(part, dict) for part in item.get("content") or ())
    )


_TEXTS = ("id", "object", "role", "status", "call_id", "name", "arguments")


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
