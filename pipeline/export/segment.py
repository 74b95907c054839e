"""A run of consecutive offsets of one partition on its way into files, one a day."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from pipeline.durable import sync
from pipeline.errors import ItemstreamError
from pipeline.export.layout import DAY_MS, Format, day_folder, file_name, temporary_name
from pipeline.export.writers import FileWriter, Opener
from pipeline.streaming.transactions import Fault, no_fault
from topics.fetched_records import FetchedRecord

HELD_BYTES = 32 * 1024 * 1024
"""Of records as Arrow, over all files of a segment: what a row group has where there is one day."""
MOST_DAYS = 64
"""Files that are written at a time. Records of more days than these end the segment."""


@dataclass(slots=True)
class _Open:
    writer: FileWriter
    temporary: Path
    first: int
    last: int = -1


class Segment:
    """Takes records in order of offset; `complete` puts its files in place, `discard` takes them away.

    Raises ItemstreamError where the folder can't be written to.
    """

    def __init__(self, folder: Path, topic: str, partition: int, format: Format, open_file: Opener) -> None:
        self._folder = folder
        self._topic = topic
        self._partition = partition
        self._format: Format = format
        self._open_file = open_file
        self._open: dict[str, _Open] = {}
        self.bytes = 0
        """Of the values taken so far."""

    @property
    def days(self) -> int:
        """Files it consists of."""
        return len(self._open)

    def add(self, records: Sequence[FetchedRecord]) -> None:
        """Append records of the partition."""
        try:
            for day, some in groupby(records, _day):
                self._add(day_folder(day), list(some))
            self.bytes += sum([len(record.value or b"") for record in records])
            if sum(one.writer.held for one in self._open.values()) > HELD_BYTES:
                for one in self._open.values():
                    one.writer.flush()
        except OSError as error:
            raise explained(self._folder, error) from error

    def _add(self, day: str, records: list[FetchedRecord]) -> None:
        one = self._open.get(day)
        if one is None:
            folder = self._folder / day
            folder.mkdir(exist_ok=True)
            first = records[0].offset
            path = folder / temporary_name(self._topic, self._partition, first, self._format)
            one = self._open[day] = _Open(self._open_file(path), path, first)
        one.writer.add(records)
        one.last = records[-1].offset

    def complete(self, fault: Fault = no_fault) -> list[Path]:
        """Write all that is held, sync it, and give the files their names; returns these files."""
        try:
            for one in self._open.values():
                one.writer.close()
                sync(one.temporary)
            fault("written")
            made: list[Path] = []
            for one in self._open.values():
                name = file_name(self._topic, self._partition, one.first, one.last, self._format)
                made.append(one.temporary.replace(one.temporary.with_name(name)))
                fault("renamed-one")
            for folder in {path.parent for path in made}:
                sync(folder)
            sync(self._folder)
        except OSError as error:
            raise explained(self._folder, error) from error
        return made

    def discard(self) -> None:
        """Take away what is half written. Never raises."""
        for one in self._open.values():
            with contextlib.suppress(Exception):
                one.temporary.unlink(missing_ok=True)


def explained(folder: Path, error: OSError) -> ItemstreamError:
    """What the user is told of a folder that can't be written to."""
    return ItemstreamError(
        f"cannot write to {folder}: {error.strerror or error}; what is complete there stays: put that right and run "
        "the same command again, it goes on where it was"
    )


def _day(record: FetchedRecord) -> int:
    return record.timestamp // DAY_MS
