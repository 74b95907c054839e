"""What would come of redriving, with nothing written: the core, as it is now, on the state as it is now."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiokafka import TopicPartition

from pipeline.core import Output, Partition
from pipeline.erasure.erased import ErasedSessions
from pipeline.rejected.markers import read_markers
from pipeline.rejected.read import reader
from pipeline.rejected.redrive import Order, Ready, Report, ready
from pipeline.rejected.targets import open_targets
from pipeline.settings import Settings
from pipeline.streaming.changelog import restore
from pipeline.worker.stream_config import stream_config
from topics.catalogue import changelog_topic


@dataclass(frozen=True, slots=True)
class Previewed:
    """One record, and what redriving it would do."""

    ready: Ready
    outputs: list[Output] | None
    """What the worker would write for it; None where it goes to a subscriber's topic and not to the worker."""
    used: bool
    """Whether the event changes anything, be it something that comes out later."""

    @property
    def rejected_again(self) -> str | None:
        """Why it would be rejected once more; None where it would not."""
        for output in self.outputs or ():
            headers = dict(output.headers)
            if (message := headers.get("kafka_dlt-exception-message")) is not None:
                return message.decode(errors="replace")
        return None


async def preview(settings: Settings, order: Order, report: Report) -> AsyncIterator[Previewed]:
    """Each record the order would redrive, in order, with what would come of it; the rest goes into the report.

    The worker's state is read from its changelog as it is committed now; each record then finds what those before it
    left. What else comes in meanwhile, a real redrive would find too.
    """
    targets, erased = await open_targets(settings, order.topic), ErasedSessions(settings)
    cores: dict[TopicPartition, Partition] = {}
    async with reader(settings) as rejected_reader, reader(settings) as marker_reader:
        has_state = await targets.find(changelog_topic(settings.group)) is not None
        for partition in order.selection.partitions(targets.partitions):
            redriven = (
                await read_markers(marker_reader, order.topic, partition)
                if targets.has_markers and not order.again
                else {}
            )
            async for one in ready(order, partition, targets, erased, rejected_reader, report):
                if one.rejected.place in redriven:
                    report.already += 1
                    continue
                report.redriven += 1
                report.changed += one.changed
                if not one.rejected.by_worker:
                    yield Previewed(one, None, used=True)
                    continue
                source = TopicPartition(one.record.topic, one.record.partition)
                if source not in cores:
                    cores[source] = await _core(settings, source, has_state=has_state)
                result = cores[source].process([one.record], time.time_ns() // 1_000_000)
                yield Previewed(one, result.outputs, used=bool(result.counts.used))


async def _core(settings: Settings, source: TopicPartition, *, has_state: bool) -> Partition:
    core = Partition(settings.core_settings())
    if has_state and source.topic == settings.input_topic:
        await restore(stream_config(settings), source.partition, core)
    else:
        core.restored()
    return core
