"""What a store is filled with: simulated sessions, many times over with other names and on other days."""

from __future__ import annotations

import random
from collections.abc import Iterator

import orjson

from pipeline.core import CoreSettings, Partition
from pipeline.core.records import Output
from pipeline.simulate.generate import sessions as simulated
from pipeline.simulate.model import SimulatedSession
from tests.core.events import Record

PREFIX = "realtime"
BASE = 600
LONG = 10_000
LONG_SESSION = "one-long-conversation"
RARE_WORD = "zibeline"
RARE_OF = 2_000
"""In so many sessions one says the rare word."""

TopicRecord = tuple[str, bytes, bytes]
"""Topic, key and value."""


def outputs_of(session: SimulatedSession) -> list[Output]:
    """What the core makes of a whole session."""
    core = Partition(CoreSettings(prefix=PREFIX))
    events = [
        Record(event.value, session.session_id.encode(), list(event.headers), number, event.time_ms)
        for number, event in enumerate(session.events)
    ]
    return [*core.process(events).outputs, *core.end().outputs]


def is_new_item(topic: str, value: bytes) -> bool:
    """Whether a record is the first revision of an item."""
    return topic.startswith(f"{PREFIX}.items.") and b'"revision":1,' in value


def many(items: int) -> Iterator[TopicRecord]:
    """Records with so many items in them, revisions of the same item counted once."""
    rng = random.Random(1)
    base = [outputs_of(one) for one in simulated(5, BASE)]
    number, left = 0, items
    while left > 0:
        for outputs in base:
            if not outputs or left <= 0:
                continue
            name = outputs[0].key or b""
            number += 1
            other, day = (
                f"sess_{number:07d}{rng.getrandbits(48):012x}".encode(),
                b"2026-05-%02dT" % rng.randrange(1, 29),
            )
            rare = number % RARE_OF == 1
            for one in outputs:
                value = (one.value or b"").replace(name, other).replace(b"2026-05-28T", day)
                if rare:
                    value = value.replace(b"the ", b"the %s " % RARE_WORD.encode())
                yield one.topic, other, value
                left -= is_new_item(one.topic, value)


def long_conversation() -> Iterator[TopicRecord]:
    """One session of `LONG` items, each behind the one before."""
    message = next(
        one for session in simulated(7, 50) for one in outputs_of(session) if one.topic.endswith("items.messages")
    )
    record = orjson.loads(message.value or b"")
    for number in range(LONG):
        before = f"item_{number - 1:06d}" if number else None
        value = {**record, "id": f"long-{number}", "session_id": LONG_SESSION, "item_id": f"item_{number:06d}"}
        value |= {"previous_item_id": before, "session_sequence": number + 1, "revision": 1}
        yield message.topic, LONG_SESSION.encode(), orjson.dumps(value)
