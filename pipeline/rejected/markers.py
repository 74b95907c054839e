"""What was redriven: a compacted topic beside the rejected one, with a record for each that was sent again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import TopicPartition

from pipeline.core.event import rfc3339
from pipeline.errors import ItemstreamError
from pipeline.rejected.read import Reader, read_partition
from pipeline.rejected.record import Place
from topics.catalogue import TopicSpec, own_topic

SUFFIX = ".redriven"


@dataclass(frozen=True, slots=True)
class Marker:
    """That a rejected record was redriven."""

    times: int
    """How often."""
    at: str
    """When last, RFC 3339."""
    to: str
    """Topic and partition it was written to last."""
    changed: bool
    """Whether its value was another one than the rejected record's."""

    def encoded(self) -> bytes:
        """The marker's value."""
        return orjson.dumps({"times": self.times, "at": self.at, "to": self.to, "changed": self.changed})


def marker_topic(topic: str) -> str:
    """The topic of the markers of a rejected topic."""
    return topic + SUFFIX


def marker_spec(topic: str) -> TopicSpec:
    """The topic of markers as data, for the one who makes it."""
    description = f"Which records of {topic} were redriven: internal, so that none is redriven twice by mistake."
    key = "the rejected record's topic, partition and offset"
    return own_topic(marker_topic(topic), key, description, cleanup_policy="compact")


def marked(before: Marker | None, to: TopicPartition, *, changed: bool, now_ms: int) -> Marker:
    """The marker of a record that is redriven now."""
    return Marker((before.times if before else 0) + 1, rfc3339(now_ms), f"{to.topic}-{to.partition}", changed)


async def read_markers(consumer: Reader, topic: str, partition: int) -> dict[Place, Marker]:
    """The markers of one partition of a rejected topic; empty where nothing was ever redriven.

    They say all there is only if nobody writes meanwhile: start the producer of the partition first, then read.
    """
    source = TopicPartition(marker_topic(topic), partition)
    found: dict[Place, Marker] = {}
    async for record in read_partition(consumer, source):
        place = Place.parse((record.key or b"").decode(errors="replace"), topic)
        if record.value is None:
            found.pop(place, None)
        else:
            found[place] = _decoded(place, record.value)
    return found


def _decoded(place: Place, value: bytes) -> Marker:
    try:
        told: dict[str, Any] = orjson.loads(value)
        return Marker(told["times"], told["at"], told["to"], told["changed"])
    except (ValueError, KeyError, TypeError) as error:
        raise ItemstreamError(
            f"the marker of {place} on {marker_topic(place.topic)} can't be read ({error}); another program wrote it, "
            "or a newer release: use that one"
        ) from error
