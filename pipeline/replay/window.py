"""The part of an input partition that a job reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.replay.selection import Selection, Wanted


@dataclass(frozen=True, slots=True)
class Window:
    """Offsets of one partition: it is read from `read_from`; the events from `first` on, before `end`, are meant."""

    partition: int
    read_from: int
    first: int
    end: int
    end_ms: int | None = None
    """The moment at which the window ends, up to which time passes for sessions without events; None: time stands
    still after the last event."""
    lost: Mapping[str, int] = field(default_factory=dict[str, int])
    """Sessions whose beginning the topic does not hold any more -> the offset of the first event that is there."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to read."""
        return self.read_from >= self.end or self.first >= self.end

    @property
    def size(self) -> int:
        """Offsets to read."""
        return 0 if self.empty else self.end - self.read_from

    def wanted(self, selection: Selection) -> Wanted:
        """Which outputs are meant."""
        return Wanted(
            self.first,
            self.end,
            frozenset(session.encode() for session in selection.sessions),
            selection.event_types,
            always=self.first == self.read_from and not selection.sessions and not selection.event_types,
        )

    def as_json(self) -> dict[str, Any]:
        """For the record of a job."""
        return {
            "partition": self.partition,
            "read_from": self.read_from,
            "first": self.first,
            "end": self.end,
            "end_ms": self.end_ms,
            "lost": dict(self.lost),
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Window:
        """What `as_json` wrote."""
        return cls(**told)
