"""How an input partition is started. The order is what makes it correct."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from aiokafka import TopicPartition

from pipeline.streaming.changelog import Restored, StateError, restore
from pipeline.streaming.clients import Consumer
from pipeline.streaming.config import StreamConfig
from pipeline.streaming.core_interface import CoreFactory
from pipeline.streaming.fault_points import FaultHook
from pipeline.streaming.partition import InputPartition
from pipeline.streaming.rebuild import rebuild
from pipeline.streaming.writer import PartitionWriter

log = structlog.get_logger(__name__)

_EMPTY = (
    "the group has read input, but no state of it is in the changelog: right if none of it was of use, else sessions "
    "under way begin anew; start with --rebuild-state where the changelog was lost"
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A partition ready to flow, and what its state cost."""

    partition: InputPartition
    restored: Restored
    committed: int | None
    """The group's offset as it was found."""


async def open_partition(
    config: StreamConfig,
    source: TopicPartition,
    epoch: int,
    consumer: Consumer,
    new_core: CoreFactory,
    writer: PartitionWriter,
    fault: FaultHook,
) -> Opened:
    """Fence, read the offset, restore the state: in this order. The caller then seeks and lets records flow.

    1. Starting the producer ends a former owner's open transaction and fences it: from here on nobody else can move
       the offset or the state. Read earlier, either could change under us.
    2. The committed offset.
    3. The state, `read_committed`, up to the end of the changelog; where it can't be read, or is gone, see `rebuild`.
    The position in the state wins where it is ahead of the offset (at least once, after a crash in between).
    """
    number = source.partition
    await writer.start()
    fault("producer-started", number)
    committed = await consumer.committed(source)
    core = new_core(number)
    try:
        restored = await restore(config, number, core, fault)
    except StateError:
        if config.rebuild_reach_ms is None:
            raise
        restored = None
    # Whatever wrote state said up to where: a changelog that does not is another one than the group's.
    if restored is not None and restored.position is None and committed:
        if config.rebuild_reach_ms is None:
            log.warning("changelog_empty", partition=number, committed=committed, note=_EMPTY)
        else:
            restored = None
    if restored is None:
        core, restored = await rebuild(config, source, committed, new_core, writer)
    fault("restored", number)
    known = [offset for offset in (committed, restored.position) if offset is not None]
    position = max(known) if known else (await consumer.beginning_offsets([source]))[source]
    return Opened(InputPartition(source, epoch, core, writer, position), restored, committed)
