"""Files alone: records come back byte by byte and in order, and what can't be read is told in one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import orjson
import pyarrow as pyarrow_untyped
import pyarrow.dataset as dataset
import pyarrow.parquet as parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import CoreSettings
from pipeline.errors import ItemstreamError, UsageError
from pipeline.export.json_lines import line_maker, read_line
from pipeline.export.layout import FORMATS, ExportedFile, Format, exported_files
from pipeline.export.reading import open_exported, read_exported
from pipeline.recorded import read_lines, run
from tests.export.support import DAY, hostile, simple, written
from topics import Message
from topics.fetched_records import FetchedRecord
from topics.schemas import load_example
from topics.subscriptions.decode import spec_of

both_formats = pytest.mark.parametrize("format", FORMATS)
pa, pq = cast(Any, pyarrow_untyped), cast(Any, parquet)


@both_formats
@pytest.mark.parametrize("model", [None, Message])
def test_hostile_records_come_back_byte_by_byte(tmp_path: Path, format: Format, model: Any) -> None:
    records = hostile()
    paths = written(tmp_path, records, format, model)
    assert len(paths) == 5, "a file a day"
    assert list(read_exported(tmp_path)) == records


@both_formats
def test_partitions_are_read_one_after_the_other(tmp_path: Path, format: Format) -> None:
    zero, ten = hostile(partition=0), hostile(partition=10)
    later = [record._replace(offset=record.offset + 1000) for record in zero]
    for records in (ten, later, zero):
        written(tmp_path, records, format)
    assert list(read_exported(tmp_path)) == zero + later + ten
    assert list(read_exported(tmp_path, [10])) == ten
    assert open_exported(tmp_path).partitions == [0, 10]


def test_one_file_is_read_too(tmp_path: Path) -> None:
    (path,) = written(tmp_path, simple(10), "jsonl")
    assert list(read_exported(path)) == simple(10)


headers = st.lists(
    st.tuples(
        st.binary(max_size=8).map(lambda raw: raw.decode(errors="surrogateescape")), st.none() | st.binary(max_size=8)
    ),
    max_size=3,
)
values = st.none() | st.binary() | st.dictionaries(st.text(), st.integers() | st.text()).map(repr).map(str.encode)


@given(st.none() | st.binary(), values, headers, st.integers(-1, 2**50), st.booleans())
def test_any_record_is_one_line(key: bytes | None, value: bytes | None, headers: Any, time: int, events: bool) -> None:
    record = FetchedRecord("t", 3, 4, time, 0, key, value, headers)
    line = line_maker(events=events)(record)
    assert line.count(b"\n") == 1
    assert read_line(line, "here") == record


def test_lines_that_another_program_wrote_anew_are_read(tmp_path: Path) -> None:
    record = simple(1)[0]._replace(value=b'{"type":"t","event":{"a":1}}')
    line = orjson.loads(line_maker(events=True)(record))
    spaced = json.dumps(line).encode()
    first = orjson.dumps({"event": line.pop("event"), **line})
    assert read_line(spaced, "here") == read_line(first, "here") == record


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{", "here is not JSON"),
        (b"[]", "here is not a JSON object"),
        (b"{}", "it has 0 of event, value, raw and raw_base64"),
        (b'{"type":"x","event":{}}', "here has no 'topic'"),
        (b'{"topic":"t","partition":"0","offset":1,"timestamp":1,"raw":"x"}', '"0" is not a int'),
        (b'{"topic":"t","partition":0,"offset":1,"timestamp":1,"raw_base64":"x"}', "was changed"),
        (b'{"topic":"t","partition":0,"offset":1,"timestamp":1,"headers":[["a"]],"raw":"x"}', "was changed"),
    ],
)
def test_a_line_that_is_none(line: bytes, told: str) -> None:
    with pytest.raises(ItemstreamError) as error:
        read_line(line, "here")
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_process_reads_exported_events(tmp_path: Path) -> None:
    """The lines are of the format `itemstream process` takes: the session, its provider and times are told."""
    item = {"id": "item_1", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]}
    event = orjson.dumps({"type": "conversation.item.done", "event_id": "e1", "item": item})
    headers: list[tuple[str, bytes | None]] = [("ce_provider", b"xai"), ("ce_time", b"2026-01-31T12:00:00Z")]
    written(tmp_path, [simple(1)[0]._replace(value=event, headers=headers)], "jsonl")
    (file,) = exported_files(tmp_path)
    (out,) = run(read_lines(file.path.read_bytes().splitlines(), "export", "unknown"), CoreSettings())
    record = orjson.loads(out.value or b"")
    assert (record["session_id"], record["provider"], record["done_at"]) == ("s", "xai", "2026-01-31T12:00:00Z")


def test_events_in_columns(tmp_path: Path) -> None:
    told: list[tuple[str, bytes | None]] = [
        ("ce_sessionid", b"told"), ("ce_type", b"t.t"), ("ce_sequence", b"9"), ("ce_id", b"event_7"),
        ("ce_time", b"2026-05-28T20:00:00.5+02:00"), ("ce_tenant", b"acme"), ("ce_provider", b"openai"),
    ]  # fmt: skip
    bare = simple(1)[0]
    (path,) = written(tmp_path, [bare, bare._replace(offset=1, headers=told, value=b"\xff")], "parquet")
    first, second = pq.read_table(path, partitioning=None).to_pylist()
    assert (first["session_id"], first["type"], first["sequence"], first["event_id"]) == ("s", "t", 0, None)
    assert first["time"] == first["kafka_timestamp"]
    assert first["time"].timestamp() * 1000 == DAY
    assert (second["session_id"], second["type"], second["sequence"], second["event_id"]) == (
        "told",
        "t.t",
        9,
        "event_7",
    )
    assert (second["time"].isoformat(), second["tenant"]) == ("2026-05-28T18:00:00.500000+00:00", "acme")
    assert (second["provider"], second["value"], second["value_binary"]) == ("openai", None, b"\xff")


def test_records_in_columns(tmp_path: Path) -> None:
    model = Message
    example = load_example(spec_of(model))
    odd = {
        **example,
        "revision": "two",
        "heard_ms": 2**64 - 1,
        "deleted": None,
        "parts": [1, {"type": 5}],
        "item": None,
    }
    values = [orjson.dumps(example), orjson.dumps(odd), b"no JSON"]
    records = [simple(3)[n]._replace(value=value) for n, value in enumerate(values)]
    (path,) = written(tmp_path, records, "parquet", model)
    whole, other, none = pq.read_table(path, partitioning=None).to_pylist()
    for name in model.model_fields:
        assert name in whole
    assert orjson.loads(whole["item"]) == example["item"]
    assert whole["source"]["event_id"] == example["source"]["event_id"]
    assert whole["opened_at"].isoformat().startswith(example["opened_at"][:19])
    assert [part["type"] for part in whole["parts"]] == [part["type"] for part in example["parts"]]
    assert (other["revision"], other["heard_ms"], other["deleted"], other["item"]) == (None, None, None, None)
    assert [part and part["type"] for part in other["parts"]] == [None, "5"]
    assert other["text"] == example["text"]
    assert none["id"] is None
    assert none["value"] == "no JSON"
    assert list(read_exported(tmp_path)) == records


def test_days_are_hive_partitions(tmp_path: Path) -> None:
    records = hostile()
    written(tmp_path, records, "parquet")
    table = cast(Any, dataset).dataset(tmp_path, partitioning="hive").to_table(columns=["day", "kafka_offset"])
    days = dict(zip(table["kafka_offset"].to_pylist(), table["day"].to_pylist(), strict=True))
    assert len(days) == len(records)
    assert {days[record.offset] for record in records if record.timestamp in (DAY, DAY + 1, DAY + 2)} == {"2026-05-28"}
    assert {days[record.offset] for record in records if record.timestamp in (-1, 253_402_300_800_000)} == {None}


def test_names(tmp_path: Path) -> None:
    file = ExportedFile.parse(tmp_path / "a-1.b-c-2-000000000003-000000000004.parquet")
    assert file is not None
    assert (file.topic, file.partition, file.first, file.last, file.format) == ("a-1.b-c", 2, 3, 4, "parquet")
    assert ExportedFile.parse(tmp_path / "a-2-3-4.csv") is None
    assert ExportedFile.parse(tmp_path / ".a-2-3.parquet.tmp") is None


def test_what_is_no_export(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no "):
        open_exported(tmp_path / "missing")
    with pytest.raises(UsageError, match="there are no exported files in"):
        open_exported(tmp_path)
    stranger = tmp_path / "t-0-000000000000-000000000001.parquet"
    stranger.write_bytes(b"PAR1 not really")
    with pytest.raises(ItemstreamError, match=r"cannot read .*t-0-"):
        list(read_exported(stranger))
    pq.write_table(pa.table({"a": [1]}), stranger)
    with pytest.raises(ItemstreamError, match="is not of `itemstream export`: it has no kafka_headers"):
        list(read_exported(stranger))
    written(tmp_path, simple(1, topic="other"), "jsonl")
    with pytest.raises(UsageError, match="holds exports of other and t:"):
        open_exported(tmp_path)
