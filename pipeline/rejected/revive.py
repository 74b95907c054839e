"""A rejected record as it is sent again: what it was, less what rejecting it added."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core import Headers
from pipeline.core.event import rfc3339
from pipeline.rejected.record import LEFT_OUT, Place, Rejected
from topics.subscribers.names import dead_letter_topic, retry_topic
from topics.subscribers.parking import ATTEMPTS, NOT_BEFORE, SUBSCRIBER

_DEAD_LETTERS, _RETRY = (f".{name('').rpartition('.')[2]}" for name in (dead_letter_topic, retry_topic))
"""How the names of a subscriber's topics end."""
_ORIGIN = "kafka_dlt-original-"

REDRIVEN = "itemstream-redriven"
"""Header of a redriven record: the rejected record it was."""


class NotRedrivableError(Exception):
    """The record can't be sent again; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Fix:
    """The value to send in place of the rejected one; None is a record without a value."""

    value: bytes | None


@dataclass(frozen=True, slots=True)
class Redriven:
    """A record to write; it can also be given to the core, to see what would come of it."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int
    offset: int = -1
    """Where it will stand is not known before it is written."""
    timestamp_type: int = 0


def revive(rejected: Rejected, fix: Fix | None = None) -> Redriven:
    """The record for the topic and partition it came from. Raises NotRedrivableError where that can't be told.

    What a subscriber of `topics.subscribers` gave up goes to its retry topic, for it alone to handle again: on the
    topic it came from, every other reader would see it twice.

    A record without header `ce_time` gets one: its timestamp is its time, and a topic may set timestamps anew.
    """
    origin = rejected.origin
    if origin is None:
        raise NotRedrivableError("its headers do not say where it came from (kafka_dlt-original-…)")
    left_out = [part for part in rejected.left_out if part != "value" or fix is None]
    if left_out:
        raise NotRedrivableError(
            f"its {' and '.join(left_out)} had no room on the rejected topic ({LEFT_OUT}); it is at {origin.place}"
            + ("; give a value with --from" if left_out == ["value"] else "")
        )
    headers = list(rejected.input_headers)
    if origin.timestamp >= 0 and rejected.by_worker and not dict(headers).get("ce_time"):
        headers.append(("ce_time", rfc3339(origin.timestamp).encode()))
    headers.append((REDRIVEN, str(rejected.place).encode()))
    topic = origin.place.topic
    if rejected.added_text(SUBSCRIBER) is not None:
        topic = rejected.place.topic.removesuffix(_DEAD_LETTERS) + _RETRY
        headers += [(name, value) for name, value in rejected.added.items() if name.startswith(_ORIGIN)]
        headers += [(ATTEMPTS, b"0"), (NOT_BEFORE, b"0")]
    return Redriven(
        topic=topic,
        partition=origin.place.partition,
        key=rejected.key,
        value=rejected.value if fix is None else fix.value,
        headers=headers,
        timestamp=origin.timestamp,
    )


def marker_key(place: Place) -> bytes:
    """The key of a record's marker."""
    return str(place).encode()
