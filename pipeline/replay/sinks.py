"""Where a job of one process writes: each output once, whatever was killed in between.

A sink knows how many outputs of a stream it holds. What comes out is the same each time, so that whoever resumes drops
as many and goes on.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from aiokafka import TopicPartition

from pipeline.core import Output
from pipeline.errors import ItemstreamError
from pipeline.recorded import output_line
from pipeline.rejected.read import read_partition, reader
from pipeline.replay.job import Job
from pipeline.replay.streams import Stream
from pipeline.settings import Settings
from pipeline.streaming.transactions import Fault, Transactions, no_fault
from topics.catalogue import REJECTED, changelog_topic


class Sink(Protocol):
    """Where outputs go."""

    async def start(self) -> None:
        """Take over from whoever wrote before."""
        ...

    async def written(self, stream: Stream) -> int:
        """How many outputs of a stream are there."""
        ...

    async def write(self, stream: Stream, outputs: Sequence[Output]) -> None:
        """Write the next ones."""
        ...

    async def finish(self, stream: Stream) -> None:
        """No more of this stream will come."""
        ...

    async def close(self) -> None:
        """Free what is held."""
        ...


def transactions(settings: Settings, name: str, fault: Fault = no_fault) -> Transactions:
    """A job's own; they raise ItemstreamError."""

    def explain(fenced: bool, cause: BaseException) -> ItemstreamError:
        if fenced:
            return ItemstreamError(f"another process took over from this one ({name}); nothing is written twice")
        return ItemstreamError(f"Kafka refused what was to be written: {cause!r}; go on with itemstream replay resume")

    return Transactions(name, settings.bootstrap_servers, settings.connection(), explain, fault)


class TopicSink:
    """Side topics; with each transaction the job's state says how many outputs of the stream are there."""

    def __init__(self, settings: Settings, job: Job, partitions: int) -> None:
        self._settings = settings
        self._partitions = partitions
        self._progress = changelog_topic(job.own_group)
        self._transactions = transactions(settings, f"{job.own_group}-files")
        self._written: dict[str, int] = {}

    async def start(self) -> None:
        await self._transactions.start()
        async with reader(self._settings) as consumer:
            async for record in read_partition(consumer, TopicPartition(self._progress, 0)):
                # Beside these there is the position with which every job's state begins.
                if record.key is not None and record.key.startswith(_WRITTEN):
                    self._written[record.key.removeprefix(_WRITTEN).decode()] = int(record.value or b"0")

    async def written(self, stream: Stream) -> int:
        return self._written.get(stream.name, 0)

    async def write(self, stream: Stream, outputs: Sequence[Output]) -> None:
        there = self._written.get(stream.name, 0) + len(outputs)
        progress = Output(self._progress, _WRITTEN + stream.name.encode(), b"%d" % there, [], -1)
        sent = [(stream.partition(output, self._partitions), output) for output in outputs]
        await self._transactions.write(("sent", [*sent, (0, progress)]))
        self._written[stream.name] = there

    async def finish(self, stream: Stream) -> None: ...

    async def close(self) -> None:
        await self._transactions.close()


_WRITTEN = b"written/"


class FileSink:
    """A folder with a file of JSON lines for each stream, in the form of `itemstream process`.

    A file is called `.part` until it is whole. What a killed process left in it counts; half a line is cut off.
    """

    def __init__(self, job: Job) -> None:
        self._folder = Path(job.to)
        self._rejected = REJECTED.full_name(job.prefix)
        self._open: dict[str, BinaryIO] = {}

    async def start(self) -> None:
        """Make the folder. Raises ItemstreamError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ItemstreamError(f"cannot make the folder {self._folder}: {error.strerror}") from error

    async def written(self, stream: Stream) -> int:
        if self._whole(stream).exists():  # killed before it could say so
            self._whole(stream).rename(self._part(stream))
        file = self._part(stream)
        if not file.exists():
            return 0
        lines, size = 0, 0
        with file.open("r+b") as opened:
            for line in opened:
                if line.endswith(b"\n"):
                    lines, size = lines + 1, size + len(line)
            opened.truncate(size)
        return lines

    async def write(self, stream: Stream, outputs: Sequence[Output]) -> None:
        file = self._open.get(stream.name)
        if file is None:
            file = self._open[stream.name] = self._part(stream).open("ab")
        file.writelines(output_line(output, self._rejected) for output in outputs)

    async def finish(self, stream: Stream) -> None:
        file = self._open.pop(stream.name, None) or self._part(stream).open("ab")
        file.flush()
        os.fsync(file.fileno())
        file.close()
        self._part(stream).rename(self._whole(stream))

    async def close(self) -> None:
        for file in self._open.values():
            file.close()

    def _whole(self, stream: Stream) -> Path:
        return self._folder / f"{stream.name}.jsonl"

    def _part(self, stream: Stream) -> Path:
        return self._folder / f"{stream.name}.jsonl.part"
