"""The state topic: how it is read back, and the position record that says what the state includes."""

from __future__ import annotations

import time
from dataclasses import dataclass

from aiokafka import TopicPartition

from pipeline.core.records import Change, InputRecord
from pipeline.streaming.clients import changelog_consumer, close_consumer
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.core_interface import PartitionCore
from pipeline.streaming.failures import UnrecoverableError
from pipeline.streaming.fault_points import FaultHook, no_fault

_INTERNAL = b"\xff\xfe"  # not UTF-8: no session id starts like that
POSITION_KEY = _INTERNAL + b"itemstream-position"
OWNER_KEY = _INTERNAL + b"itemstream-owner"

_POLL_MS = 10


@dataclass(frozen=True, slots=True)
class Restored:
    """What a partition's changelog held."""

    records: int
    position: int | None
    """Offset of the first input record the state does not include yet; None where no record said so."""
    seconds: float


def position_record(offset: int) -> Change:
    """The last record of every write of state: all input before `offset` is in the state.

    Exactly once it goes into the same transaction as the committed offset and agrees with it. At least once it is what
    makes a replay exact: the state may be ahead of the committed offset, never of this record.
    """
    return POSITION_KEY, str(offset).encode()


def owner_record(client_id: str) -> Change:
    """The first record a new owner writes at least once: from then on Kafka refuses the writes of the former one."""
    return OWNER_KEY, client_id.encode()


async def restore(config: StreamConfig, partition: int, core: PartitionCore, fault: FaultHook = no_fault) -> Restored:
    """Feed `core` the changelog partition, `read_committed`, up to its end.

    The caller has fenced the former owner, so the end does not move. It is the last stable offset, and the position is
    compared with it instead of the last record: a log ends with the marker of a transaction, and compaction leaves
    gaps, neither of which is ever seen as a record.
    """
    started = time.monotonic()
    changelog = TopicPartition(config.changelog_topic, partition)
    consumer = changelog_consumer(config, partition)
    records = 0
    position: int | None = None
    try:
        await consumer.start()
        consumer.assign([changelog])
        end = (await consumer.end_offsets([changelog]))[changelog]
        consumer.seek(changelog, (await consumer.beginning_offsets([changelog]))[changelog])
        fault("restoring", partition)
        while await consumer.position(changelog) < end:
            for record in (await consumer.getmany(changelog, timeout_ms=_POLL_MS)).get(changelog, ()):
                if record.key == POSITION_KEY:
                    position = int(record.value or b"0")
                elif record.key is not None and not record.key.startswith(_INTERNAL):
                    _take(core, record)
                    records += 1
    finally:
        await close_consumer(consumer)
    core.restored()
    return Restored(records, position, time.monotonic() - started)


def _take(core: PartitionCore, record: InputRecord) -> None:
    try:
        core.restore(record.key or b"", record.value)
    except Exception as error:
        raise UnrecoverableError(
            f"the state at {record.topic}[{record.partition}] offset {record.offset} can't be read: {error}; run the "
            "release that wrote it, or start over from the input with another --group"
        ) from error
