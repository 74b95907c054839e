"""Record batches as a fetch brings them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED

from pipeline.streaming.fetched_batches import FetchedBatch, PartitionBatches, undecoded
from pipeline.streaming.header_keys import ExactBatchBuilder, LenientRecords

Headers = Sequence[tuple[str, bytes | None]]

PLACE = TopicPartition("t", 0)


def record_batch(offsets: Sequence[int], value: bytes = b"v", headers: Headers = (("h", b"1"),)) -> bytes:
    """A record batch of the log with records at these offsets, the others of its range compacted away."""
    builder: Any = ExactBatchBuilder(100_000_000, is_transactional=False)
    for offset in offsets:
        builder._relative_offset = offset - offsets[0]
        builder.append(timestamp=1_000 + offset, key=b"k%d" % offset, value=value, headers=headers)
    return offsets[0].to_bytes(8, "big") + bytes(builder._build())[8:]


def batches(*log: bytes, start: int = 0) -> list[FetchedBatch]:
    """What the worker's consumer is given of a fetch from `start` on."""
    kind: Any = PartitionBatches
    return list(kind(PLACE, LenientRecords(b"".join(log)), [], start, undecoded, None, True, READ_COMMITTED))
