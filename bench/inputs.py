"""What goes in: 1,000,000 deltas to pass through, a realistic mix of raw events, and finished items only."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import orjson

from bench.peers.jobs import Core, Record
from pipeline import simulate

Headers = list[tuple[str, bytes]]
Event = tuple[bytes, bytes, Headers, int]
"""Key, value, headers, timestamp in milliseconds."""

SEED = 6
START_MS = 1_780_000_000_000
KEYS = 400
COPIES = 10
FINISHED = {b"conversation.item.done", b"response.output_item.done"}


class Input(NamedTuple):
    """One input topic's content."""

    name: str
    title: str
    job: str
    events: Iterable[Event]
    outputs: int
    """Records that must come out."""


def deltas(count: int) -> Iterator[Event]:
    """Records of about 290 bytes: a delta as providers send them."""
    for number in range(count):
        value = {
            "type": "response.output_audio_transcript.delta",
            "event_id": f"event_{number:020d}",
            "response_id": "resp_CbHxTQYFR5pQeqgKZdQRd",
            "item_id": f"item_{number % KEYS:021d}",
            "output_index": 0,
            "content_index": 0,
            "delta": " lorem ipsum dolor sit amet, consetetur",
            "obfuscation": "k3Bd9PaX0f1Lm",
        }
        yield b"session-%d" % (number % KEYS), orjson.dumps(value), [], START_MS + number // 100


def mix(count: int) -> list[Event]:
    """Simulated sessions, many at a time, as a collector writes them: about 70 % deltas."""
    events = simulate.interleave(simulate.sessions(SEED, None))
    return [
        (event.session_id.encode(), event.value or b"", event.headers, event.time_ms) for event in islice(events, count)
    ]


def items_only(events: Iterable[Event], copies: int = COPIES) -> Iterator[Event]:
    """Of each item the event that finishes it, and no other; every session in some copies under ids of their own."""
    seen: set[tuple[bytes, str]] = set()
    once: list[Event] = []
    for key, value, headers, timestamp in events:
        if dict(headers).get("ce_type") in FINISHED:
            item = key, orjson.loads(value)["item"]["id"]
            if item not in seen:
                seen.add(item)
                once.append((key, value, headers, timestamp))
    for copy in range(copies):
        for key, value, headers, timestamp in once:
            session = b"%s-%d" % (key, copy)
            others: Headers = [pair for pair in headers if pair[0] != "ce_sessionid"]
            yield session, value, [*others, ("ce_sessionid", session)], timestamp


def cached_mix(folder: Path, count: int) -> list[Event]:
    """The mix out of a file, which is made where it is missing."""
    file = folder / f"mix-{SEED}-{count}.pickle"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part")
        part.write_bytes(pickle.dumps(mix(count)))
        part.rename(file)
    return pickle.loads(file.read_bytes())


def outputs_of(events: Iterable[Event], partitions: int) -> int:
    """How many records the core makes of the events."""
    of_partition: dict[int, list[Record]] = {}
    places = Places(partitions)
    for key, value, headers, timestamp in events:
        place = places.of(key)
        records = of_partition.setdefault(place, [])
        records.append(Record("input", place, len(records), timestamp, 0, key, value, headers))
    core = Core("count")
    return sum(len(core.process(partition, records)) for partition, records in of_partition.items())


class Places:
    """Which partition a key goes to: round robin as they come, so that all partitions get the same."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._places: dict[bytes, int] = {}

    def of(self, key: bytes) -> int:
        return self._places.setdefault(key, len(self._places) % self._partitions)
