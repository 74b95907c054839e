"""Exported records back into a topic: the partition, key, value, headers and timestamp of each as they were.

Each transaction writes records and, as the offset of a consumer group of this import's own, how far the export is in
Kafka now. So what was killed goes on behind its last committed transaction.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.core import Output
from pipeline.errors import ItemstreamError, UsageError
from pipeline.export.names import missing
from pipeline.export.progress import Tell, untold
from pipeline.export.reading import Exported, open_exported, records_of
from pipeline.settings import Settings
from pipeline.streaming.transactions import Fault, Transactions, in_transactions, no_fault
from topics.admin import TopicState, connect, read_topic
from topics.fetched_records import FetchedRecord

TRANSACTION_RECORDS = 5000
TRANSACTION_BYTES = 4 * 1024 * 1024
"""Of values, at most; a larger record has a transaction of its own."""
TRANSACTION_TIMEOUT_MS = 30_000
"""Readers of the topic wait for an open transaction: one that a kill left ends with the next run, or after this."""
_OVERHEAD = 200


@dataclass(slots=True)
class Report:
    """What an import did."""

    topic: str
    """That the records were of."""
    records: int = 0
    resumed: bool = False
    """Whether an earlier run had imported some, which was left out."""
    too_old: bool = False
    """Whether some are older than the topic keeps records: Kafka will delete them."""
    seconds: float = 0.0


async def import_exported(
    settings: Settings,
    path: Path,
    topic: str,
    tell: Tell = untold,
    stop: asyncio.Event | None = None,
    fault: Fault = no_fault,
    *,
    same_topic: bool = False,
) -> Report:
    """Write the records of an export to `topic`, each once, however often this is stopped, killed and run again.

    `stop` ends it after the transaction in hand. `same_topic`: also to the topic they came from.

    Raises ItemstreamError where the export can't be read, the topic does not take its records as they are, or Kafka
    can't be reached or refuses.
    """
    exported = open_exported(path)
    target = await _target(settings, topic, exported, same_topic=same_topic)
    report = Report(exported.topic)
    began = time.monotonic()
    of = sum(map(exported.span, exported.partitions))
    keeps_ms = int(target.config.get("retention.ms") or -1)
    oldest_ms = time.time_ns() // 1_000_000 - keeps_ms if keeps_ms >= 0 else None
    done = 0
    for partition in exported.partitions:
        if stop is not None and stop.is_set():
            break
        writer = _Writer(settings, target, partition, group_of(topic, exported), fault)
        try:
            await writer.start()
            start = await writer.imported()
            report.resumed = report.resumed or start > 0
            chosen = records_of(exported, [partition], start)
            for records in in_transactions(chosen, _value_size, TRANSACTION_RECORDS, TRANSACTION_BYTES):
                if stop is not None and stop.is_set():
                    break
                await writer.write(records)
                report.records += len(records)
                if oldest_ms is not None and not report.too_old:
                    report.too_old = any(0 <= record.timestamp < oldest_ms for record in records)
                tell(report.records, done + records[-1].offset - exported.ends(partition)[0], of)
        finally:
            await writer.close()
        done += exported.span(partition)
    report.seconds = time.monotonic() - began
    return report


def group_of(topic: str, exported: Exported) -> str:
    """The consumer group whose offsets say how far an export is in `topic`: of the export, or of the files' names."""
    names = "\n".join(sorted(file.path.name for file in exported.files)).encode()
    return f"itemstream-import-{topic}-{exported.id or blake2b(names, digest_size=6).hexdigest()}"


async def _target(settings: Settings, topic: str, exported: Exported, *, same_topic: bool) -> TopicState:
    """The topic. Raises ItemstreamError where it can't hold the records as they were."""
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        found = await read_topic(admin, topic)
        cluster = (await admin.describe_cluster()).get("cluster_id")
    needed = exported.partitions[-1] + 1 if exported.partitions else 0
    if found is None:
        raise ItemstreamError(f"{missing(settings, topic)}; the export needs {needed} partitions or more")
    if topic == exported.topic and cluster == exported.cluster and not same_topic:
        raise UsageError(
            f"{topic} is where these records came from, and would have them twice: name another topic, or add "
            "--same-topic where it has lost them"
        )
    if found.partitions < needed:
        raise ItemstreamError(
            f"{topic} has {found.partitions} partitions, and the export has records of partition {needed - 1}: name a "
            f"topic with {needed} or more"
        )
    if found.config.get("message.timestamp.type") == "LogAppendTime":
        raise ItemstreamError(
            f"{topic} gives records the time they are written (message.timestamp.type=LogAppendTime): set it to "
            "CreateTime, or name another topic"
        )
    return found


class _Writer:
    """The one writer of a partition of an import.

    To start it ends the transaction that a killed one left open, and fences one that still runs: what `imported` says
    then is all there is.
    """

    def __init__(self, settings: Settings, target: TopicState, partition: int, group: str, fault: Fault) -> None:
        self._settings = settings
        self._target = target
        self._place = TopicPartition(target.name, partition)
        self._group = group
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        self._transactions = Transactions(
            f"{group}-{partition}",
            settings.bootstrap_servers,
            settings.connection(),
            self._explained,
            fault,
            TRANSACTION_TIMEOUT_MS,
        )

    async def start(self) -> None:
        await self._transactions.start()

    async def imported(self) -> int:
        """The offset, of the topic that was exported, up to which all is imported."""
        consumer: Any = AIOKafkaConsumer(
            bootstrap_servers=self._settings.bootstrap_servers,
            group_id=self._group,
            enable_auto_commit=False,
            **self._settings.connection(),
        )
        try:
            await consumer.start()
            consumer.assign([self._place])
            return await consumer.committed(self._place) or 0
        except (KafkaError, OSError) as error:
            raise self._explained(False, error) from error
        finally:
            await consumer.stop()

    async def write(self, records: Sequence[FetchedRecord]) -> None:
        """All of them, and the word that they are imported, or none."""
        self._check(records)
        topic, partition = self._place
        sent = [(partition, Output(topic, one.key, one.value, one.headers, one.timestamp)) for one in records]
        await self._transactions.write(("sent", sent), offset=(self._place, records[-1].offset + 1, self._group))

    async def close(self) -> None:
        """Free the connections. Never raises."""
        await self._transactions.close()

    def _check(self, records: Sequence[FetchedRecord]) -> None:
        config = self._target.config
        most = int(config.get("max.message.bytes") or 0)
        compacted = "compact" in (config.get("cleanup.policy") or "")
        for one in records:
            what = f"the record at offset {one.offset} of {one.topic}-{one.partition}"
            if compacted and one.key is None:
                raise ItemstreamError(f"{what} has no key, and {self._target.name} is compacted: name another topic")
            if most and len(one.value or b"") + len(one.key or b"") + _OVERHEAD > most and _size(one) > most:
                raise ItemstreamError(
                    f"{what} has {_size(one)} bytes and {self._target.name} takes {most}: raise its max.message.bytes, "
                    "and run the same command again"
                )

    def _explained(self, fenced: bool, cause: BaseException) -> ItemstreamError:
        if fenced:
            return ItemstreamError(
                f"another import of the same into {self._place.topic} was started and goes on in place of this one"
            )
        return ItemstreamError(
            f"Kafka refused records for {self._place.topic}-{self._place.partition} "
            f"({' '.join(str(cause).split()) or type(cause).__name__}); what was committed stays, run the same command "
            "again for the rest"
        )


def _value_size(record: FetchedRecord) -> int:
    return len(record.value or b"")


def _size(record: FetchedRecord) -> int:
    headers = sum(len(name.encode(errors="replace")) + len(value or b"") + 10 for name, value in record.headers)
    return len(record.key or b"") + len(record.value or b"") + headers + _OVERHEAD
