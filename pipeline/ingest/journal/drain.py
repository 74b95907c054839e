"""Sends a journal to Kafka: records, and how far the journal is sent, in one transaction.

The position is the committed offset of a consumer group of the journal's own, so a record and the word that it was sent
are there together or not at all. What was killed goes on behind its last committed transaction.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.core import Output
from pipeline.ingest.journal.folder import identity, remember_sent, remembered_sent
from pipeline.ingest.journal.format import START, Position
from pipeline.ingest.journal.reader import JournalReader
from pipeline.ingest.journal.targets import Targets
from pipeline.logs import get_logger
from pipeline.settings import Settings
from pipeline.streaming.distribution import Distribution
from pipeline.streaming.stats import COMMIT_SECONDS
from pipeline.streaming.transactions import Fault, Transactions, no_fault
from topics.admin.errors import TopicsError

JOURNALS = "itemstream-journal-"
"""How the transactional ids and groups of journals begin; the journal's own id follows."""
READ_BYTES = 2 * 1024 * 1024
"""Of journal in one transaction, about."""
POLL_SECONDS = 0.01
"""Between two looks at a journal in which there was nothing new."""
GATHER_SECONDS = 0.05
"""From one transaction to the next at least, while there is less than one to send: each costs Kafka the same, however
small it is."""
RETRY_SECONDS = (0.2, 5.0)
REMEMBER_SECONDS = 1.0

log = get_logger(__name__)

Unpack = Callable[[bytes], Output]
"""The Kafka record that a journal's record stands for."""


@dataclass(slots=True)
class DrainStats:
    """How it goes."""

    sent: int = 0
    """Records committed since this drain began."""
    skipped: int = 0
    """Records larger than their topic takes: left out."""
    torn_bytes: int = 0
    """Passed by at the ends of segments: what a crash cut short."""
    position: Position = START
    error: str | None = None
    """Why nothing is sent; None while it works."""
    kafka_seconds: Distribution = field(default_factory=lambda: Distribution(COMMIT_SECONDS))
    """Of each transaction: first send to the end of the commit."""


class Drain:
    """The one sender of a journal."""

    def __init__(self, settings: Settings, folder: Path, unpack: Unpack, fault: Fault = no_fault) -> None:
        self.stats = DrainStats()
        self.name = JOURNALS + identity(folder)
        """Transactional id, and consumer group of the position."""
        self._settings = settings
        self._folder = folder
        self._unpack = unpack
        self._fault = fault
        self._place = TopicPartition(settings.input_topic, 0)
        self._remembered = 0.0
        self._noted = START

    async def run(self, stop: asyncio.Event, finish: asyncio.Event) -> None:
        """Send what there is and what comes, until `stop`; once `finish` is set, until there is no more.

        Kafka away, rights missing, no such topic: tried again for ever, `stats.error` says so. Fenced as well:
        the folder's lock sees to it that there is no other relay, so Kafka has ended a transaction that took too long
        (this process was stopped, say), or a former sender was still at work.

        Raises ItemstreamError where the journal is not the one it was.
        """
        retry, longest = RETRY_SECONDS
        while not stop.is_set():
            before = self.stats.sent
            try:
                await self._send_until(stop, finish)
                return
            except (_KafkaRefused, KafkaError, TopicsError, OSError) as error:
                if self.stats.sent > before:
                    retry = RETRY_SECONDS[0]
                told = " ".join(str(error).split()) or type(error).__name__
                if told != self.stats.error:
                    log.warning("journal_waits_for_kafka", error=told, servers=self._settings.bootstrap_servers)
                self.stats.error = told
                await _wait(stop, retry)
                retry = min(2 * retry, longest)

    async def _send_until(self, stop: asyncio.Event, finish: asyncio.Event) -> None:
        transactions = Transactions(
            self.name, self._settings.bootstrap_servers, self._settings.connection(), _explained, self._fault
        )
        reader: JournalReader | None = None
        try:
            # The order matters: only behind the start is the committed position the last one there will be.
            await transactions.start()
            committed = await self._committed()
            reader = JournalReader(self._folder, max(committed, remembered_sent(self._folder)))
            targets = Targets(self._settings)
            while True:
                began = time.monotonic()
                records = reader.read(READ_BYTES)
                self._note_torn(reader)
                if not records:
                    if finish.is_set() or stop.is_set():
                        return
                    self._remember()
                    await _wait(stop, POLL_SECONDS)
                    continue
                outputs = await targets.placed([self._unpack(record) for record in records])
                offset = (self._place, reader.position.packed(), self.name)
                sends = time.monotonic()
                await transactions.write(("sent", outputs), offset=offset)
                self.stats.kafka_seconds.note(time.monotonic() - sends)
                self._sent(reader, outputs, len(records))
                if stop.is_set():
                    return
                if not finish.is_set() and sum(map(len, records)) < READ_BYTES // 2:
                    await _wait(stop, began + GATHER_SECONDS - time.monotonic())
        finally:
            self._remember(now=True)
            if reader is not None:
                reader.close()
            await transactions.close()

    def _sent(self, reader: JournalReader, outputs: Sequence[Any], records: int) -> None:
        stats = self.stats
        if stats.error is not None:
            log.info("journal_drains_again")
            stats.error = None
        stats.sent += len(outputs)
        stats.skipped += records - len(outputs)
        moved_on = reader.position.segment != stats.position.segment
        stats.position = reader.position
        if moved_on:
            reader.forget_sent(reader.position)
            self._fault("forgotten")
        self._remember()

    def _remember(self, *, now: bool = False) -> None:
        passed = time.monotonic() - self._remembered
        if self.stats.position > self._noted and (now or passed >= REMEMBER_SECONDS):
            remember_sent(self._folder, self.stats.position)
            self._remembered += passed
            self._noted = self.stats.position

    def _note_torn(self, reader: JournalReader) -> None:
        for torn in reader.torn:
            self.stats.torn_bytes += torn.length
            log.warning("journal_torn_end", file=str(torn.path), offset=torn.offset, bytes=torn.length)
        reader.torn.clear()

    async def _committed(self) -> Position:
        consumer: Any = AIOKafkaConsumer(
            bootstrap_servers=self._settings.bootstrap_servers,
            group_id=self.name,
            enable_auto_commit=False,
            **self._settings.connection(),
        )
        try:
            await consumer.start()
            consumer.assign([self._place])
            return Position.unpacked(await consumer.committed(self._place) or 0)
        finally:
            await consumer.stop()


class _KafkaRefused(Exception):
    """What Kafka said, for the log."""


def _explained(fenced: bool, cause: BaseException) -> Exception:
    if fenced:
        return _KafkaRefused("Kafka has ended a transaction that took too long")
    return _KafkaRefused(" ".join(str(cause).split()) or type(cause).__name__)


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    if seconds <= 0:
        return
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
