"""The rejected topic: its records as the store has them, whether they were sent again, and sending them again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiokafka import TopicPartition

from pipeline.console.models import RedriveOutcome, RedriveRequest, RedriveResult, RejectedPage
from pipeline.console.queries import Queries
from pipeline.rejected.markers import marker_topic, read_markers
from pipeline.rejected.preview import preview
from pipeline.rejected.read import reader
from pipeline.rejected.record import REASON, Place
from pipeline.rejected.redrive import Order, Report, missing, redrive
from pipeline.rejected.selection import Selection
from pipeline.rejected.targets import open_targets
from pipeline.settings import Settings
from topics.catalogue import REJECTED

MOST_OUTCOMES = 2_000
"""Records told of one by one; `sent` counts all."""

T = TypeVar("T")


class KafkaDeadLetters:
    """Implements `DeadLetters`."""

    def __init__(self, settings: Settings, queries: Queries) -> None:
        self._settings = settings
        self._queries = queries
        self._topic = REJECTED.full_name(settings.prefix)
        # Of two that ran at once one would be refused by Kafka.
        self._redriving = asyncio.Lock()

    async def page(self, reason: str | None, cursor: str | None, limit: int) -> RejectedPage:
        """Newest first."""
        reasons = await asyncio.to_thread(self._queries.rejected_counts)
        records, next_cursor = await asyncio.to_thread(self._queries.rejected, reason, cursor, limit)
        times = await self._redriven({record.partition for record in records})
        told = [
            record.model_copy(update={"redriven": times.get(Place(self._topic, record.partition, record.offset), 0)})
            for record in records
        ]
        return RejectedPage(reasons=reasons, rejected=told, next_cursor=next_cursor)

    async def redrive(self, request: RedriveRequest) -> RedriveResult:
        """Send again, each once: what was sent before is left alone. Or only tell what would come of it."""
        order = self._order(request)
        if request.dry_run:
            return await _apart(self._preview(order))
        async with self._redriving:
            return await _apart(self._redrive(order))

    def _order(self, request: RedriveRequest) -> Order:
        if request.ids is not None:
            places = frozenset(Place.parse(name, self._topic) for name in request.ids)
            return Order(self._topic, Selection(places=places))
        return Order(self._topic, Selection(reasons=frozenset({request.reason or ""})))

    async def _preview(self, order: Order) -> RedriveResult:
        report = Report()
        outcomes: list[RedriveOutcome] = []
        found: set[Place] = set()
        async for one in preview(self._settings, order, report):
            place = one.ready.rejected.place
            found.add(place)
            again = one.rejected_again
            reason = next((dict(output.headers).get(REASON) for output in one.outputs or () if again), None)
            outcomes.append(
                RedriveOutcome(
                    id=_id(place),
                    outcome="usable" if again is None else "rejected_again",
                    reason=None if reason is None else reason.decode(errors="backslashreplace"),
                    message=again,
                )
            )
        return self._result(order, report, outcomes, found, dry_run=True)

    async def _redrive(self, order: Order) -> RedriveResult:
        report = await redrive(self._settings, order)
        outcomes = [
            RedriveOutcome(id=_id(place), outcome="sent", reason=None, message=None) for place in sorted(report.sent)
        ]
        return self._result(order, report, outcomes, report.sent, dry_run=False)

    def _result(
        self, order: Order, report: Report, outcomes: list[RedriveOutcome], found: set[Place], *, dry_run: bool
    ) -> RedriveResult:
        refused = dict(report.refused)
        why = dict.fromkeys(missing(order, report), "it is not on the rejected topic any more")
        why |= dict.fromkeys(sorted(report.seen - found - refused.keys()), "it was sent again before")
        skipped = [
            RedriveOutcome(id=_id(place), outcome="skipped", reason=None, message=message)
            for place, message in (refused | why).items()
        ]
        return RedriveResult(
            dry_run=dry_run,
            records=[*outcomes, *skipped][:MOST_OUTCOMES],
            sent=len(report.sent),
        )

    async def _redriven(self, partitions: set[int]) -> dict[Place, int]:
        """How often which records of these partitions were sent again."""
        if not partitions:
            return {}
        targets = await open_targets(self._settings, self._topic)
        if not targets.has_markers:
            return {}
        times: dict[Place, int] = {}
        async with reader(self._settings) as consumer:
            there = await consumer.end_offsets([TopicPartition(marker_topic(self._topic), one) for one in partitions])
            for source, end in there.items():
                if end > 0:
                    markers = await read_markers(consumer, self._topic, source.partition)
                    times |= {place: marker.times for place, marker in markers.items()}
        return times


def _id(place: Place) -> str:
    return f"{place.partition}:{place.offset}"


async def _apart(work: Coroutine[Any, Any, T]) -> T:
    """In a thread with a loop of its own: the core over many records holds up nobody else."""
    return await asyncio.to_thread(asyncio.run, work)
