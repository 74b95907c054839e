"""The export of a topic to a folder: from where the folder ends to where the topic ends now."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from pipeline.erasure.erased import read_erased, without
from pipeline.errors import ItemstreamError, UsageError
from pipeline.export.latest import Latest
from pipeline.export.layout import LONGEST_TOPIC, Format, exported_files, temporary_files
from pipeline.export.progress import Tell, untold
from pipeline.export.segment import MOST_DAYS, Segment, explained
from pipeline.export.selection import Selection
from pipeline.export.source import Source, open_source
from pipeline.export.state import ExportState
from pipeline.export.writers import Opener, opener
from pipeline.settings import Settings
from pipeline.streaming.transactions import Fault, no_fault
from topics.fetched_records import FetchedRecord

FILE_BYTES = 256 * 1024 * 1024
"""Of values in a file; a kill loses the file that is being written, and no more."""
LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be exported, and where."""

    topic: str
    folder: Path
    format: Format
    model: type[BaseModel] | None = None
    """Of the topic's records; None where they are server events, or anything else."""
    selection: Selection = field(default_factory=Selection)
    asked: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """The selecting flags as they were given, to tell whether a later run asks for the same."""
    latest_revision: bool = False
    follow_seconds: float | None = None
    """Export what comes, every so often; None: up to where the topic ends now."""
    file_bytes: int = FILE_BYTES


@dataclass(slots=True)
class Report:
    """What an export did."""

    records: int = 0
    files: int = 0
    bytes: int = 0
    seconds: float = 0.0
    lost: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    """Partition and offsets (the second one excluded) that Kafka had deleted before they were exported."""


async def export(
    settings: Settings,
    order: Order,
    tell: Tell = untold,
    stop: asyncio.Event | None = None,
    fault: Fault = no_fault,
) -> Report:
    """Export what the order says; `stop` ends it early, with all that was read in complete files.

    Killed at any point, or run again later, it goes on where the folder's complete files end. Raises ItemstreamError
    where the folder is another export's or can't be written to, or where Kafka can't be reached or refuses.
    """
    if len(order.topic) > LONGEST_TOPIC:
        raise ItemstreamError(f"the name of topic {order.topic} is too long to stand in a file's name")
    open_file = opener(order.topic, order.model, order.format)
    began = time.monotonic()
    erased = await read_erased(settings)
    with ExitStack() as held:
        async with open_source(settings, order.topic) as source:
            _make(order.folder)
            with _explaining(order.folder):
                held.enter_context(_locked(order.folder))
                state = _begun(order, source)
                clean(order.folder, state)
                # Before any file: a folder with files and without it is a stranger's.
                state.save(order.folder)
            job = _Job(order, source, state, open_file, tell, stop or asyncio.Event(), fault, erased)
            await (job.latest() if order.latest_revision else job.all())
    job.report.seconds = time.monotonic() - began
    return job.report


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UsageError(f"{folder} is a file: name a folder") from None
    except OSError as error:
        raise ItemstreamError(f"cannot make the folder {folder}: {error.strerror}; name another") from error


def _begun(order: Order, source: Source) -> ExportState:
    """The folder's state, or a new one. Raises UsageError where the folder is another export's."""
    asked = {name: list(values) for name, values in order.asked.items()}
    state = ExportState.load(order.folder)
    wanted = order.selection.partitions or ()
    if missing := sorted(set(wanted) - set(source.partitions)):
        raise UsageError(
            f"{order.topic} has no partition {missing[0]}: it has {source.partitions[0]} to {source.partitions[-1]}"
        )
    if state is None:
        if exported_files(order.folder):
            raise UsageError(f"{order.folder} has exported files and no _export.json with them: name another folder")
        return ExportState(
            order.topic,
            source.cluster,
            order.format,
            asked,
            order.selection,
            uuid.uuid4().hex[:12],
            order.latest_revision,
        )
    for name, there, now in (
        ("topic", state.topic, order.topic),
        ("format", state.format, order.format),
        ("cluster", state.cluster, source.cluster),
    ):
        if there != now:
            raise UsageError(f"{order.folder} is an export of {name} {there}, and this is {now}: name another folder")
    if state.asked != asked:
        raise UsageError(
            f"{order.folder} was exported with {_flags(state.asked)}, and this is with {_flags(asked)}: give the same, "
            "or name another folder"
        )
    return state


def _flags(asked: Mapping[str, Sequence[str]]) -> str:
    given = [f"--{name} {value}".strip() for name, values in asked.items() for value in values]
    return " ".join(given) or "no selection"


@contextmanager
def _explaining(folder: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise explained(folder, error) from error


@contextmanager
def _locked(folder: Path) -> Generator[None]:
    """The folder for this process alone; Kafka's way of fencing is not there for files. A kill frees it."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ItemstreamError(
                f"another export writes to {folder}: wait for its end, or name another folder"
            ) from None
        yield
    finally:
        os.close(descriptor)


def clean(folder: Path, state: ExportState) -> None:
    """Take away what a killed export left: what is half written, and what goes beyond what is complete."""
    for path in temporary_files(folder):
        path.unlink()
    for file in exported_files(folder):
        if file.topic == state.topic and not state.has(file):
            file.path.unlink()


class _Job:
    def __init__(
        self,
        order: Order,
        source: Source,
        state: ExportState,
        open_file: Opener,
        tell: Tell,
        stop: asyncio.Event,
        fault: Fault,
        erased: frozenset[str],
    ) -> None:
        self.order = order
        self.erased = erased
        self.source = source
        self.state = state
        self.open_file = open_file
        self.tell = tell
        self.stop = stop
        self.fault = fault
        self.report = Report()
        self.partitions = state.selection.partitions or source.partitions
        self.done = self.of = 0

    async def all(self) -> None:
        """Every record that is meant; with `follow_seconds` again and again until `stop`."""
        every = self.order.follow_seconds
        while True:
            ends = await self.source.ends(self.partitions)
            await self._round(ends, self._chosen)
            if every is None or self.stop.is_set():
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(every):
                    await self.stop.wait()

    async def latest(self) -> None:
        """The latest revision of every item, as of the first run's look at where the topic ended."""
        if self.state.ends is None:
            self.state.ends = await self.source.ends(self.partitions)
            with _explaining(self.order.folder):
                self.state.save(self.order.folder)
        ends = self.state.ends
        if all(self.state.next.get(partition, 0) >= end for partition, end in ends.items()):
            raise ItemstreamError(
                f"{self.order.folder} already holds the latest revisions as of its first run: name another folder for "
                "those as of now"
            )
        with Latest(self.order.folder) as latest:
            begins = await self.source.begins(self.partitions)
            for partition, end in ends.items():
                async for fetch in self.source.read(partition, begins[partition], end):
                    await asyncio.to_thread(latest.see, self._chosen(fetch.records))
                    if self.stop.is_set():
                        return
            latest.seen_all()
            await self._round(ends, latest.chosen)

    def _chosen(self, records: Sequence[FetchedRecord]) -> Sequence[FetchedRecord]:
        return without(self.erased, self.state.selection.chosen(records))

    async def _round(
        self, ends: Mapping[int, int], chosen: Callable[[Sequence[FetchedRecord]], Sequence[FetchedRecord]]
    ) -> None:
        begins = await self.source.begins(self.partitions)
        starts = {partition: await self._start(partition, begins[partition], ends) for partition in self.partitions}
        self.done, self.of = 0, sum(end - starts[partition] for partition, end in ends.items())
        for partition, start in starts.items():
            if start < ends[partition] and not self.stop.is_set():
                await self._partition(partition, start, ends[partition], chosen)

    async def _start(self, partition: int, begin: int, ends: Mapping[int, int]) -> int:
        end = ends[partition]
        so_far = self.state.next.get(partition)
        if so_far is not None:
            if so_far > end:
                raise ItemstreamError(
                    f"{self.order.folder} goes up to offset {so_far} of {self.order.topic}-{partition}, and the topic "
                    f"ends at {end}: it was made anew, or is another one of that name; name another folder"
                )
            if begin > so_far:
                self.report.lost.append((partition, so_far, begin))
            return max(so_far, begin)
        since = self.state.selection.since_ms
        if since is None:
            return begin
        found = await self.source.since(partition, since)
        return end if found is None else min(max(found, begin), end)

    async def _partition(
        self,
        partition: int,
        start: int,
        end: int,
        chosen: Callable[[Sequence[FetchedRecord]], Sequence[FetchedRecord]],
    ) -> None:
        segment = self._segment(partition)
        position = start
        try:
            async for fetch in self.source.read(partition, start, end):
                if fetch.lost is not None:
                    self.report.lost.append((partition, *fetch.lost))
                if records := chosen(fetch.records):
                    await asyncio.to_thread(segment.add, records)
                    self.report.records += len(records)
                self.done += fetch.next - position
                position = fetch.next
                self.tell(self.report.records, self.done, self.of)
                if segment.bytes >= self.order.file_bytes or segment.days > MOST_DAYS:
                    await self._complete(segment, partition, position)
                    segment = self._segment(partition)
                if self.stop.is_set():
                    break
            await self._complete(segment, partition, position)
        finally:
            segment.discard()

    def _segment(self, partition: int) -> Segment:
        return Segment(self.order.folder, self.order.topic, partition, self.order.format, self.open_file)

    async def _complete(self, segment: Segment, partition: int, position: int) -> None:
        """All before `position` is in files: first the files, then the word that they are complete."""
        made = await asyncio.to_thread(segment.complete, self.fault)
        self.fault("renamed")
        with _explaining(self.order.folder):
            self.report.files += len(made)
            self.report.bytes += sum(path.stat().st_size for path in made)
            if self.state.next.get(partition) != position:
                self.state.next[partition] = position
                self.state.save(self.order.folder)
        self.fault("saved")
