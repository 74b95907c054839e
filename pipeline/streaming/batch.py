"""What the stream hands to an agent: the records of one fetch of one partition."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pipeline.core.records import BatchResult
from pipeline.streaming.core_interface import PartitionCore
from pipeline.streaming.fetched_batches import Records


def _new_future() -> asyncio.Future[BatchResult]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, eq=False)
class Batch:
    """Records to process together, and the place to hand the result back to.

    epoch: the assignment they were fetched under; older ones are dropped.
    now_ms: wall clock, so that the core needs no clock of its own.
    """

    core: PartitionCore
    records: Records
    epoch: int
    now_ms: int
    _result: asyncio.Future[BatchResult] = field(default_factory=_new_future)

    @property
    def next_offset(self) -> int:
        """Offset after the last record."""
        return self.records.next_offset

    def process(self) -> BatchResult:
        """Run the core over the records. This moves its state on."""
        return self.core.process(self.records, self.now_ms)

    def hand_back(self, result: BatchResult) -> None:
        """Give the stream what came of the batch; it commits it."""
        if not self._result.done():
            self._result.set_result(result)

    def fail(self, error: BaseException) -> None:
        """Tell the stream that the batch could not be processed: nothing of it is committed, the process ends."""
        if not self._result.done():
            self._result.set_exception(error)

    async def result(self) -> BatchResult:
        """What was handed back."""
        return await self._result


Handler = Callable[[Batch], Awaitable[BatchResult]]


async def process_directly(batch: Batch) -> BatchResult:
    """The handler without an app around it."""
    return batch.process()
