"""Which events of the past are meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from pipeline.core import Output
from pipeline.errors import UsageError
from topics.dead_letters import origin_of

_OFFSETS = re.compile(r"(\d+):(\d*)-(\d*)")

Span = tuple[int | None, int | None]
"""First offset and the one after the last; None: as far as there is anything."""


@dataclass(frozen=True, slots=True)
class Selection:
    """All that is said must hold; what is left empty holds for every event. Times in ms since the epoch.

    It chooses events. What comes out is what these bring out; what went before them in their sessions is read too, so
    that it comes out right, and brings out nothing.
    """

    since_ms: int | None = None
    until_ms: int | None = None
    """This moment is not included any more."""
    partitions: frozenset[int] = frozenset()
    offsets: Mapping[int, Span] = field(default_factory=dict[int, Span])
    """By partition; the others are left out then."""
    sessions: frozenset[str] = frozenset()
    event_types: frozenset[str] = frozenset()

    @property
    def is_everything(self) -> bool:
        """Whether nothing was said."""
        return self == Selection()

    def includes(self, partition: int) -> bool:
        """Whether anything of an input partition can be meant."""
        return (not self.partitions or partition in self.partitions) and (not self.offsets or partition in self.offsets)

    def as_json(self) -> dict[str, Any]:
        """For the record of a job."""
        return {
            "since_ms": self.since_ms,
            "until_ms": self.until_ms,
            "partitions": sorted(self.partitions),
            "offsets": {str(partition): list(span) for partition, span in self.offsets.items()},
            "sessions": sorted(self.sessions),
            "event_types": sorted(self.event_types),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Selection:
        """What `as_json` wrote."""
        return cls(
            told["since_ms"],
            told["until_ms"],
            frozenset(told["partitions"]),
            {int(partition): (span[0], span[1]) for partition, span in told["offsets"].items()},
            frozenset(told["sessions"]),
            frozenset(told["event_types"]),
        )


EVERYTHING = Selection()


def parse_offsets(texts: Iterable[str]) -> dict[int, Span]:
    """`PARTITION:FIRST-LAST`, either of which may be left out. Raises UsageError."""
    found: dict[int, Span] = {}
    for text in texts:
        told = _OFFSETS.fullmatch(text.strip())
        if told is None:
            raise UsageError(f"--offsets {text}: write PARTITION:FIRST-LAST, such as 3:1000-1999, 3:1000- or 3:-1999")
        partition = int(told[1])
        if partition in found:
            raise UsageError(f"--offsets names partition {partition} twice")
        found[partition] = int(told[2]) if told[2] else None, int(told[3]) + 1 if told[3] else None
    return found


@dataclass(frozen=True, slots=True)
class Wanted:
    """Says of an output whether the event that caused it is meant. One for an input partition."""

    first: int
    """Offset of the first event that can be."""
    end: int
    """The one after the last."""
    sessions: frozenset[bytes] = frozenset()
    event_types: frozenset[str] = frozenset()
    always: bool = False
    """Every event that is read is meant: nothing need be looked at."""

    def __call__(self, output: Output) -> bool:
        return self.always or self.of_record(output.key, output.value, output.headers)

    def of_record(self, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> bool:
        """The same of a record of an output topic."""
        told = dict(headers)
        origin = origin_of(told.items())
        if origin is not None:  # a rejected one
            offset, type_ = origin.offset, (told.get("ce_type") or b"").decode(errors="replace")
            key = told.get("ce_sessionid") or key
        else:
            source: dict[str, Any] | None = orjson.loads(value or b"{}").get("source")
            if source is None:
                return False
            offset, type_ = source["offset"], source["event_type"]
        return (
            self.first <= offset < self.end
            and (not self.sessions or key in self.sessions)
            and (not self.event_types or type_ in self.event_types)
        )
