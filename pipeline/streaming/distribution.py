"""How values are distributed: counts between bounds, as Prometheus wants them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence


class Distribution:
    """Counts of values up to each of the rising `bounds`, and above the last. Any unit."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0
        """Sum of the values."""

    def note(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def note_ages(self, moments: Iterable[int], now: int) -> None:
        """Count how long ago many moments are: for a batch of them this takes a fraction of one by one."""
        ordered = sorted(moments)
        before = upto = 0
        for index, bound in enumerate(self.bounds):
            upto = len(ordered) - bisect_left(ordered, now - bound)
            self.counts[index] += upto - before
            before = upto
        self.counts[-1] += len(ordered) - upto
        self.total += now * len(ordered) - sum(ordered)

    def add(self, counts: Sequence[int], total: float) -> None:
        """Count what another one with the same bounds has."""
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, counts, strict=True)]
        self.total += total

    def copy(self) -> Distribution:
        """As it is now."""
        other = Distribution(self.bounds)
        other.add(self.counts, self.total)
        return other

    def cumulative(self, unit: float = 1.0) -> list[tuple[str, float]]:
        """`le` and count for each bucket, `+Inf` last; bounds times `unit`."""
        upto = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            upto += count
            buckets.append(("+Inf" if bound == float("inf") else f"{bound * unit:.12g}", upto))
        return buckets
