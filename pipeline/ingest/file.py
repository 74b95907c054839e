"""Recorded events into the input topic, each once, however often this is stopped, killed and run again.

Each transaction writes events and, as the offset of a consumer group of this file's own, how many of its lines are in
Kafka now, with a digest of them. A file is known by its first event, not by its name: moved or grown it is the same
one, and one that only begins alike is found out by the digest.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from aiokafka import TopicPartition
from aiokafka import errors as kafka
from aiokafka.structs import OffsetAndMetadata

from pipeline.core import Output
from pipeline.errors import ItemstreamError
from pipeline.export.progress import Tell, untold
from pipeline.ingest.event import CollectedEvent, EventRefused, event_record
from pipeline.ingest.parts import redaction_of
from pipeline.ingest.redact import Redaction
from pipeline.ingest.writer import place
from pipeline.recorded.lines import RecordedEvent, read_lines
from pipeline.settings import Settings
from pipeline.streaming.transactions import Fault, Transactions, in_transactions, no_fault
from topics.admin import connect

FILES = "itemstream-ingest-"
"""How the groups of files begin, of which there is one each; topic and file follow."""
TRANSACTION_EVENTS = 5_000
TRANSACTION_BYTES = 4 * 1024 * 1024
TRANSACTION_TIMEOUT_MS = 30_000
COORDINATOR_SECONDS = 30.0
"""For Kafka to say who keeps the offsets of a group: a new cluster has to make the topic first."""
_NO_COORDINATOR = (
    kafka.GroupCoordinatorNotAvailableError,
    kafka.GroupLoadInProgressError,
    kafka.NotCoordinatorForGroupError,
)


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for of a file; as `itemstream process` means it.

    start_time: of events without a time; None: when the file was last changed. name: what the file is known by in
    Kafka; None: its first event.
    """

    path: Path
    session_id: str | None = None
    provider: str | None = None
    tenant: str | None = None
    start_time: str | None = None
    name: str | None = None


@dataclass(slots=True)
class Report:
    """What was done with a file."""

    events: int = 0
    """In Kafka now that were not before."""
    before: int = 0
    """Lines that an earlier run had brought there."""
    refused: Counter[str] = field(default_factory=Counter[str])
    """Events left out, by reason: `too_large`, `redaction`."""
    seconds: float = 0.0


async def ingest_file(
    settings: Settings,
    order: Order,
    tell: Tell = untold,
    stop: asyncio.Event | None = None,
    fault: Fault = no_fault,
) -> Report:
    """Write the events of a file to the input topic. `stop` ends it after the transaction in hand.

    Raises ItemstreamError where the file can't be read, is not the one that was begun, or Kafka can't be reached.
    """
    began = time.monotonic()
    try:
        with order.path.open("rb") as file:
            report = await _Ingest(settings, order).run(file, tell, stop or asyncio.Event(), fault)
    except OSError as error:
        raise ItemstreamError(f"cannot read {order.path}: {error.strerror}") from error
    report.seconds = time.monotonic() - began
    return report


class _Line(NamedTuple):
    """An event, and where the file then was."""

    event: RecordedEvent
    lines: int
    digest: str
    """Of all lines so far."""
    bytes_read: int


class _Ingest:
    def __init__(self, settings: Settings, order: Order) -> None:
        self._settings = settings
        self._order = order
        self._topic = settings.input_topic
        self._redaction: Redaction | None = redaction_of(settings)
        self._report = Report()

    async def run(self, file: BinaryIO, tell: Tell, stop: asyncio.Event, fault: Fault) -> Report:
        lines = self._lines(file)
        first = next(lines, None)
        if first is None:
            return self._report
        group = f"{FILES}{self._topic}-{self._name(first.event)}"
        progress = TopicPartition(self._topic, 0)
        partitions = await self._partitions()
        writer = Transactions(
            group, self._settings.bootstrap_servers, self._settings.connection(), self._explained, fault,
            TRANSACTION_TIMEOUT_MS,
        )  # fmt: skip
        size = self._order.path.stat().st_size
        try:
            # Ends the transaction that a killed run left open, and fences one that still runs: then that is all.
            await writer.start()
            left = self._behind(chain([first], lines), await self._progress(group, progress))
            for batch in in_transactions(left, _value_size, TRANSACTION_EVENTS, TRANSACTION_BYTES):
                if stop.is_set():
                    break
                last = batch[-1]
                outputs = [output for line in batch if (output := self._output(line.event, partitions)) is not None]
                offset = OffsetAndMetadata(last.lines, last.digest)
                await writer.write(("sent", outputs), offset=(progress, offset, group))
                self._report.events += len(outputs)
                tell(self._report.events, last.bytes_read, size)
        finally:
            await writer.close()
        return self._report

    def _lines(self, file: BinaryIO) -> Iterator[_Line]:
        order = self._order
        digest = blake2b(digest_size=16)
        count = size = 0

        def read() -> Iterator[bytes]:
            nonlocal count, size
            for line in file:
                count += 1
                size += len(line)
                digest.update(line)
                yield line

        name = order.path.stem
        start_time = order.start_time or _time_of(order.path)
        for event in read_lines(read(), name, order.session_id or name, order.provider, start_time):
            yield _Line(event, count, digest.hexdigest(), size)

    def _name(self, first: RecordedEvent) -> str:
        if self._order.name is not None:
            return self._order.name
        return blake2b(first.value, digest_size=8).hexdigest()

    def _behind(self, lines: Iterator[_Line], done: OffsetAndMetadata) -> Iterator[_Line]:
        """What is not in Kafka yet. Raises ItemstreamError where this is not the file whose lines are."""
        if done.offset > 0:
            self._report.before = done.offset
            known = next((line for line in lines if line.lines >= done.offset), None)
            if known is None or (known.lines, known.digest) != (done.offset, done.metadata):
                raise ItemstreamError(
                    f"{self._order.path} begins as a file whose first {done.offset} lines are in {self._topic}, and "
                    "goes on in another way: if it is another one, name it apart with --as NAME"
                )
        yield from lines

    def _output(self, recorded: RecordedEvent, partitions: int) -> tuple[int, Output] | None:
        told = {name: value.decode() for name, value in recorded.headers}
        event = CollectedEvent(
            value=recorded.value,
            session=told.get("ce_sessionid", recorded.key.decode()),
            sequence=_number(told.get("ce_sequence")),
            time=told.get("ce_time"),
            provider=told.get("ce_provider"),
            tenant=self._order.tenant or told.get("ce_tenant"),
        )
        try:
            record = event_record(event, max_bytes=self._settings.max_event_bytes, redaction=self._redaction)
        except EventRefused as error:
            self._report.refused[error.reason] += 1
            return None
        # The record's own time is now, as with every collector: an old one would be deleted by retention.
        now = time.time_ns() // 1_000_000
        headers: list[tuple[str, bytes | None]] = [*record.headers]
        return place(record.key, partitions), Output(self._topic, record.key, record.value, headers, now)

    async def _partitions(self) -> int:
        async with connect(self._settings.bootstrap_servers, **self._settings.connection()) as admin:
            found = {one["topic"]: one for one in await admin.describe_topics()}.get(self._topic)
        if found is None:
            raise ItemstreamError(
                f"the topic {self._topic} does not exist; make it with: itemstream topics apply --yes"
            )
        return len(found["partitions"])

    async def _progress(self, group: str, place: TopicPartition) -> OffsetAndMetadata:
        async with connect(self._settings.bootstrap_servers, **self._settings.connection()) as connected:
            admin: Any = connected
            async with asyncio.timeout(COORDINATOR_SECONDS):
                while True:
                    try:
                        found = await admin.list_consumer_group_offsets(group, partitions=[place])
                        return found.get(place, OffsetAndMetadata(-1, ""))
                    except _NO_COORDINATOR:
                        await asyncio.sleep(0.2)

    def _explained(self, fenced: bool, cause: BaseException) -> ItemstreamError:
        if fenced:
            return ItemstreamError(f"another run with {self._order.path} was started and goes on in place of this one")
        return ItemstreamError(
            f"Kafka refused events of {self._order.path} for {self._topic} "
            f"({' '.join(str(cause).split()) or type(cause).__name__}); what was committed stays, run the same command "
            "again for the rest"
        )


def _value_size(line: _Line) -> int:
    return len(line.event.value)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None


def _time_of(path: Path) -> str:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return changed.isoformat(timespec="milliseconds").replace("+00:00", "Z")
