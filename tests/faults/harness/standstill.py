"""How long a reader waited for what was due. Pure.

A partition stands still while an output is due (the input record that brings it is acknowledged) and nothing arrives.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Still:
    """One partition did nothing between these times, though it should have."""

    partition: int
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


def standstills(partition: int, outputs: Iterable[tuple[float, float]], least: float = 0.05) -> list[Still]:
    """From (due, arrived) of each output of a partition, the times of at least `least` seconds without progress."""
    by_arrival = sorted(outputs, key=lambda output: output[1])
    earliest_due: list[float] = []
    for due, _ in reversed(by_arrival):
        earliest_due.append(min(due, earliest_due[-1]) if earliest_due else due)
    earliest_due.reverse()
    found: list[Still] = []
    before = float("-inf")
    for (_, arrived), waiting_since in zip(by_arrival, earliest_due, strict=True):
        begin = max(before, waiting_since)
        if arrived - begin >= least:
            found.append(Still(partition, begin, arrived))
        before = arrived
    return found


def longest_per_round(stills: Sequence[Still], begins: Sequence[float]) -> list[float]:
    """For each round the longest standstill of any partition that falls into it for the most part, in seconds."""
    longest = [0.0] * len(begins)
    for still in stills:
        overlaps = [
            min(still.end, end) - max(still.begin, begin)
            for begin, end in zip(begins, [*begins[1:], float("inf")], strict=True)
        ]
        if overlaps and (most := max(overlaps)) > 0:
            place = overlaps.index(most)
            longest[place] = max(longest[place], still.seconds)
    return longest


def summary(longest: Sequence[float]) -> tuple[float, float]:
    """Median and maximum over the rounds; zeros where there were none."""
    return (round(median(longest), 2), round(max(longest), 2)) if longest else (0.0, 0.0)
