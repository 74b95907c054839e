"""Records as Arrow columns and back, byte for byte.

Every table has the columns `kafka_*`, `value` and `value_binary`: they alone bring the record back. Texts stand in a
column of strings, bytes that are no UTF-8 in its neighbour `…_binary`; both are null where there was nothing. What a
server event's headers say stands in columns of its own beside them, as the worker reads it.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import accumulate, chain
from typing import Any

from pipeline.core.event import leading_type
from pipeline.export.arrow import Arrow
from pipeline.export.json_lines import TIMESTAMP_TYPES
from topics.fetched_records import FetchedRecord

ODD_NAME = "base64:"
"""Begins the name of a header that is no UTF-8, or itself begins so; its bytes follow in base64."""

RECORD_COLUMNS = (
    "kafka_partition",
    "kafka_offset",
    "kafka_timestamp",
    "kafka_timestamp_type",
    "kafka_key",
    "kafka_key_binary",
    "kafka_headers",
    "value",
    "value_binary",
)
"""What brings a record back, beside its topic, which the file's metadata has."""

Columns = dict[str, Any]
"""Name of a column -> pyarrow.Array."""


class RecordColumns:
    """Makes Arrow columns of records."""

    def __init__(self, arrow: Arrow) -> None:
        self._pa, self._pc = arrow.pa, arrow.compute
        pa = self._pa
        self._moment = pa.timestamp("ms", tz="UTC")
        self._micros = pa.timestamp("us", tz="UTC")

    def record(self, records: Sequence[FetchedRecord]) -> Columns:
        """The columns that bring the records back, but for the value's."""
        pa = self._pa
        _, partitions, offsets, timestamps, types, keys, _, headers = zip(*records, strict=True)
        key, key_binary = self._text_or_binary(keys)
        times = pa.array(timestamps, pa.int64())
        missing = self._pc.equal(times, -1)
        return {
            "kafka_partition": pa.array(partitions, pa.int32()),
            "kafka_offset": pa.array(offsets, pa.int64()),
            "kafka_timestamp": self._pc.if_else(missing, None, times).cast(self._moment),
            "kafka_timestamp_type": pa.array([TIMESTAMP_TYPES[number or 0] for number in types], pa.string()),
            "kafka_key": key,
            "kafka_key_binary": key_binary,
            "kafka_headers": self._headers(headers),
        }

    def value(self, records: Sequence[FetchedRecord]) -> Columns:
        """The value as it is."""
        value, value_binary = self._text_or_binary([record.value for record in records])
        return {"value": value, "value_binary": value_binary}

    def event(self, records: Sequence[FetchedRecord]) -> Columns:
        """What the headers of server events say, and the type that their values say first."""
        pa = self._pa
        told = [dict(record.headers) for record in records]
        return {
            "session_id": self._readable(
                [one.get("ce_sessionid") or record.key for one, record in zip(told, records, strict=True)]
            ),
            "type": self._readable(
                [
                    one.get("ce_type") or leading_type(record.value or b"")
                    for one, record in zip(told, records, strict=True)
                ]
            ),
            "event_id": self._readable([one.get("ce_id") for one in told]),
            "sequence": pa.array(
                [_sequence(one.get("ce_sequence"), record.offset) for one, record in zip(told, records, strict=True)],
                pa.int64(),
            ),
            "time": self._times([one.get("ce_time") for one in told], records),
            "provider": self._readable([one.get("ce_provider") for one in told]),
            "tenant": self._readable([one.get("ce_tenant") for one in told]),
        }

    def _text_or_binary(self, values: Sequence[bytes | None]) -> tuple[Any, Any]:
        pa = self._pa
        binary = pa.array(values, pa.binary())
        try:
            return binary.cast(pa.string()), pa.nulls(len(values), pa.binary())
        except pa.ArrowInvalid:
            texts = [_utf8(value) for value in values]
            rest = [value if text is None else None for value, text in zip(values, texts, strict=True)]
            return pa.array(texts, pa.string()), pa.array(rest, pa.binary())

    def _readable(self, values: Sequence[bytes | None]) -> Any:
        """Texts for people: null where empty, bytes that are no UTF-8 escaped."""
        pa = self._pa
        try:
            return pa.array([value or None for value in values], pa.binary()).cast(pa.string())
        except pa.ArrowInvalid:
            texts = [value.decode(errors="backslashreplace") if value else None for value in values]
            return pa.array(texts, pa.string())

    def _headers(self, headers: Sequence[Sequence[tuple[str, bytes | None]]]) -> Any:
        pa = self._pa
        flat = list(chain.from_iterable(headers))
        names: Sequence[str] = [pair[0] for pair in flat]
        if odd := {name: _escaped(name) for name in set(names) if _is_odd(name)}:
            names = [odd.get(name, name) for name in names]
        pairs = pa.StructArray.from_arrays(
            [pa.array(names, pa.string()), pa.array([pair[1] for pair in flat], pa.binary())], ["name", "value"]
        )
        ends = pa.array(list(accumulate(map(len, headers), initial=0)), pa.int32())
        return pa.ListArray.from_arrays(ends, pairs)

    def _times(self, told: Sequence[bytes | None], records: Sequence[FetchedRecord]) -> Any:
        """Header `ce_time`; the record's timestamp where it is missing or is no time."""
        pa = self._pa
        if all(told):
            try:
                return pa.array(told, pa.binary()).cast(pa.string()).cast(self._micros)
            except pa.ArrowInvalid:
                pass  # one of them is none, or is finer than microseconds
        moments = [
            moment(None if text is None else text.decode(errors="replace")) or _from_ms(record.timestamp)
            for text, record in zip(told, records, strict=True)
        ]
        return pa.array(moments, self._micros)


def read_records(topic: str, batch: Any) -> Iterator[FetchedRecord]:
    """The records of an Arrow record batch that has RECORD_COLUMNS."""
    headers = batch.column("kafka_headers")
    pairs, ends = headers.values, headers.offsets.to_pylist()
    names: list[str] = pairs.field("name").to_pylist()
    if odd := {name: _unescaped(name) for name in set(names) if name.startswith(ODD_NAME)}:
        names = [odd.get(name, name) for name in names]
    flat = list(zip(names, pairs.field("value").to_pylist(), strict=True))
    numbers = {name: number for number, name in enumerate(TIMESTAMP_TYPES)}
    rows = zip(
        batch.column("kafka_partition").to_pylist(),
        batch.column("kafka_offset").to_pylist(),
        batch.column("kafka_timestamp").cast("int64").to_pylist(),
        batch.column("kafka_timestamp_type").to_pylist(),
        _bytes(batch, "kafka_key"),
        _bytes(batch, "value"),
        strict=True,
    )
    for index, (partition, offset, timestamp, kind, key, value) in enumerate(rows):
        yield FetchedRecord(
            topic,
            partition,
            offset,
            -1 if timestamp is None else timestamp,
            numbers[kind],
            key,
            value,
            flat[ends[index] : ends[index + 1]],
        )


def _bytes(batch: Any, name: str) -> list[bytes | None]:
    texts = batch.column(name).cast("binary").to_pylist()
    binary = batch.column(f"{name}_binary")
    if binary.null_count == len(binary):
        return texts
    return [other if text is None else text for text, other in zip(texts, binary.to_pylist(), strict=True)]


def _utf8(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


def _is_odd(name: str) -> bool:
    # Names that are no UTF-8 come with surrogate escapes.
    return name.startswith(ODD_NAME) or any("\ud800" <= character <= "\udfff" for character in name)


def _escaped(name: str) -> str:
    return ODD_NAME + base64.b64encode(name.encode(errors="surrogateescape")).decode()


def _unescaped(name: str) -> str:
    return base64.b64decode(name.removeprefix(ODD_NAME)).decode(errors="surrogateescape")


def _sequence(raw: bytes | None, offset: int) -> int:
    return int(raw) if raw and raw.isdigit() and len(raw) < 19 else offset


def moment(text: str | None) -> datetime | None:
    """An RFC 3339 time; None for anything else."""
    try:
        found = datetime.fromisoformat(text) if text else None
        return found.astimezone(UTC) if found is not None and found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _from_ms(timestamp: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(timestamp / 1000, UTC) if timestamp >= 0 else None
    except (ValueError, OverflowError, OSError):
        return None
