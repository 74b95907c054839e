"""State that cannot be read, or is gone, is made anew: the core runs over the input again, and nothing comes out."""

from __future__ import annotations

import time
from contextlib import aclosing

import structlog
from aiokafka import TopicPartition

from pipeline.core.records import BatchResult, Change, Counts, InputRecord
from pipeline.streaming.changelog import Restored, StateError, is_state, read_changelog, records_of, take_position
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.core_interface import CoreFactory, PartitionCore
from pipeline.streaming.writer import PartitionWriter

log = structlog.get_logger(__name__)


async def rebuild(
    config: StreamConfig,
    source: TopicPartition,
    committed: int | None,
    new_core: CoreFactory,
    writer: PartitionWriter,
) -> tuple[PartitionCore, Restored]:
    """The state at the input's position, from the input itself, written over the old one in one transaction.

    The caller has fenced the former owner. The core is a function of its input, so the state is the one that was lost,
    but for one thing: sessions that had gone idle by the wall's clock, in a partition without traffic, go idle once
    more, and what was open in them comes out again, with the same ids. A kill -9 in here leaves the old state (at least
    once: a part of it), and the next owner starts over.

    Raises StateError where the input no longer reaches back far enough to say what was.
    """
    started = time.monotonic()
    old, _ = await read_changelog(config, source.partition)
    position = max(take_position(old) or 0, committed or 0)
    state, core, records = await _fold(config, source, position, new_core(source.partition))
    changes: list[Change] = [*((key, None) for key in old if is_state(key) and key not in state), *state.items()]
    await writer.commit(BatchResult([], changes, Counts()), position)
    seconds = time.monotonic() - started
    log.warning(
        "state_rebuilt", partition=source.partition, input_records=records, position=position, seconds=round(seconds, 3)
    )
    return core, Restored(len(state), position, seconds)


async def _fold(
    config: StreamConfig, source: TopicPartition, end: int, core: PartitionCore
) -> tuple[dict[bytes, bytes], PartitionCore, int]:
    """The changelog a run over the input before `end` leaves, the core after it, and how many records that took."""
    core.restored()
    state: dict[bytes, bytes] = {}
    count = 0
    first: InputRecord | None = None
    last: InputRecord | None = None
    now_ms = time.time_ns() // 1_000_000
    async with aclosing(records_of(config, source, end)) as fetches:
        async for records in fetches:
            if not records:
                continue
            first, last = first or records[0], records[-1]
            count += len(records)
            for key, value in core.process(records, now_ms).changes:
                if value is None:
                    state.pop(key, None)
                else:
                    state[key] = value
    _check_reach(config, source, first, last, end)
    return state, core, count


def _check_reach(
    config: StreamConfig, source: TopicPartition, first: InputRecord | None, last: InputRecord | None, end: int
) -> None:
    """Sessions that were open at the end must have begun after the first record that is still there."""
    if end == 0 or (first is not None and first.offset == 0):
        return
    reach = last.timestamp - first.timestamp if first is not None and last is not None else 0
    needed = config.rebuild_reach_ms or 0
    if reach < needed:
        raise StateError(
            f"the state of {source.topic}[{source.partition}] can't be made anew: its input before offset {end} "
            f"reaches back {reach / 60_000:.0f} minutes, sessions are kept for {needed / 60_000:.0f}; run the release "
            "that wrote the state, or start over with another --group"
        )
