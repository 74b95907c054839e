"""The segment file that is being written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.durable import sync
from pipeline.ingest.journal.format import HEADER_BYTES, framed, header, segment_path


class Segment:
    """Appends records to a file of its own. `size`: bytes up to the end of its last whole record."""

    def __init__(self, folder: Path, number: int) -> None:
        """Make the file, so that its name outlives a power cut. Raises OSError, and leaves no file then."""
        self.number = number
        self.size = HEADER_BYTES
        self.broken = False
        """Whether something stands behind the last whole record that could not be taken away: nothing may follow."""
        path = segment_path(folder, number)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if os.write(self._file, header(number)) != HEADER_BYTES:
                raise OSError(0, "the disk took a part of a segment's header")
            os.fsync(self._file)
            sync(folder)
        except OSError:
            os.close(self._file)
            path.unlink(missing_ok=True)
            raise

    def append(self, records: Sequence[bytes]) -> tuple[int, OSError | None]:
        """Write the records; how many of them are in the file now, and what kept the others out."""
        frames: list[bytes] = []
        at = self.size
        ends: list[int] = []
        for record in records:
            frames.append(framed(record, self.number, at))
            at += len(frames[-1])
            ends.append(at)
        data = memoryview(b"".join(frames))
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError as error:
            whole = sum(end <= self.size + written for end in ends)
            self._cut(ends[whole - 1] if whole else self.size)
            return whole, error
        self.size = at
        return len(records), None

    def sync(self) -> None:
        """Wait until the disk has it. Raises OSError."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Free the file."""
        os.close(self._file)

    def _cut(self, size: int) -> None:
        self.size = size
        try:
            os.ftruncate(self._file, size)
            os.lseek(self._file, size, os.SEEK_SET)
        except OSError:
            self.broken = True
