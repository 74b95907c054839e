"""From a selection to the offsets to read: sessions are read from where they began."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from pipeline.core import InputRecord
from pipeline.errors import ItemstreamError
from pipeline.rejected.read import Reader
from pipeline.replay.lookup import Traces, find_sessions
from pipeline.replay.reading import batches, ends, offset_at, time_at
from pipeline.replay.selection import Selection
from pipeline.replay.window import Window

MOST_LOST = 5_000
"""Sessions without a beginning that are named, for each partition."""


@dataclass(slots=True)
class Planner:
    """Finds the windows of one input topic. `retention_ms`: for how long a session without events is remembered."""

    consumer: Reader
    topic: str
    partitions: range
    retention_ms: int
    now_ms: int
    notes: list[str] = field(default_factory=list[str])
    """What the user should know of the plan."""

    async def windows(
        self, selection: Selection, prefix: str | None = None, until: Mapping[int, int] | None = None
    ) -> list[Window]:
        """One window a partition of the topic, empty ones too.

        prefix: the output topics among which to look a session up; None: they are not asked. until: offsets before
        which all windows end. Raises ItemstreamError where the selection names partitions that are not there.
        """
        unknown = sorted((selection.partitions | set(selection.offsets)) - set(self.partitions))
        if unknown:
            raise ItemstreamError(f"{self.topic} has no partition {unknown[0]}: it has {len(self.partitions)}")
        there = await ends(self.consumer, self.topic, self.partitions)
        if until is not None:
            there = {number: (begin, min(end, until.get(number, begin))) for number, (begin, end) in there.items()}
        traces: Mapping[int, Traces] | None = None
        if selection.sessions and prefix and not (selection.offsets or selection.since_ms or selection.partitions):
            traces = await find_sessions(self.consumer, prefix, self.partitions, selection.sessions)
            if traces is None:
                self.notes.append(
                    "not every session is on the output topics: all of the input is read for them (--since or "
                    "--partition narrow that)"
                )
        found: list[Window] = []
        for number in self.partitions:
            begin, end = there[number]
            if not selection.includes(number) or (traces is not None and number not in traces):
                found.append(Window(number, end, end, end))
            elif traces is not None:
                found.append(await self._around(number, begin, end, traces[number], selection))
            else:
                found.append(await self._chosen(number, begin, end, selection))
        return found

    async def _chosen(self, number: int, begin: int, end: int, selection: Selection) -> Window:
        """The window of what is chosen by time and offsets."""
        source = TopicPartition(self.topic, number)
        first, last = selection.offsets.get(number) or (None, None)
        end_ms: int | None = self.now_ms
        if selection.until_ms is not None:
            cut = await offset_at(self.consumer, source, selection.until_ms, end)
            end, end_ms = cut, min(self.now_ms, selection.until_ms)
        if last is not None and last < end:
            end, end_ms = max(last, begin), None
        start = max(first or 0, begin)
        if selection.since_ms is not None:
            start = max(start, await offset_at(self.consumer, source, selection.since_ms, end))
        return await self._window(source, begin, min(start, end), end, end_ms, selection)

    async def _around(self, number: int, begin: int, end: int, traces: Traces, selection: Selection) -> Window:
        """The window of sessions that are known to be between two records."""
        source = TopicPartition(self.topic, number)
        over_ms = traces.last_ms + self.retention_ms + 60_000
        cut = await offset_at(self.consumer, source, over_ms, end)
        cut = max(cut, min(traces.last_offset + 1, end))
        end_ms = self.now_ms if cut == end else min(self.now_ms, over_ms)
        window = await self._window(source, begin, min(max(traces.first_offset, begin), cut), cut, end_ms, selection)
        # All that the sessions ever were is meant, also what came before their first record.
        return Window(number, window.read_from, window.read_from, window.end, window.end_ms, window.lost)

    async def _window(
        self, source: TopicPartition, begin: int, first: int, end: int, end_ms: int | None, selection: Selection
    ) -> Window:
        if first >= end:
            return Window(source.partition, end, end, end)
        names = frozenset(session.encode() for session in selection.sessions)
        read_from, lost = await self._beginnings(source, begin, first, end, names)
        if len(lost) > MOST_LOST:
            self.notes.append(f"partition {source.partition}: {len(lost)} sessions have lost their beginning")
            lost = dict(list(lost.items())[:MOST_LOST])
        return Window(source.partition, read_from, first, end, end_ms, lost)

    async def _beginnings(
        self, source: TopicPartition, begin: int, first: int, end: int, names: frozenset[bytes]
    ) -> tuple[int, dict[str, int]]:
        """Where to begin to read so that the sessions open at `first` are whole, and those that can't be.

        The worker forgets a session that had no event for `retention_ms`: what is before such a gap does not matter.
        So a session is open at `first` where it had an event within that time before, and its beginning is known where
        nothing of it is found in as long a time before its first event.
        """
        opens_ms = await time_at(self.consumer, source, first, end)
        if opens_ms is None or first <= begin == 0:
            return first, {}
        seen = _Seen(names)
        scanned = first
        # Of times in minutes the core counts only the whole ones.
        needed_ms = opens_ms - self.retention_ms - 60_000
        open_since_ms = needed_ms
        while scanned > begin:
            at = max(begin, await offset_at(self.consumer, source, needed_ms, scanned))
            if at >= scanned:
                break  # nothing more within reach
            earlier = _Seen(names)
            async for records in batches(self.consumer, source, at, scanned):
                earlier.take(records)
            seen.put_before(earlier)
            scanned = at
            began = [spot.first_ms for spot in seen.open_since(open_since_ms)]
            reach_ms = min(began, default=opens_ms) - self.retention_ms - 60_000
            if reach_ms >= needed_ms:
                break
            needed_ms = reach_ms
        spots = seen.open_since(open_since_ms)
        read_from = min([first, *(spot.first for spot in spots)])
        lost: dict[str, int] = {}
        if begin > 0 and scanned <= begin:
            if first <= begin:  # nothing was looked at yet
                await self._look_at_start(source, begin, end, seen)
                spots = seen.spots.values()
            edge_ms = await time_at(self.consumer, source, begin, end)
            reach_ms = (edge_ms or 0) + self.retention_ms + 60_000
            lost = {spot.name: spot.first for spot in spots if not spot.begins and spot.first_ms < reach_ms}
        return read_from, lost

    async def _look_at_start(self, source: TopicPartition, begin: int, end: int, seen: _Seen) -> None:
        """See which sessions the first `retention_ms` of what is left of the topic holds."""
        edge_ms = await time_at(self.consumer, source, begin, end)
        if edge_ms is None:
            return
        until = await offset_at(self.consumer, source, edge_ms + self.retention_ms + 60_000, end)
        async for records in batches(self.consumer, source, begin, until):
            seen.take(records)


@dataclass(slots=True)
class _Spot:
    """Where a session was seen."""

    name: str
    first: int
    first_ms: int
    last_ms: int
    begins: bool
    """Its first event is the one that creates a session: it did not begin earlier."""


class _Seen:
    """The sessions of a stretch of the input; of these names, where there are any."""

    def __init__(self, names: frozenset[bytes]) -> None:
        self.spots: dict[bytes, _Spot] = {}
        self._names = names

    def take(self, records: Sequence[InputRecord]) -> None:
        """Look at records, in order."""
        for record in records:
            raw = record.key
            for name, value in record.headers:
                if name == "ce_sessionid" and value:
                    raw = value
            if not raw or (self._names and raw not in self._names):
                continue
            spot = self.spots.get(raw)
            if spot is None:
                begins = b'"session.created"' in (record.value or b"")[:200]
                self.spots[raw] = _Spot(
                    raw.decode(errors="backslashreplace"), record.offset, record.timestamp, record.timestamp, begins
                )
            else:
                spot.last_ms = max(spot.last_ms, record.timestamp)

    def put_before(self, earlier: _Seen) -> None:
        """Add what was seen in an earlier stretch."""
        for raw, spot in earlier.spots.items():
            later = self.spots.get(raw)
            if later is not None:
                spot.last_ms = max(spot.last_ms, later.last_ms)
            self.spots[raw] = spot

    def open_since(self, ms: int) -> Iterable[_Spot]:
        """Sessions with an event at that time or later."""
        return [spot for spot in self.spots.values() if spot.last_ms >= ms]
