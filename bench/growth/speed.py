"""The rate of a run, out of looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

FROM, TO = 0.1, 0.95
"""Of the records: the rate is taken between these, when all processes are in and none has run out."""


class Sample(NamedTuple):
    """seconds: monotonic. committed: input records. cpu, broker: seconds of the worker's processes, and of Kafka's."""

    seconds: float
    committed: int
    cpu: float
    broker: float


@dataclass(frozen=True)
class Speed:
    """Of the middle part of a run: events a second, and CPU microseconds an event in the worker and in the broker."""

    rate: float
    worker_us: float
    broker_us: float


def speed(samples: Sequence[Sample], before: int, records: int) -> Speed:
    """The middle part of a run that went from `before` committed records on for `records` more."""
    first = next(one for one in samples if one.committed >= before + FROM * records)
    last = next(one for one in samples if one.committed >= before + TO * records)
    done = last.committed - first.committed
    if done <= 0:
        raise RuntimeError("the run was over between two looks; take more events")
    return Speed(
        rate=done / (last.seconds - first.seconds),
        worker_us=(last.cpu - first.cpu) / done * 1e6,
        broker_us=(last.broker - first.broker) / done * 1e6,
    )
