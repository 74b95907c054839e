"""Reads a journal from a position on, also while it is written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ItemstreamError
from pipeline.ingest.journal.format import (
    HEAD_BYTES,
    HEADER_BYTES,
    Position,
    is_header,
    segment_path,
    segments,
    told_length,
    unframed,
)


@dataclass(frozen=True, slots=True)
class Torn:
    """Bytes at the end of a segment that are no records: what a crash cut short, or a damaged disk."""

    path: Path
    offset: int
    length: int


class JournalReader:
    """Reads forward from `position`, which moves behind what was read.

    No lock is needed: a record that is half written does not check, and the reader waits. Only where a later segment
    exists, which means that nothing more is written to this one, it passes such bytes by and notes them in `torn`.
    """

    def __init__(self, folder: Path, position: Position) -> None:
        self._folder = folder
        self.position = position
        self.torn: list[Torn] = []
        self._file: int | None = None
        self._number = -1

    def read(self, max_bytes: int) -> list[bytes]:
        """The next records, together about `max_bytes` or one that is larger; none where there are no more yet.

        Raises OSError, and ItemstreamError where the folder's segments are older than the position.
        """
        while True:
            if records := self._read_here(max_bytes):
                return records
            numbers = segments(self._folder)
            if numbers and numbers[-1] < self.position.segment:
                raise ItemstreamError(
                    f"the journal in {self._folder} ends at segment {numbers[-1]}, and {self.position.segment} was "
                    "already sent: it was put back from a copy; move its files away and start with an empty folder"
                )
            number = next((one for one in numbers if one >= self.position.segment), None)
            if number is None:
                return []
            if number != self.position.segment or self.position.offset < HEADER_BYTES:
                self.position = Position(number, HEADER_BYTES)
                continue
            if number == numbers[-1]:
                return []
            # A later one is listed, so this one is complete: what came since the look above is in it now.
            if records := self._read_here(max_bytes):
                return records
            self._leave(next(one for one in numbers if one > number))

    def forget_sent(self, position: Position) -> int:
        """Delete the segments that lie before `position` as a whole; how many they were."""
        gone = [number for number in segments(self._folder) if number < position.segment]
        for number in gone:
            segment_path(self._folder, number).unlink(missing_ok=True)
        return len(gone)

    def close(self) -> None:
        """Free the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _read_here(self, max_bytes: int) -> list[bytes]:
        number, offset = self.position.segment, self.position.offset
        file = self._open(number)
        if file is None:
            return []
        data = os.pread(file, max(max_bytes, HEAD_BYTES), offset)
        if (told := told_length(data)) > len(data):
            data = os.pread(file, told, offset)
        records, taken = unframed(memoryview(data), number, offset)
        self.position = Position(number, offset + taken)
        return records

    def _open(self, number: int) -> int | None:
        if self._number != number:
            self.close()
            self._number = -1
        if self._file is None:
            try:
                file = os.open(segment_path(self._folder, number), os.O_RDONLY)
            except FileNotFoundError:
                return None
            if not is_header(os.pread(file, HEADER_BYTES, 0), number):
                os.close(file)
                return None
            self._file, self._number = file, number
        return self._file

    def _leave(self, following: int) -> None:
        path = segment_path(self._folder, self.position.segment)
        left = path.stat().st_size - self.position.offset
        if left > 0:
            self.torn.append(Torn(path, self.position.offset, left))
        self.position = Position(following, HEADER_BYTES)
