"""Names in a folder of exported files.

    FOLDER/_export.json                                             what is exported here, and how far
    FOLDER/day=2026-01-31/TOPIC-PARTITION-FIRST-LAST.parquet        complete; FIRST and LAST are offsets, both in it
    FOLDER/day=2026-01-31/.TOPIC-PARTITION-FIRST.parquet.tmp        being written

The day is that of the records' timestamps, in UTC. Spark, pandas and pyarrow pass by names that begin with `_` or `.`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, NamedTuple, Self, cast, get_args

from pipeline.errors import ItemstreamError

Format = Literal["parquet", "jsonl"]
FORMATS: tuple[Format, ...] = get_args(Format)

DAY_MS = 24 * 60 * 60 * 1000
NO_DAY = "__HIVE_DEFAULT_PARTITION__"
"""Hive's word for null: records without a timestamp, or with one outside of years 1 to 9999."""
TEMPORARY = ".tmp"
LONGEST_TOPIC = 180
"""A file's name has at most 255 bytes, and offsets, partition and ending stand in it too."""

_NAME = re.compile(r"(?P<topic>[A-Za-z0-9._-]+)-(?P<partition>\d+)-(?P<first>\d+)-(?P<last>\d+)\.(?P<format>\w+)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ExportedFile(NamedTuple):
    """A complete file, as its name tells it. Ordered by partition and first offset."""

    partition: int
    first: int
    last: int
    topic: str
    format: Format
    path: Path

    @classmethod
    def parse(cls, path: Path) -> Self | None:
        """None for a name that is none of an exported file."""
        found = _NAME.fullmatch(path.name)
        if found is None or found["format"] not in FORMATS:
            return None
        ends = int(found["partition"]), int(found["first"]), int(found["last"])
        return cls(*ends, found["topic"], cast(Format, found["format"]), path)


def file_name(topic: str, partition: int, first: int, last: int, format: Format) -> str:
    """The name of a complete file."""
    return f"{topic}-{partition}-{first:012d}-{last:012d}.{format}"


def temporary_name(topic: str, partition: int, first: int, format: Format) -> str:
    """The name of a file while it is written."""
    return f".{topic}-{partition}-{first:012d}.{format}{TEMPORARY}"


def day_folder(day: int) -> str:
    """The name of the folder of a day, counted from 1970-01-01. `timestamp // DAY_MS` is -1 for a missing one."""
    try:
        return f"day={NO_DAY if day == -1 else (_EPOCH + timedelta(days=day)).date().isoformat()}"
    except OverflowError:
        return f"day={NO_DAY}"


def exported_files(folder: Path) -> list[ExportedFile]:
    """The complete files in a folder and the day folders in it, by partition and offset."""
    try:
        found = [ExportedFile.parse(path) for path in _paths(folder)]
    except OSError as error:
        raise ItemstreamError(f"cannot read {folder}: {error.strerror}") from error
    return sorted(file for file in found if file is not None)


def temporary_files(folder: Path) -> list[Path]:
    """What a killed export left half written."""
    return [path for path in _paths(folder) if path.name.startswith(".") and path.name.endswith(TEMPORARY)]


def _paths(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not path.is_dir():
            yield path
        elif path.name.startswith("day="):
            yield from (inner for inner in sorted(path.iterdir()) if inner.is_file())
