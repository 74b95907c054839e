"""Who may watch the stream: called once a batch, never once a record, and not at all where nobody watches."""

from __future__ import annotations

from typing import Protocol

from pipeline.core.records import BatchResult


class Observer(Protocol):
    """Told of what became of batches. Must be quick and must not raise: it runs between two commits."""

    def committed(self, partition: int, next_offset: int, result: BatchResult, seconds: float) -> None:
        """All before `next_offset` is durable; `result` is that of the last batch of it, committed in `seconds`."""
        ...

    def failed(self, partition: int, error: BaseException) -> None:
        """A commit failed; nothing of the batches in flight counts."""
        ...
