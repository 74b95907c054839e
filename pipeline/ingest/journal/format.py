"""What a segment file holds, byte by byte.

A segment is a header (`MAGIC`, its number) and records one after another, each a head (length, checksum) and its bytes.
The checksum covers the bytes, their length and where they stand: neither zeros that a crash left behind nor old blocks
of another file pass for a record. Nothing is ever said twice: where the first record that does not check stands, the
segment ends.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"ISJOURN1"
_HEADER = struct.Struct(">8sQ")
_HEAD = struct.Struct(">II")
_PLACE = struct.Struct(">QQI")
HEADER_BYTES = _HEADER.size
HEAD_BYTES = _HEAD.size
MAX_RECORD_BYTES = 64 * 1024 * 1024
"""A longer one is never written, so a length above it was none."""
SUFFIX = ".segment"
_OFFSET_BITS = 32
_OFFSET_MASK = (1 << _OFFSET_BITS) - 1


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place between two records: everything before it, in this and in earlier segments, lies behind."""

    segment: int
    offset: int

    def packed(self) -> int:
        """One number that rises with the position; what is committed to Kafka as an offset."""
        return self.segment << _OFFSET_BITS | self.offset

    @staticmethod
    def unpacked(number: int) -> Position:
        """The position that `packed` made this number of."""
        return Position(number >> _OFFSET_BITS, number & _OFFSET_MASK)


START = Position(0, 0)


def header(segment: int) -> bytes:
    """The first bytes of a segment file."""
    return _HEADER.pack(MAGIC, segment)


def is_header(data: bytes, segment: int) -> bool:
    """Whether the file that begins with `data` is this segment."""
    return data[:HEADER_BYTES] == header(segment)


def framed(record: bytes, segment: int, offset: int) -> bytes:
    """The record as it stands in the segment at this offset. Raises ValueError for an empty or too long one."""
    if not 0 < len(record) <= MAX_RECORD_BYTES:
        raise ValueError(f"a journal record has 1 to {MAX_RECORD_BYTES} bytes, not {len(record)}")
    return _HEAD.pack(len(record), _checksum(record, segment, offset)) + record


def unframed(data: memoryview, segment: int, offset: int) -> tuple[list[bytes], int]:
    """The records that `data`, which stands in the segment at `offset`, begins with, and how many bytes they take."""
    records: list[bytes] = []
    at = 0
    while at + HEAD_BYTES <= len(data):
        length, checksum = _HEAD.unpack_from(data, at)
        end = at + HEAD_BYTES + length
        if not 0 < length <= MAX_RECORD_BYTES or end > len(data):
            break
        record = bytes(data[at + HEAD_BYTES : end])
        if _checksum(record, segment, offset + at) != checksum:
            break
        records.append(record)
        at = end
    return records, at


def told_length(data: bytes) -> int:
    """Bytes that the record at the beginning of `data` says it takes, with its head; 0 where it can't be one."""
    if len(data) < HEAD_BYTES:
        return 0
    length, _ = _HEAD.unpack_from(data)
    return HEAD_BYTES + length if 0 < length <= MAX_RECORD_BYTES else 0


def segment_path(folder: Path, segment: int) -> Path:
    """Where the segment of this number is."""
    return folder / f"{segment:012d}{SUFFIX}"


def segments(folder: Path) -> list[int]:
    """The numbers of the segments there are, rising."""
    return sorted(_numbers(folder.glob(f"*{SUFFIX}")))


def _numbers(paths: Iterable[Path]) -> Iterable[int]:
    return (int(path.stem) for path in paths if path.stem.isdecimal())


def _checksum(record: bytes, segment: int, offset: int) -> int:
    return zlib.crc32(record, zlib.crc32(_PLACE.pack(segment, offset, len(record))))
