"""One partition after the other through the core, in this process alone: for what is not written to side topics."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from aiokafka import TopicPartition

from pipeline.core import Output
from pipeline.rejected.read import Reader
from pipeline.replay.bounded import Pace
from pipeline.replay.core import ReplayCore
from pipeline.replay.job import Job
from pipeline.replay.reading import batches
from pipeline.replay.window import Window

OnRead = Callable[[int], None]
"""Called with how many offsets were read since the last call."""


async def outputs_of(
    consumer: Reader, job: Job, core: ReplayCore, window: Window, pace: Pace, on_read: OnRead
) -> AsyncGenerator[list[Output], None]:
    """What the events of a window bring out, batch by batch; the same each time."""
    core.restored()
    position = window.read_from
    async for records in batches(consumer, TopicPartition(job.input_topic, window.partition), position, window.end):
        await pace.wait(len(records))
        yield core.process(records).outputs
        on_read(records[-1].offset + 1 - position)
        position = records[-1].offset + 1
    yield core.finish().outputs
    on_read(window.end - position)
