"""Where a job of one process writes: each output once, whatever was killed in between.

A sink knows how many outputs of a stream it holds. What comes out is the same each time, so that whoever resumes drops
as many and goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.core import Output
from pipeline.errors import ItemstreamError
from pipeline.recorded import output_line
from pipeline.rejected.read import read_partition, reader
from pipeline.replay.job import Job
from pipeline.replay.streams import Stream
from pipeline.settings import Settings
from pipeline.streaming import aiokafka_fixes
from pipeline.streaming.clients import Producer, close_producer
from pipeline.streaming.failures import DeliveryError, is_fenced
from pipeline.streaming.record_batches import RecordBatches, all_acknowledged
from topics.catalogue import REJECTED, changelog_topic

TRANSACTION_TIMEOUT_MS = 10_000
BATCH_BYTES = 512 * 1024

Outputs = Sequence[tuple[int, Output]]
"""Each with the partition it goes to."""


Fault = Callable[[str], None]
"""Called at each step of a transaction by its name; tests kill the process there."""


def no_fault(_step: str) -> None:
    """Nothing happens."""


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


class Transactions:
    """One transactional producer: starting it ends what another of its name left open, and fences that one."""

    def __init__(self, settings: Settings, name: str, fault: Fault = no_fault) -> None:
        self._name = name
        self._fault = fault
        aiokafka_fixes.apply()
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=settings.bootstrap_servers,
            transactional_id=name,
            transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
            acks="all",
            linger_ms=0,
            max_batch_size=BATCH_BYTES,
            **settings.connection(),
        )
        self._producer = cast(Producer, producer)

    async def start(self) -> None:
        """Fence whoever writes under this name. Raises ItemstreamError."""
        try:
            await self._producer.start()
        except (KafkaError, OSError) as error:
            raise self._explained(error) from error
        self._fault("fenced")

    async def write(self, outputs: Outputs) -> None:
        """All of them, or none. Raises ItemstreamError."""
        by_partition: dict[int, RecordBatches] = {}
        for partition in dict(outputs):
            by_partition[partition] = RecordBatches(BATCH_BYTES, transactional=True)
            by_partition[partition].add_outputs(output for to, output in outputs if to == partition)
        try:
            await self._producer.begin_transaction()
            self._fault("begun")
            acknowledgements: list[Awaitable[Any]] = []
            for partition, batches in by_partition.items():
                acknowledgements += await batches.send(self._producer, partition)
            await all_acknowledged(acknowledgements)
            self._fault("sent")
            await self._producer.commit_transaction()
            self._fault("committed")
        except (KafkaError, OSError, DeliveryError) as error:
            await self._abort()
            raise self._explained(error) from error
        except BaseException:
            await self._abort()
            raise

    async def close(self) -> None:
        """Free the connections. Never raises."""
        await close_producer(self._producer)

    async def _abort(self) -> None:
        if aiokafka_fixes.in_transaction(self._producer):
            with contextlib.suppress(Exception):
                async with asyncio.timeout(TRANSACTION_TIMEOUT_MS / 1000):
                    await self._producer.abort_transaction()

    def _explained(self, error: BaseException) -> ItemstreamError:
        if is_fenced(error):
            return ItemstreamError(f"another process took over from this one ({self._name}); nothing is written twice")
        cause = error.cause if isinstance(error, DeliveryError) else error
        return ItemstreamError(f"Kafka refused what was to be written: {cause!r}; go on with itemstream replay resume")


class TopicSink:
    """Side topics; with each transaction the job's state says how many outputs of the stream are there."""

    def __init__(self, settings: Settings, job: Job, partitions: int) -> None:
        self._settings = settings
        self._partitions = partitions
        self._progress = changelog_topic(job.own_group)
        self._transactions = Transactions(settings, f"{job.own_group}-files")
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
        await self._transactions.write(
            [*((stream.partition(output, self._partitions), output) for output in outputs), (0, progress)]
        )
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
