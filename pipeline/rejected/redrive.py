"""Sends rejected records again, each once, and says so in the same transaction."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from pipeline.erasure.erased import ErasedSessions
from pipeline.rejected.exported import changed_fix
from pipeline.rejected.markers import Marker, marked, read_markers
from pipeline.rejected.read import Reader, read_rejected, reader
from pipeline.rejected.record import Place, Rejected
from pipeline.rejected.revive import Fix, NotRedrivableError, Redriven, revive
from pipeline.rejected.selection import Selection
from pipeline.rejected.targets import Targets, open_targets
from pipeline.rejected.writer import RedriveWriter
from pipeline.settings import Settings
from pipeline.streaming.transactions import Fault, no_fault

BATCH_RECORDS = 200
BATCH_BYTES = 4 * 1024 * 1024
"""Of one transaction, at most; a single larger record has one of its own."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be redriven, and how."""

    topic: str
    """The rejected topic, or a subscriber's dead letters."""
    selection: Selection
    fixes: Mapping[Place, Fix] = field(default_factory=dict[Place, Fix])
    """Values to send in place of the rejected ones."""
    again: bool = False
    """Also what was redriven before."""
    rate: float | None = None
    """Records a second, at most."""


@dataclass(slots=True)
class Report:
    """What a redrive did."""

    redriven: int = 0
    changed: int = 0
    """Of these, with another value than the rejected one."""
    already: int = 0
    """Left alone: they had been redriven before."""
    forgotten: int = 0
    """Left alone: their sessions were forgotten."""
    refused: list[tuple[Place, str]] = field(default_factory=list[tuple[Place, str]])
    """Those that can't be sent again, and why."""
    sent: set[Place] = field(default_factory=set[Place])
    """Those that were redriven now."""
    seen: set[Place] = field(default_factory=set[Place])
    """The places that were asked for and found."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A rejected record made ready to be sent again."""

    rejected: Rejected
    record: Redriven
    changed: bool


async def redrive(
    settings: Settings,
    order: Order,
    progress: Callable[[Report], None] = lambda _: None,
    fault: Fault = no_fault,
) -> Report:
    """Redrive what the order says, partition by partition; `progress` is called after each commit.

    Killed at any point it can be started again with the same order: what was committed is left alone. Raises
    ItemstreamError where Kafka can't be reached, refuses, or another redrive takes over.
    """
    report = Report()
    pace = _Pace(order.rate)
    targets = await open_targets(settings, order.topic, make_markers=True)
    erased = ErasedSessions(settings)
    async with reader(settings) as rejected_reader, reader(settings) as marker_reader:
        for partition in order.selection.partitions(targets.partitions):
            writer = RedriveWriter(settings, order.topic, partition, fault)
            try:
                await _partition(
                    order, partition, targets, erased, rejected_reader, marker_reader, writer, pace, report, progress
                )
            finally:
                await writer.close()
    return report


async def _partition(
    order: Order,
    partition: int,
    targets: Targets,
    erased: ErasedSessions,
    rejected_reader: Reader,
    marker_reader: Reader,
    writer: RedriveWriter,
    pace: _Pace,
    report: Report,
    progress: Callable[[Report], None],
) -> None:
    markers: dict[Place, Marker] | None = None
    async for batch in _batches(ready(order, partition, targets, erased, rejected_reader, report), pace.batch):
        if markers is None:
            # In this order: what another process commits before it is fenced is among the markers.
            await writer.start()
            markers = await read_markers(marker_reader, order.topic, partition)
        todo = [one for one in batch if order.again or one.rejected.place not in markers]
        report.already += len(batch) - len(todo)
        if not todo:
            continue
        await pace.wait(len(todo))
        now_ms = time.time_ns() // 1_000_000
        made = {
            one.rejected.place: marked(
                markers.get(one.rejected.place),
                TopicPartition(one.record.topic, one.record.partition),
                changed=one.changed,
                now_ms=now_ms,
            )
            for one in todo
        }
        await writer.write([one.record for one in todo], made)
        markers |= made
        report.redriven += len(todo)
        report.sent |= made.keys()
        report.changed += sum(one.changed for one in todo)
        progress(report)


async def ready(
    order: Order, partition: int, targets: Targets, erased: ErasedSessions, consumer: Reader, report: Report
) -> AsyncIterator[Ready]:
    """The records of a partition that the order means and that can be sent; the others go into the report."""
    async for rejected in read_rejected(consumer, order.topic, [partition], order.selection):
        report.seen.add(rejected.place)
        if await erased.has(rejected.session_id):
            report.forgotten += 1
            continue
        fix = order.fixes.get(rejected.place)
        if fix is not None:
            fix = changed_fix(rejected, fix)
        try:
            record = revive(rejected, fix)
            await targets.check(record)
        except NotRedrivableError as why:
            report.refused.append((rejected.place, str(why)))
            continue
        yield Ready(rejected, record, fix is not None)


async def _batches(records: AsyncIterator[Ready], most: int) -> AsyncIterator[Sequence[Ready]]:
    batch: list[Ready] = []
    size = 0
    async for one in records:
        length = len(one.record.value or b"")
        if batch and (len(batch) >= most or size + length > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch


class _Pace:
    """Holds a rate over the whole redrive: after n records at least n / rate seconds have gone by."""

    def __init__(self, rate: float | None) -> None:
        self._rate = rate
        self._began: float | None = None
        self._sent = 0
        # A few transactions a second, whatever the rate.
        self.batch = BATCH_RECORDS if rate is None else max(1, min(BATCH_RECORDS, round(rate / 4)))

    async def wait(self, count: int) -> None:
        """Until so many more may be sent."""
        if self._began is None:
            self._began = time.monotonic()
        if self._rate is not None:
            due = self._began + self._sent / self._rate
            await asyncio.sleep(max(due - time.monotonic(), 0))
        self._sent += count


def missing(order: Order, report: Report) -> list[Place]:
    """The records that were asked for by name and are not there, or are not what else was asked for."""
    return sorted(order.selection.places - report.seen)
