"""Which rejected records are meant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pipeline.rejected.record import Place, Rejected


@dataclass(frozen=True, slots=True)
class Selection:
    """All that is said must hold; what is left empty holds for every record. Times in ms since the epoch."""

    reasons: frozenset[str] = frozenset()
    since_ms: int | None = None
    until_ms: int | None = None
    """This moment is not included any more."""
    session: str | None = None
    places: frozenset[Place] = field(default_factory=frozenset[Place])

    @property
    def is_everything(self) -> bool:
        """Whether nothing was said."""
        return self == Selection()

    def matches(self, rejected: Rejected) -> bool:
        """Whether this record is meant."""
        return (
            (not self.places or rejected.place in self.places)
            and (not self.reasons or rejected.reason in self.reasons)
            and (self.since_ms is None or rejected.timestamp >= self.since_ms)
            and (self.until_ms is None or rejected.timestamp < self.until_ms)
            and (self.session is None or rejected.session_id == self.session)
        )

    def partitions(self, there: Iterable[int]) -> list[int]:
        """The partitions, out of those that are there, in which records may be meant."""
        if not self.places:
            return sorted(there)
        return sorted({place.partition for place in self.places} & set(there))

    def offsets(self, partition: int) -> tuple[int, int | None]:
        """First offset that may be meant, and the one after the last; None where there is no last one."""
        offsets = [place.offset for place in self.places if place.partition == partition]
        return (min(offsets), max(offsets) + 1) if offsets else (0, None)
