"""A load whose outcome is known in advance, and the check of what came out of it.

Each session is a row of messages; each message is three events that change nothing (deltas) and one
`conversation.item.done`. So every fourth event is one output record, and a session of n messages has the sequence
numbers 1 to n.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

EVENTS_PER_MESSAGE = 4


@dataclass(frozen=True)
class Event:
    """One input record."""

    partition: int
    session: str
    value: bytes


def events(count: int, partitions: int, sessions: int = 120) -> Iterator[Event]:
    """`count` events (a multiple of 4), the sessions taking turns message by message."""
    for message in range(count // EVENTS_PER_MESSAGE):
        number = message % sessions
        session, item = f"session-{number}", f"item-{number}-{message // sessions}"
        common = {"item_id": item, "response_id": f"response-{message}", "content_index": 0, "output_index": 0}
        for part in range(EVENTS_PER_MESSAGE - 1):
            delta = {
                "type": "response.output_text.delta",
                "event_id": f"d-{message}-{part}",
                "delta": "word ",
                **common,
            }
            yield Event(number % partitions, session, orjson.dumps(delta))
        done = {
            "type": "conversation.item.done",
            "event_id": f"i-{message}",
            "previous_item_id": None,
            "item": {
                "id": item,
                "object": "realtime.item",
                "type": "message",
                "status": "completed",
                "role": "user",
                "content": [{"type": "input_text", "text": f"message {message} of {session}"}],
            },
        }
        yield Event(number % partitions, session, orjson.dumps(done))


def expected(count: int, sessions: int = 120) -> set[tuple[str, str, int]]:
    """(session, item, revision) of every record that must come out of `events(count, …)`."""
    messages = range(count // EVENTS_PER_MESSAGE)
    return {(f"session-{n % sessions}", f"item-{n % sessions}-{n // sessions}", 1) for n in messages}


async def produce(bootstrap_servers: str, topic: str, load: Sequence[Event]) -> None:
    """Write `load` in order."""
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, linger_ms=5, max_batch_size=200_000, enable_idempotence=True
    )
    await producer.start()
    try:
        waiting = [await producer.send(topic, e.value, e.session.encode(), e.partition) for e in load]
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()


@dataclass
class Outcome:
    """What a read_committed reader found. All of it empty and zero is what exactly once means."""

    lost: set[tuple[str, str, int]] = field(default_factory=set[tuple[str, str, int]])
    duplicates: int = 0
    """Records whose (session, item, revision) was there before."""
    differing_ids: int = 0
    """Of these, the ones with another `id` than the first."""
    unexpected: int = 0
    disorder: int = 0
    """Records whose session_sequence does not follow the one before it in the topic."""

    @property
    def summary(self) -> str:
        return (
            f"lost {len(self.lost)}, duplicates {self.duplicates} (other ids {self.differing_ids}), "
            f"unexpected {self.unexpected}, out of order {self.disorder}"
        )


def judge(records: Sequence[Any], wanted: set[tuple[str, str, int]]) -> Outcome:
    """Hold what was read (in order within a partition) against what must come out."""
    outcome = Outcome()
    seen: Counter[tuple[str, str, int]] = Counter()
    ids: dict[tuple[str, str, int], str] = {}
    sequences: defaultdict[str, int] = defaultdict(int)
    for record in records:
        value = orjson.loads(record.value)
        key = (value["session_id"], value["item_id"], value["revision"])
        seen[key] += 1
        if ids.setdefault(key, value["id"]) != value["id"]:
            outcome.differing_ids += 1
        if value["session_sequence"] != sequences[key[0]] + 1:
            outcome.disorder += 1
        sequences[key[0]] = value["session_sequence"]
    outcome.lost = wanted - seen.keys()
    outcome.unexpected = len(seen.keys() - wanted)
    outcome.duplicates = sum(times - 1 for times in seen.values())
    return outcome
