"""What the stream has counted, as Prometheus reads it: put together when it is asked for, and only then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from prometheus_client.registry import Collector

from pipeline.core import Partition
from pipeline.core.reject import Reason
from pipeline.observe import metrics as m
from pipeline.observe.families import by_one, counter, gauge, histogram
from pipeline.observe.metric import Metric
from pipeline.observe.product import Product
from pipeline.streaming import StreamStats
from pipeline.streaming.standing import Standing

MS = 0.001


class StreamCollector(Collector):
    """Collects from a stream's counters, from where it stands, and from the product's.

    build: labels of `itemstream_build_info`. progress_limit: seconds, as set.
    """

    def __init__(
        self,
        stats: StreamStats,
        standing: Callable[[], Standing],
        product: Product,
        build: Mapping[str, str],
        progress_limit: float,
    ) -> None:
        self._stats = stats
        self._standing = standing
        self._product = product
        self._build = build
        self._progress_limit = progress_limit

    def collect(self) -> Iterator[Any]:
        """Every metric of the list that is not a library's, in any order."""
        yield from self._counters()
        yield from self._distributions()
        yield from self._gauges(self._standing())
        for metric, counts in self._product.counts():
            yield counter(metric, counts)
        for metric, spans in self._product.spans():
            yield histogram(metric, spans, MS)

    def describe(self) -> list[Any]:
        """Nothing beforehand: else a registry would collect at once."""
        return []

    def _counters(self) -> Iterator[Any]:
        stats, counts = self._stats, self._stats.counts
        plain: tuple[tuple[Metric, float], ...] = (
            (m.CONSUMED, counts.consumed), (m.IGNORED, counts.ignored), (m.STALE, stats.stale),
            (m.TRANSACTIONS, stats.transactions), (m.ABORTED, stats.aborted), (m.RESTARTS, stats.restarts),
            (m.PROCESSING_SECONDS, stats.process_seconds), (m.REBALANCES, stats.rebalances),
            (m.CHANGES, stats.changes), (m.RESTORED, stats.restored_records),
        )  # fmt: skip
        for metric, value in plain:
            yield counter(metric, {(): value})
        yield counter(m.USED, by_one(counts.types))
        # Each reason from the start, so that the first record of it is an increase.
        yield counter(m.REJECTED, {**dict.fromkeys(((reason,) for reason in get_args(Reason)), 0),
                                    **by_one(counts.rejected)})  # fmt: skip
        # Of each partition it has, from the start; those that went away keep what they lost.
        yield counter(m.LOST, {(str(number),): stats.lost[number] for number in {*stats.partitions, *stats.lost}})
        yield counter(m.OUTPUTS, by_one(stats.outputs))

    def _distributions(self) -> Iterator[Any]:
        stats = self._stats
        yield histogram(m.LATENCY, {(): stats.latency_ms}, MS)
        yield histogram(m.TRANSACTION_SECONDS, {(): stats.commit_times})
        yield histogram(m.BATCH_RECORDS, {(): stats.batch_records})

    def _gauges(self, standing: Standing) -> Iterator[Any]:
        now_ms = time.time_ns() // 1_000_000
        yield gauge(m.BUILD, {tuple(self._build[label] for label in m.BUILD.labels): 1})
        yield gauge(m.PARTITIONS, {("flowing",): len(standing.partitions), ("opening",): len(standing.opening)})
        yield gauge(m.STANDSTILL, {(): standing.standstill(time.monotonic())})
        yield gauge(m.PROGRESS_LIMIT, {(): self._progress_limit})
        yield gauge(m.READY, {(): standing.ready})
        yield gauge(m.RESTORE_SECONDS, {(): self._stats.restore_seconds_max})
        by_number = {str(one.partition): one for one in standing.partitions}
        yield gauge(m.LAG, {(number,): one.lag for number, one in by_number.items()})
        yield gauge(m.LAG_SECONDS, {
            (number,): 0 if one.oldest_ms is None else max(0, now_ms - one.oldest_ms) * MS
            for number, one in by_number.items()
        })  # fmt: skip
        yield gauge(m.COMMITTED_OFFSET, {(number,): one.committed for number, one in by_number.items()})
        sizes = {number: one.core.size() for number, one in by_number.items() if isinstance(one.core, Partition)}
        yield gauge(m.SESSIONS, {
            (number, state): value
            for number, size in sizes.items()
            for state, value in (("open", size.open), ("idle", size.idle))
        })  # fmt: skip
        yield gauge(m.STATE_ENTRIES, {
            (number, kind): value
            for number, size in sizes.items()
            for kind, value in (("items", size.items), ("responses", size.responses), ("asleep", size.asleep))
        })  # fmt: skip
