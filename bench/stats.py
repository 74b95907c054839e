"""Figures out of measurements: pure functions, no clock, no Kafka."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Sample(NamedTuple):
    """What could be seen from outside at one moment."""

    seconds: float
    visible: int
    """Sum of the output topics' end offsets under read_committed: records, and markers of transactions."""
    cpu: float
    """Seconds of CPU the program has used so far."""
    broker_cpu: float


class Window(NamedTuple):
    """The part of a run that counts: from the first output seen to the last."""

    first: Sample
    last: Sample

    @property
    def seconds(self) -> float:
        return self.last.seconds - self.first.seconds

    @property
    def visible(self) -> int:
        return self.last.visible - self.first.visible


def window(samples: Sequence[Sample]) -> Window | None:
    """From the first sample with an output to the first one with the final number of them; None without two such."""
    seen = [sample for sample in samples if sample.visible > 0]
    if not seen:
        return None
    last = next(sample for sample in seen if sample.visible == seen[-1].visible)
    return Window(seen[0], last) if last.seconds > seen[0].seconds else None


def input_records(part: Window, counted: int, visible: int, inputs: int, outputs: int) -> float:
    """How many input records the outputs of a window stand for.

    counted: records a read_committed reader found, where end offsets said `visible`: what remains are markers.
    inputs, outputs: of the whole input; what the first outputs took is not in the window, and neither are they.
    """
    return part.visible * (counted / visible) * (inputs / outputs)


class Spread(NamedTuple):
    """Median and extremes over the rounds."""

    median: float
    least: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """Raises ValueError where there are none."""
    if not values:
        raise ValueError("no values")
    return Spread(median(values), min(values), max(values))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the sorted values that at least `share` of them do not exceed (nearest rank)."""
    if not ordered:
        raise ValueError("no values")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
