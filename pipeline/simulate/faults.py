"""Trouble on the way in: events delivered again, alone or in blocks, and records that are broken.

A repeat must change nothing that comes out; a broken record must come out as rejected, for the reason given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from pipeline.simulate.model import Json, SimulatedEvent

Collected = tuple[int, bytes | None, Json | None]
"""When (ms), the value, and the event it was written from (None for a broken value)."""

Breaker = Callable[[Random], bytes | None]


@dataclass(frozen=True, slots=True)
class Faults:
    """`repeat_ratio`: part of the events at which a delivery is repeated. `bad_ratio`: broken records per event."""

    repeat_ratio: float = 0.0
    bad_ratio: float = 0.0


def _whole(rng: Random) -> bytes:
    item = b'"item":{"id":"item_%d","type":"message","role":"user","content":[]}' % rng.getrandbits(40)
    return b'{"type":"conversation.item.done","event_id":"event_%d",%s}' % (rng.getrandbits(40), item)


def _cut(rng: Random) -> bytes:
    # Behind the type, so that a reader sees an event that matters before it finds it broken.
    value = _whole(rng)
    return value[: rng.randrange(50, len(value) - 1)]


BREAKERS: tuple[tuple[Breaker, str], ...] = (
    (lambda rng: None, "empty"),
    (lambda rng: b"", "empty"),
    (_cut, "not_json"),
    (lambda rng: _cut(rng) + b"\xff\xfe", "not_json"),  # no UTF-8, and broken as well where a copy mends that
    (lambda rng: b"\x00\x01not json at all", "not_json"),
    (lambda rng: b"[1,2,3]", "not_object"),
    (lambda rng: b'"session.created"', "not_object"),
    (lambda rng: b"17", "not_object"),
    (lambda rng: b'{"event_id":"event_x","item":{}}', "type_missing"),
    (lambda rng: b'{"type":null,"event_id":"event_x"}', "type_missing"),
    (lambda rng: b'{"type":"conversation.item.done","event_id":"event_x"}', "item_missing"),
    (lambda rng: b'{"type":"conversation.item.added","item":null}', "item_missing"),
    (lambda rng: b'{"type":"conversation.item.done","item":["message"]}', "item_invalid"),
    (lambda rng: b'{"type":"conversation.item.added","item":{"id":7,"type":"message"}}', "item_invalid"),
)
"""Ways to break a record, and the reason each must be rejected for."""


def break_some(events: list[Collected], ratio: float, rng: Random) -> tuple[list[Collected], list[str]]:
    """The events with broken records among them, and for each of those the reason it must be rejected for."""
    out: list[Collected] = []
    rejected: list[str] = []
    for event in events:
        out.append(event)
        if rng.random() < ratio:
            breaker, reason = rng.choice(BREAKERS)
            out.append((event[0], breaker(rng), None))
            rejected.append(reason)
    return out, rejected


def repeat_some(events: list[SimulatedEvent], ratio: float, rng: Random) -> list[SimulatedEvent]:
    """The events with some delivered again as they were, alone or in blocks; broken ones come once."""
    out: list[SimulatedEvent] = []
    for index, event in enumerate(events):
        out.append(event)
        if rng.random() < ratio:
            length = rng.choice((1, 1, 1, 5, 25))
            until = index + 1 - rng.choice((0, 0, 10))
            out += [one for one in events[max(0, until - length) : max(0, until)] if one.whole]
    return out
