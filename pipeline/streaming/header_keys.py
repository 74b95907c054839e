"""Header keys that are not UTF-8: read as they are, written back byte for byte.

Kafka keeps header keys as bytes; aiokafka decodes them strictly while it reads a fetch. One record with a key such as
`\\xff` raises UnicodeDecodeError out of `getmany`, leaves the position where it was and raises again at the next call:
for ever. So a batch that fails like that is read once more here, with the bytes it can't decode kept as surrogate
escapes (PEP 383), and such keys are written back as the bytes they were.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any, cast

import google_crc32c
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import (
    DefaultRecordBatch,
    _DefaultRecordBatchBuilderPy,  # pyright: ignore[reportPrivateUsage]
    _DefaultRecordBatchPy,  # pyright: ignore[reportPrivateUsage]
    _DefaultRecordPy,  # pyright: ignore[reportPrivateUsage]
)
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import decode_varint

_crc32c = cast(Callable[[bytes], int], google_crc32c.value)  # pyright: ignore[reportUnknownMemberType]

_LENGTH_OFFSET = 8
_OVERHEAD = 12
_CRC_OFFSET, _CRC_FROM = 17, 21
_COUNT_OFFSET = 57


class LenientRecords:
    """Stands in for aiokafka's MemoryRecords: the same batches, each able to fall back to the lenient reader."""

    __slots__ = ("_data", "_inner", "_position")

    def __init__(self, data: bytes) -> None:
        self._inner = MemoryRecords(data)
        self._data = data
        self._position = 0

    def has_next(self) -> bool:
        return self._inner.has_next()

    def size_in_bytes(self) -> int:
        return self._inner.size_in_bytes()

    def next_batch(self) -> Any:
        batch = self._inner.next_batch()
        start = self._position
        (length,) = struct.unpack_from(">i", self._data, start + _LENGTH_OFFSET)
        self._position = start + _OVERHEAD + length
        if not isinstance(batch, DefaultRecordBatch) or batch.is_control_batch:
            return batch
        return _Batch(batch, memoryview(self._data)[start : self._position])


class _Batch:
    """A record batch with the attributes aiokafka's fetcher reads, and what else its head tells."""

    __slots__ = (
        "_batch",
        "_raw",
        "base_offset",
        "count",
        "is_control_batch",
        "is_transactional",
        "next_offset",
        "producer_id",
        "size",
        "timestamp",
    )

    def __init__(self, batch: Any, raw: memoryview) -> None:
        self._batch = batch
        self._raw = raw
        self.base_offset: int = batch.base_offset
        self.next_offset: int = batch.next_offset
        self.producer_id: int = batch.producer_id
        self.is_control_batch = False
        self.is_transactional: bool = batch.is_transactional
        (self.count,) = struct.unpack_from(">i", raw, _COUNT_OFFSET)
        self.size = len(raw)
        self.timestamp: int = batch.max_timestamp if batch.timestamp_type else batch.first_timestamp

    def validate_crc(self) -> bool:
        # aiokafka has no use for the processor's own instruction: ten times as long, 3 % of a pass-through.
        (told,) = struct.unpack_from(">I", self._raw, _CRC_OFFSET)
        return _crc32c(bytes(self._raw[_CRC_FROM:])) == told

    def __iter__(self) -> Iterator[Any]:
        return iter(self._batch)

    def leniently(self) -> Iterator[Any]:
        """All records, for a reader to whom `__iter__` has raised UnicodeDecodeError."""
        return read_leniently(self._raw)


def read_leniently(raw: bytes | memoryview) -> Iterator[_DefaultRecordPy]:
    """The records of one batch (format 2), header keys decoded with surrogate escapes."""
    batch: Any = _DefaultRecordBatchPy(raw)
    batch._maybe_uncompress()  # noqa: SLF001
    buffer = bytes(batch._buffer)  # noqa: SLF001
    position: int = batch._pos  # noqa: SLF001

    def varint() -> int:
        nonlocal position
        number, position = decode_varint(buffer, position)  # pyright: ignore[reportArgumentType]
        return number

    def chunk() -> bytes | None:
        nonlocal position
        length = varint()
        if length < 0:
            return None
        position += length
        return buffer[position - length : position]

    for _ in range(batch._num_records):  # noqa: SLF001
        varint()  # length of the record
        varint()  # attributes, unused in format 2
        elapsed, distance = varint(), varint()
        timestamp = batch.max_timestamp if batch.timestamp_type else batch.first_timestamp + elapsed
        key, value = chunk(), chunk()
        headers = [((chunk() or b"").decode("utf-8", "surrogateescape"), chunk()) for _ in range(varint())]
        yield _DefaultRecordPy(batch.base_offset + distance, timestamp, batch.timestamp_type, key, value, headers)


class _RawKey(str):
    """A header key that encodes to the bytes it came from."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return super().encode("utf-8", "surrogateescape")


class ExactBatchBuilder(BatchBuilder):
    """A batch builder that also takes header keys with surrogate escapes; slow, for the batch that needs it."""

    def __init__(self, batch_size: int, *, is_transactional: bool) -> None:
        super().__init__(batch_size, 0, is_transactional=is_transactional)  # pyright: ignore[reportUnknownMemberType]
        self._builder: Any = _DefaultRecordBatchBuilderPy(
            magic=2,
            compression_type=0,
            is_transactional=int(is_transactional),
            producer_id=-1,
            producer_epoch=-1,
            base_sequence=0,
            batch_size=batch_size,
        )

    def append(self, *, timestamp: Any, key: Any, value: Any, headers: Any = ()) -> Any:
        return super().append(  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
            timestamp=timestamp, key=key, value=value, headers=[(_RawKey(name), data) for name, data in headers]
        )

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        # The base class asserts the compiled builder's type.
        self._builder.set_producer_state(producer_id, producer_epoch, base_sequence)
