"""Where a stream stands at this moment, for whoever asks from outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.streaming.core_interface import PartitionCore
from pipeline.streaming.progress import Waiting


@dataclass(frozen=True, slots=True)
class PartitionStanding:
    """A partition that flows.

    committed: offset after the last durable record. lag: records after it, as of the last fetch. oldest_ms: timestamp
    of the first record that was read and is not durable; None where there is none.
    """

    partition: int
    committed: int
    lag: int
    oldest_ms: int | None
    core: PartitionCore


@dataclass(frozen=True, slots=True)
class Standing:
    """partitions: those that flow. opening: numbers of those that do not yet. assigned: whether the group has given
    this process what it is to have. waiting: what should move on, see `progress`. turned: when the loop last turned
    (time.monotonic); None before it does."""

    partitions: Sequence[PartitionStanding] = ()
    opening: Sequence[int] = ()
    assigned: bool = False
    waiting: Sequence[Waiting] = ()
    turned: float | None = None

    @property
    def ready(self) -> bool:
        """Whether everything that is ours flows. A process without a partition has nothing to wait for."""
        return self.assigned and not self.opening

    def standstill(self, now: float) -> float:
        """Seconds in which what waits has not moved, or the loop has not turned; 0 where all goes on."""
        since = [one.since for one in self.waiting]
        # Between two turns the loop waits for records, a fraction of a second.
        if self.turned is not None and now - self.turned > TURN_SECONDS:
            since.append(self.turned)
        return max(0.0, now - min(since)) if since else 0.0


TURN_SECONDS = 5.0
