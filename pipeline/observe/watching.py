"""What each batch is told to: the product's metrics, traces, and, for records that were rejected, the log."""

from __future__ import annotations

import time
from collections.abc import Sequence

from pipeline.core.records import BatchResult, Output
from pipeline.logs import get_logger
from pipeline.observe.product import Product
from pipeline.rejected.record import REASON
from pipeline.streaming.observer import Observer
from topics.dead_letters import origin_of

LINES, PER_SECONDS = 10, 10.0
"""At most so many lines about rejected records in so many seconds: the topic has them all."""

MAX_ID_SHOWN = 128

log = get_logger(__name__)


class Watching:
    """The stream's observer. rejected_topic: its full name. others: further observers, told in order."""

    def __init__(self, product: Product, rejected_topic: str, others: Sequence[Observer] = ()) -> None:
        self._product = product
        self._rejects = RejectLog(rejected_topic)
        self._others = others

    def committed(self, partition: int, next_offset: int, result: BatchResult, seconds: float) -> None:
        """Count, and tell of what was rejected."""
        if result.notes:
            self._product.note(result.notes)
        if result.counts.rejected:
            self._rejects.tell(result.outputs)
        for other in self._others:
            other.committed(partition, next_offset, result, seconds)

    def failed(self, partition: int, error: BaseException) -> None:
        """The stream itself counts and logs it."""
        for other in self._others:
            other.failed(partition, error)


class RejectLog:
    """A line a rejected record: which one, of which session, why; nothing of what is in it. Few lines in a flood."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._since = 0.0
        self._told = 0
        self._untold = 0

    def tell(self, outputs: Sequence[Output]) -> None:
        """Look through a batch that has rejected records."""
        now = time.monotonic()
        if now - self._since >= PER_SECONDS:
            if self._untold:
                log.warning("more_records_rejected", records=self._untold, topic=self._topic)
            self._since, self._told, self._untold = now, 0, 0
        for output in outputs:
            if output.topic != self._topic:
                continue
            if self._told >= LINES:
                self._untold += 1
                continue
            self._told += 1
            _tell(output)


def _tell(output: Output) -> None:
    headers = dict(output.headers)
    origin = origin_of(output.headers)
    session = headers.get("ce_sessionid") or output.key
    log.warning(
        "record_rejected",
        reason=(headers.get(REASON) or b"").decode(errors="replace"),
        topic=origin.topic if origin else None,
        partition=origin.partition if origin else None,
        offset=origin.offset if origin else None,
        session=session[:MAX_ID_SHOWN].decode(errors="backslashreplace") if session else None,
    )
