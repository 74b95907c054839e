"""Files of records being written: JSON lines or Parquet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel

from pipeline.export.arrow import arrow
from pipeline.export.columns import Columns, RecordColumns
from pipeline.export.json_lines import line_maker
from pipeline.export.layout import Format
from pipeline.export.model_columns import ModelColumns
from pipeline.export.reading import TOPIC_METADATA
from topics.fetched_records import FetchedRecord

COMPRESSION = "zstd"


class FileWriter(Protocol):
    """A file that records are appended to. Raises OSError where the disk says no."""

    held: int
    """Bytes in memory that are not yet in the file."""

    def add(self, records: Sequence[FetchedRecord]) -> None: ...
    def flush(self) -> None: ...
    def close(self) -> None: ...


Opener = Callable[[Path], FileWriter]


def opener(topic: str, model: type[BaseModel] | None, format: Format) -> Opener:
    """What opens a file for records of a topic; `model`: of its records, None where they are server events.

    Raises ItemstreamError where Parquet is meant and pyarrow is missing.
    """
    if format == "jsonl":
        make_line = line_maker(events=model is None)
        return lambda path: _LinesFile(path, make_line)
    make_batch = _batches(topic, model)
    return lambda path: _ParquetFile(path, make_batch)


class _LinesFile:
    held = 0

    def __init__(self, path: Path, make_line: Callable[[FetchedRecord], bytes]) -> None:
        self._file = path.open("wb")
        self._line = make_line

    def add(self, records: Sequence[FetchedRecord]) -> None:
        self._file.write(b"".join(map(self._line, records)))

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


class _ParquetFile:
    """Records become Arrow at once, which is a fraction of their size as Python objects; `flush` ends a row group."""

    def __init__(self, path: Path, make_batch: Callable[[Sequence[FetchedRecord]], Any]) -> None:
        self._arrow = arrow()
        self._path = path
        self._batch = make_batch
        self._batches: list[Any] = []
        self._writer: Any = None
        self.held = 0

    def add(self, records: Sequence[FetchedRecord]) -> None:
        batch = self._batch(records)
        self._batches.append(batch)
        self.held += batch.nbytes

    def flush(self) -> None:
        if not self._batches:
            return
        table = self._arrow.pa.Table.from_batches(self._batches)
        if self._writer is None:
            self._writer = self._arrow.parquet.ParquetWriter(self._path, table.schema, compression=COMPRESSION)
        self._writer.write_table(table, row_group_size=table.num_rows)
        self._batches, self.held = [], 0

    def close(self) -> None:
        self.flush()
        if self._writer is not None:
            self._writer.close()


def _batches(topic: str, model: type[BaseModel] | None) -> Callable[[Sequence[FetchedRecord]], Any]:
    """What makes an Arrow record batch of records."""
    libraries = arrow()
    columns = RecordColumns(libraries)
    of_topic = columns.event if model is None else ModelColumns(libraries, model)
    metadata = {TOPIC_METADATA: topic.encode()}

    def make(records: Sequence[FetchedRecord]) -> Any:
        made: Columns = {**of_topic(records), **columns.value(records), **columns.record(records)}
        batch = libraries.pa.RecordBatch.from_pydict(made)
        return batch.replace_schema_metadata(metadata)

    return make
