"""What a job of one process reads, in parts: each the same outputs in the same order whenever it is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

from aiokafka.partitioner import murmur2  # pyright: ignore[reportUnknownVariableType]

from pipeline.core import InputRecord, Output, Partition
from pipeline.errors import ItemstreamError, UsageError
from pipeline.export.layout import ExportedFile, exported_files
from pipeline.export.reading import Exported, open_exported, records_of
from pipeline.recorded import read_lines
from pipeline.rejected.read import Reader
from pipeline.replay.again import OnRead, outputs_of
from pipeline.replay.bounded import Pace
from pipeline.replay.core import ReplayCore, Summary
from pipeline.replay.job import Job
from pipeline.replay.selection import Wanted
from pipeline.replay.window import Window

BATCH = 1_000
LINES = (".jsonl", ".ndjson", ".json")


class Stream(Protocol):
    """A part of what a job reads."""

    @property
    def name(self) -> str:
        """Unique in the job."""
        ...

    @property
    def summary(self) -> Summary:
        """Of what was read so far."""
        ...

    def outputs(self, pace: Pace, on_read: OnRead) -> AsyncGenerator[list[Output], None]:
        """What comes out, batch by batch."""
        ...

    def partition(self, output: Output, partitions: int) -> int:
        """Into which of so many partitions a record goes."""
        ...


@dataclass(slots=True)
class TopicStream:
    """A window of the input topic."""

    consumer: Reader
    job: Job
    window: Window
    summary: Summary = field(default_factory=Summary)

    @property
    def name(self) -> str:
        return f"partition-{self.window.partition}"

    def outputs(self, pace: Pace, on_read: OnRead) -> AsyncGenerator[list[Output], None]:
        job, window = self.job, self.window
        core = ReplayCore(job.core, window, window.wanted(job.selection), job.made_ms, job.erased)
        self.summary = core.summary
        return outputs_of(self.consumer, job, core, window, pace, on_read)

    def partition(self, output: Output, partitions: int) -> int:
        return self.window.partition


@dataclass(slots=True)
class FileStream:
    """Records out of files, each run of them a core of its own; at its end every session counts as idle."""

    name: str
    job: Job
    runs: Callable[[], Iterator[Iterable[InputRecord]]]
    own_partition: int | None = None
    """Where the records lay in Kafka; None: where Kafka's own partitioner puts their keys."""
    summary: Summary = field(default_factory=Summary)

    async def outputs(self, pace: Pace, on_read: OnRead) -> AsyncGenerator[list[Output], None]:
        self.summary = Summary()
        for records in self.runs():
            core = Partition(self.job.core)
            remaining = iter(records)
            while batch := list(islice(remaining, BATCH)):
                await pace.wait(len(batch))
                result = core.process(batch, self.job.made_ms)
                self.summary.counts.add(result.counts)
                yield self._counted(result.outputs)
                on_read(len(batch))
            yield self._counted(core.end().outputs)

    def partition(self, output: Output, partitions: int) -> int:
        if self.own_partition is not None and self.own_partition < partitions:
            return self.own_partition
        return (murmur2(output.key or b"") & 0x7FFFFFFF) % partitions

    def _counted(self, outputs: list[Output]) -> list[Output]:
        meant = [output for output in outputs if self._is_meant(output)]
        for output in meant:
            self.summary.outputs[output.topic] = self.summary.outputs.get(output.topic, 0) + 1
        return meant

    def _is_meant(self, output: Output) -> bool:
        selection = self.job.selection
        if selection.is_everything:
            return True
        since, until = selection.since_ms, selection.until_ms
        if (since is not None and output.timestamp < since) or (until is not None and output.timestamp >= until):
            return False
        first, last = selection.offsets.get(self.own_partition or 0, (None, None))
        sessions = frozenset(session.encode() for session in selection.sessions)
        return Wanted(first or 0, 2**63 if last is None else last, sessions, selection.event_types)(output)


def file_streams(job: Job) -> list[Stream]:
    """The files of a job. Raises ItemstreamError or UsageError where one is none that can be read."""
    found: list[Stream] = []
    recordings: list[Path] = []
    for name in job.files:
        path = Path(name)
        if not path.exists():
            raise UsageError(f"--from {path}: there is no such file or folder")
        if exported := _exported(path):
            numbers = [number for number in exported.partitions if job.selection.includes(number)]
            found += [_of_export(job, exported, number, len(job.files) > 1, path) for number in numbers]
        elif path.is_dir():
            recordings += sorted(file for file in path.rglob("*") if file.suffix in LINES)
        else:
            recordings.append(path)
    if recordings:
        found.append(FileStream("recordings", job, lambda: (_recording(path) for path in recordings)))
    if not found:
        raise UsageError(f"--from {', '.join(job.files)}: no exported events and no JSON lines there")
    names = [stream.name for stream in found]
    if len(set(names)) < len(names):
        raise UsageError("--from: two exports of the same partitions; replay one after the other")
    return found


def _of_export(job: Job, exported: Exported, number: int, several: bool, path: Path) -> FileStream:
    name = f"{path.name}-{number}" if several else f"partition-{number}"
    return FileStream(name, job, lambda: iter([records_of(exported, [number])]), number)


def _exported(path: Path) -> Exported | None:
    """The export there; None where it is something else."""
    if path.is_dir():
        return open_exported(path) if exported_files(path) else None
    return open_exported(path) if ExportedFile.parse(path) is not None else None


def _recording(path: Path) -> Iterator[InputRecord]:
    try:
        with path.open("rb") as lines:
            yield from read_lines(lines, path.stem, path.stem)
    except OSError as error:
        raise ItemstreamError(f"cannot read {path}: {error.strerror}") from error
