"""The counters of one worker process, for logs and live views."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from pipeline.core.records import BatchResult, Counts, Output
from pipeline.streaming.distribution import Distribution

# By place: a batch's thousands are gone through after each commit.
_topic = itemgetter(Output._fields.index("topic"))
_timestamp = itemgetter(Output._fields.index("timestamp"))

COMMIT_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
BATCH_RECORDS = (1, 10, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
LATENCY_MS = (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 300_000, 3_600_000)


@dataclass(slots=True)
class PartitionView:
    """Where one assigned partition stands."""

    position: int = 0
    """Offset after the last committed record."""
    lag: int = 0
    """Records in the partition behind `position`, as of the last fetch."""


@dataclass(slots=True)
class StreamStats:
    """What has been committed, and what it took. Only committed work counts, so the sums equal what a reader sees."""

    counts: Counts = field(default_factory=Counts)
    outputs: Counter[str] = field(default_factory=Counter[str])
    """Records produced, by topic."""
    changes: int = 0
    """Changelog records produced."""
    transactions: int = 0
    aborted: int = 0
    """Transactions that failed; their records were processed again."""
    restarts: int = 0
    """Partitions started again after a failure."""
    stale: int = 0
    """Records fetched before a rebalance and dropped."""
    lost: Counter[int] = field(default_factory=Counter[int])
    """Records that Kafka had deleted when their turn came, by partition; they are counted when they are skipped."""
    rebalances: int = 0
    commit_seconds: float = 0.0
    """Summed over transactions, from the first send to the end of the commit."""
    commit_seconds_max: float = 0.0
    commit_times: Distribution = field(default_factory=lambda: Distribution(COMMIT_SECONDS))
    batch_records: Distribution = field(default_factory=lambda: Distribution(BATCH_RECORDS))
    latency_ms: Distribution = field(default_factory=lambda: Distribution(LATENCY_MS))
    """Of each record written: the input record's timestamp to the commit."""
    process_seconds: float = 0.0
    """Summed over batches: the core."""
    restored_records: int = 0
    restore_seconds_max: float = 0.0
    partitions: dict[int, PartitionView] = field(default_factory=dict[int, PartitionView])

    def opened(self, partition: int, position: int, records: int, seconds: float) -> None:
        """Note a partition that flows from `position` on, its state restored from `records` in `seconds`."""
        self.partitions[partition] = PartitionView(position)
        self.restored_records += records
        self.restore_seconds_max = max(self.restore_seconds_max, seconds)

    def committed(self, seconds: float, counts: Counts, result: BatchResult, now_ms: int) -> None:
        """Note a transaction that took `seconds`; `counts` are those of all records it covers, `now_ms` its end."""
        self.transactions += 1
        self.commit_seconds += seconds
        self.commit_seconds_max = max(self.commit_seconds_max, seconds)
        self.commit_times.note(seconds)
        self.batch_records.note(counts.consumed)
        self.counts.add(counts)
        self.changes += len(result.changes)
        if result.outputs:
            self.outputs.update(map(_topic, result.outputs))
            self.latency_ms.note_ages(map(_timestamp, result.outputs), now_ms)

    def snapshot(self) -> dict[str, Any]:
        """All of it as JSON-ready values."""
        return {
            "consumed": self.counts.consumed,
            "used": self.counts.used,
            "ignored": self.counts.ignored,
            "rejected": dict(self.counts.rejected),
            "outputs": dict(self.outputs),
            "changes": self.changes,
            "transactions": self.transactions,
            "aborted": self.aborted,
            "restarts": self.restarts,
            "stale": self.stale,
            "lost": self.lost.total(),
            "rebalances": self.rebalances,
            "commit_seconds": round(self.commit_seconds, 3),
            "commit_seconds_max": round(self.commit_seconds_max, 3),
            "process_seconds": round(self.process_seconds, 3),
            "restored_records": self.restored_records,
            "restore_seconds_max": round(self.restore_seconds_max, 3),
            "partitions": {
                str(number): {"position": view.position, "lag": view.lag}
                for number, view in sorted(self.partitions.items())
            },
        }
