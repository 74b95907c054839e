"""Stops a worker that would drain a topic of unusable records into `rejected`."""

from __future__ import annotations

from collections import deque

from pipeline.core.records import Counts
from pipeline.streaming import UnrecoverableError


class TooManyRejectsError(UnrecoverableError):
    """A run of rejects above the limit."""


class RejectGuard:
    """Watches the share of rejected records over the last `window` records.

    ratio: the limit, 0 to 1; above it the guard raises. window: records the share is taken over, at batch precision (it
    covers at least so many); 0 switches the guard off. Nothing is said before a full window has been seen.
    """

    def __init__(self, ratio: float, window: int) -> None:
        self._ratio = ratio
        self._window = window
        self._batches: deque[tuple[int, int]] = deque()
        self._consumed = 0
        self._rejected = 0
        self._reasons: dict[str, int] = {}

    def check(self, counts: Counts) -> None:
        """Add a batch; raises TooManyRejectsError where it crosses the limit. The batch must then not be committed."""
        if not self._window or not counts.consumed:
            return
        rejected = sum(counts.rejected.values())
        if rejected:
            self._reasons = counts.rejected
        self._batches.append((counts.consumed, rejected))
        self._consumed += counts.consumed
        self._rejected += rejected
        while self._consumed - self._batches[0][0] >= self._window:
            old_consumed, old_rejected = self._batches.popleft()
            self._consumed -= old_consumed
            self._rejected -= old_rejected
        if self._consumed >= self._window and self._rejected > self._ratio * self._consumed:
            raise TooManyRejectsError(
                f"{self._rejected} of the last {self._consumed} records were rejected (most: {self._most()}), more "
                f"than the limit of {self._ratio:.0%}: check what is written to the input topic, or change "
                "reject_limit_ratio / reject_limit_window"
            )

    def _most(self) -> str:
        return max(self._reasons, key=lambda reason: self._reasons[reason], default="unknown")
