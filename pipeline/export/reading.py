"""Exported records, read again: by `itemstream import`, and by whoever replays them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import ItemstreamError, UsageError
from pipeline.export.arrow import arrow
from pipeline.export.columns import RECORD_COLUMNS, read_records
from pipeline.export.json_lines import read_line
from pipeline.export.layout import ExportedFile, Format, exported_files
from pipeline.export.state import ExportState
from topics.fetched_records import FetchedRecord

TOPIC_METADATA = b"itemstream.topic"
"""Key of a Parquet file's metadata: the topic its records come from."""

_ROWS = 1000
"""Of a Parquet file, turned into records at a time."""


class Exported(NamedTuple):
    """An export: its topic, and its complete files by partition and offset."""

    topic: str
    files: Sequence[ExportedFile]
    id: str | None
    """Of the export, where its folder tells it."""
    cluster: str | None = None
    """Kafka's id of the cluster it was exported from, where its folder tells it."""

    @property
    def partitions(self) -> list[int]:
        """Those that have records here."""
        return sorted({file.partition for file in self.files})

    def ends(self, partition: int) -> tuple[int, int]:
        """The first and the last offset of a partition that is in `partitions`."""
        files = [file for file in self.files if file.partition == partition]
        return min(file.first for file in files), max(file.last for file in files)

    def span(self, partition: int) -> int:
        """How many offsets lie between the ends of a partition, both with it."""
        first, last = self.ends(partition)
        return last + 1 - first


def read_exported(path: Path, partitions: Collection[int] | None = None) -> Iterator[FetchedRecord]:
    """The records of an export in the order of the topic: partition by partition, by rising offset.

    path: a folder that `itemstream export` wrote, or one file of it, JSON lines or Parquet. partitions: only these;
    None: all. The records are `pipeline.core.InputRecord`s with topic, partition, offset, timestamp (ms, -1 for none),
    timestamp_type, key, value and headers as they were in Kafka, byte for byte; any topic's, raw events or others. A
    few thousand records are in memory at a time. Offsets may have gaps: where transactions ended, or where not all
    records were exported. To read partitions apart, call it once a partition with those of `open_exported`.

    Raises UsageError where nothing was exported there, or two topics, and ItemstreamError, naming the file and line,
    for what can't be read, or where Parquet is to be read and pyarrow is missing.
    """
    return records_of(open_exported(path), partitions)


def open_exported(path: Path) -> Exported:
    """What was exported to a folder or file; see `read_exported`."""
    if path.is_dir():
        return _open_folder(path)
    file = ExportedFile.parse(path)
    if not path.exists():
        raise UsageError(f"there is no {path}")
    if file is None:
        raise UsageError(f"{path} has not the name that `itemstream export` gave it: TOPIC-PARTITION-FIRST-LAST.FORMAT")
    return Exported(file.topic, [file], None)


def _open_folder(folder: Path) -> Exported:
    state = ExportState.load(folder)
    files = exported_files(folder)
    if state is not None:
        files = [file for file in files if file.topic == state.topic and state.has(file)]
    topics = sorted({file.topic for file in files})
    if len(topics) > 1:
        raise UsageError(f"{folder} holds exports of {' and '.join(topics)}: an export has a folder of its own")
    if not topics and state is None:
        raise UsageError(f"there are no exported files in {folder}; name the folder given to `itemstream export --to`")
    topic = topics[0] if topics else state.topic if state else ""
    return Exported(topic, files, state.id if state else None, state.cluster if state else None)


def records_of(
    exported: Exported, partitions: Collection[int] | None = None, start: int = 0
) -> Iterator[FetchedRecord]:
    """The records of these partitions from offset `start` on; see `read_exported`."""
    for partition in exported.partitions:
        if partitions is None or partition in partitions:
            files = [file for file in exported.files if file.partition == partition and file.last >= start]
            for record in _in_order(files):
                if record.offset >= start:
                    yield record


def _in_order(files: Sequence[ExportedFile]) -> Iterator[FetchedRecord]:
    """The records of a partition. Files of several days may have been written side by side: those are merged."""
    together: list[ExportedFile] = []
    end = -1
    for file in files:
        if file.first > end:
            yield from _merged(together)
            together = []
        together.append(file)
        end = max(end, file.last)
    yield from _merged(together)


def _merged(files: Sequence[ExportedFile]) -> Iterable[FetchedRecord]:
    if len(files) == 1:
        return read_file(files[0])
    return heapq.merge(*(read_file(file) for file in files), key=attrgetter("offset"))


def read_file(file: ExportedFile) -> Iterator[FetchedRecord]:
    """The records of one file, as they stand in it."""
    return _READERS[file.format](file)


def _read_lines(file: ExportedFile) -> Iterator[FetchedRecord]:
    try:
        with file.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield read_line(line, f"{file.path}, line {number}")
    except OSError as error:
        raise ItemstreamError(f"cannot read {file.path}: {error.strerror}") from error


def _read_parquet(file: ExportedFile) -> Iterator[FetchedRecord]:
    pa, _, parquet = arrow()
    try:
        with parquet.ParquetFile(file.path) as opened:
            metadata: dict[bytes, bytes] = opened.schema_arrow.metadata or {}
            missing = set(RECORD_COLUMNS) - set(opened.schema_arrow.names)
            if missing or TOPIC_METADATA not in metadata:
                lacks = ", ".join(sorted(missing)) or "the topic's name in its metadata"
                raise ItemstreamError(f"{file.path} is not of `itemstream export`: it has no {lacks}")
            topic = metadata[TOPIC_METADATA].decode()
            for batch in opened.iter_batches(batch_size=_ROWS, columns=list(RECORD_COLUMNS)):
                yield from read_records(topic, batch)
    except (OSError, pa.ArrowException) as error:
        raise ItemstreamError(f"cannot read {file.path}: {error}") from error


_READERS: dict[Format, Callable[[ExportedFile], Iterator[FetchedRecord]]] = {
    "parquet": _read_parquet,
    "jsonl": _read_lines,
}
