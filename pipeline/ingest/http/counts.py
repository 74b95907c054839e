"""What the HTTP collector counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

OUTCOMES = ("written", "refused", "limited", "unavailable", "not_tried")
"""What becomes of an event, as `itemstream_http_events_total` says it."""
_BY_STATUS = {200: "written", 424: "not_tried", 429: "limited", 503: "unavailable"}


@dataclass(slots=True)
class Counts:
    """Since the start."""

    requests: Counter[int] = field(default_factory=Counter[int])
    """By status of the answer."""
    events: Counter[str] = field(default_factory=Counter[str])
    """By outcome."""

    def outcome(self, status: int, events: int) -> None:
        """Count events that were answered with a status of their own; one that is not named here is a refusal."""
        self.events[_BY_STATUS.get(status, "refused")] += events
