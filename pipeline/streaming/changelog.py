"""The state topic: how it is read back, and the position record that says what the state includes."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from aiokafka import TopicPartition

from pipeline.core.records import Change, InputRecord
from pipeline.streaming.clients import close_consumer, partition_reader
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.core_interface import PartitionCore
from pipeline.streaming.failures import UnrecoverableError
from pipeline.streaming.fault_points import FaultHook, no_fault

_INTERNAL = b"\xff\xfe"  # not UTF-8: no session id starts like that
POSITION_KEY = _INTERNAL + b"itemstream-position"
OWNER_KEY = _INTERNAL + b"itemstream-owner"

_POLL_MS = 10
_AT_ONCE = 2_000
"""Records the core takes before other tasks have their turn: heartbeats must go on."""


class StateError(UnrecoverableError):
    """The changelog holds state that this release can't read."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a partition's changelog held."""

    records: int
    """Read; what compaction has not taken away yet is among them."""
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
    """Feed `core` the changelog partition, `read_committed`, up to its end: of each key the last record.

    Until compaction comes around the topic is several times the state; only what is still valid is worth decoding.
    """
    started = time.monotonic()
    with _no_cycle_search():
        latest, records = await read_changelog(config, partition, fault)
        position = take_position(latest)
        for number, key in enumerate(list(latest)):
            # Taken out at once, so that the state is in memory in one form only.
            value, offset = latest.pop(key)
            if value is not None and is_state(key):
                _take(core, key, value, f"{config.changelog_topic}[{partition}] offset {offset}")
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
        core.restored()
    return Restored(records, position, time.monotonic() - started)


Latest = dict[bytes, tuple[bytes | None, int]]
"""Key -> value and offset of its last record."""


async def read_changelog(config: StreamConfig, partition: int, fault: FaultHook = no_fault) -> tuple[Latest, int]:
    """The last record of each key, and how many records of state there were."""
    latest: Latest = {}
    records = 0
    async with aclosing(
        records_of(config, TopicPartition(config.changelog_topic, partition), fault=fault)
    ) as changelog:
        async for fetched in changelog:
            for record in fetched:
                if record.key is not None:
                    latest[record.key] = record.value, record.offset
                    records += is_state(record.key)
    return latest, records


async def records_of(
    config: StreamConfig, source: TopicPartition, end: int | None = None, fault: FaultHook = no_fault
) -> AsyncGenerator[list[InputRecord], None]:
    """What a topic's partition holds from its beginning, `read_committed`, before offset `end`, or before its end now.

    The caller has fenced the former owner, so the end does not move. It is the last stable offset, and the position is
    compared with it instead of the last record: a log ends with the marker of a transaction, and compaction leaves
    gaps, neither of which is ever seen as a record.
    """
    consumer = partition_reader(config, source.partition)
    try:
        await consumer.start()
        consumer.assign([source])
        if end is None:
            end = (await consumer.end_offsets([source]))[source]
        consumer.seek(source, (await consumer.beginning_offsets([source]))[source])
        fault("restoring", source.partition)
        while await consumer.position(source) < end:
            for records in (await consumer.getmany(source, timeout_ms=_POLL_MS)).values():
                yield [record for record in records if record.offset < end]
    finally:
        await close_consumer(consumer)


def take_position(latest: Latest) -> int | None:
    """Take the position record out: what it says, None where there is none."""
    told = latest.pop(POSITION_KEY, None)
    return int(told[0] or b"0") if told else None


def is_state(key: bytes) -> bool:
    """Whether a record with this key is the core's."""
    return not key.startswith(_INTERNAL)


_without = 0
_was_on = True


@contextmanager
def _no_cycle_search() -> Generator[None]:
    """Python's search for cyclic garbage off: a restore makes a million objects and no garbage among them, and each
    search would walk through all that are there already (30 % of the time). Restores overlap: the last one out ends it.
    """
    global _without, _was_on
    if not _without:
        _was_on = gc.isenabled()
        gc.disable()
    _without += 1
    try:
        yield
    finally:
        _without -= 1
        if not _without and _was_on:
            gc.enable()


def _take(core: PartitionCore, key: bytes, value: bytes, place: str) -> None:
    try:
        core.restore(key, value)
    except Exception as error:
        raise StateError(
            f"the state at {place} can't be read: {error}; run the release that wrote it, or make the state anew from "
            "the input with --rebuild-state"
        ) from error
