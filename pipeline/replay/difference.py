"""The difference between what the output topics hold and what would come out now."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from aiokafka import TopicPartition

from pipeline.core import Counts, InputRecord
from pipeline.rejected.read import Reader
from pipeline.replay.again import OnRead, outputs_of
from pipeline.replay.bounded import Pace
from pipeline.replay.comparison import Comparison, Difference
from pipeline.replay.content import Topics
from pipeline.replay.core import ReplayCore
from pipeline.replay.job import Job
from pipeline.replay.reading import batches_of, spans_of
from pipeline.replay.selection import Wanted
from pipeline.replay.window import Window

MOST_FIELDS = 5_000
"""Names of changed fields that are counted apart: the keys of a tool's arguments may be anything."""
OTHERS = "(others)"


@dataclass(slots=True)
class Tally:
    """How many of what, over all partitions."""

    counts: Counts = field(default_factory=Counts)
    records: int = 0
    """That came out."""
    verdicts: Counter[str] = field(default_factory=Counter[str])
    """Items, responses and rejected records that are added, changed, gone, or the same."""
    fields: Counter[str] = field(default_factory=Counter[str])
    """Changed fields -> in how many."""
    not_compared: Counter[str] = field(default_factory=Counter[str])
    """Why -> how many."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "events": self.counts.consumed,
            "records": self.records,
            **{verdict: self.verdicts[verdict] for verdict in ("added", "changed", "same", "gone")},
            "fields": dict(self.fields.most_common()),
            "not_compared": dict(self.not_compared),
        }


@dataclass(slots=True)
class Edges:
    """Since when each output topic of a partition holds records; older ones have been deleted."""

    since_ms: dict[str, int] = field(default_factory=dict[str, int])

    def holds(self, topic: str, timestamp: int) -> bool:
        """Whether a record of that time would still be there."""
        return timestamp >= self.since_ms.get(topic, timestamp)


SINCE_DELETED = "older than what the output topic still holds"
WITHOUT_BEGINNING = "of a session whose beginning the input no longer holds"


async def nothing() -> None:
    """Nothing."""


async def compare(
    consumer: Reader,
    job: Job,
    window: Window,
    tally: Tally,
    pace: Pace,
    on_read: OnRead,
    *,
    everything: bool = False,
    around: Callable[[], Awaitable[None]] = nothing,
) -> AsyncGenerator[tuple[Comparison, Difference], None]:
    """The differences of one partition; what is the same goes into the tally only.

    everything: hold against the latest revision there is, also where a later event than those that are meant made it.
    around: called before and after the output topics are read.
    """
    topics = Topics(job.prefix)
    wanted = window.wanted(job.selection)
    core = ReplayCore(job.core, window, wanted, job.made_ms, job.erased)
    with Comparison(topics) as comparison:
        async with aclosing(outputs_of(consumer, job, core, window, pace, on_read)) as again:
            async for outputs in again:
                tally.records += len(outputs)
                comparison.came_out(outputs)
        tally.counts.add(core.summary.counts)
        await around()
        edges = await read_there(consumer, topics, window, None if everything else wanted, comparison)
        await around()
        tally.verdicts["same"] += sum(comparison.same().values())
        for difference in comparison.different():
            if everything and difference.verdict == "gone" and not _is_meant(difference, wanted):
                continue
            if (why := _no_matter(difference, window, edges)) is not None:
                tally.not_compared[why] += 1
                continue
            tally.verdicts[difference.verdict] += 1
            for path, _, _ in difference.fields(topics):
                tally.fields[path if path in tally.fields or len(tally.fields) < MOST_FIELDS else OTHERS] += 1
            yield comparison, difference


async def read_there(
    consumer: Reader, topics: Topics, window: Window, wanted: Wanted | None, comparison: Comparison
) -> Edges:
    """Take in what the output topics hold in the window's partition now."""
    edges = Edges()
    spans = await spans_of(consumer, [TopicPartition(topic, window.partition) for topic in topics.names])
    deleted = {source.topic for source, (begin, _) in spans.items() if begin > 0}
    async for records in batches_of(consumer, spans):
        topic = records[0].topic
        if topic in deleted:
            edges.since_ms.setdefault(topic, records[0].timestamp)
        comparison.is_there(records if wanted is None else _meant(records, wanted))
    for topic in deleted - edges.since_ms.keys():
        edges.since_ms[topic] = 2**63  # all of it was
    return edges


def _meant(records: Sequence[InputRecord], wanted: Wanted) -> list[InputRecord]:
    # Not `wanted` itself: its `always` speaks of what is read, and here is more.
    return [record for record in records if wanted.of_record(record.key, record.value, record.headers)]


def _is_meant(difference: Difference, wanted: Wanted) -> bool:
    before = difference.before
    return before is not None and wanted.of_record(before.key, before.value, before.headers)


def _no_matter(difference: Difference, window: Window, edges: Edges) -> str | None:
    """Why a difference is none to be told of."""
    if difference.session is not None and difference.session in window.lost:
        return WITHOUT_BEGINNING
    after = difference.after
    if difference.verdict == "added" and after is not None and not edges.holds(after.topic, after.timestamp):
        return SINCE_DELETED
    return None
