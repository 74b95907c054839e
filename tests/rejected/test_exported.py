"""Records as lines to edit, and read back."""

from typing import Any

import orjson
import pytest

from pipeline.core import CoreSettings
from pipeline.errors import ItemstreamError
from pipeline.recorded import read_lines, run
from pipeline.rejected.exported import changed_fix, full, read_fixes
from pipeline.rejected.revive import Fix
from tests.rejected.support import REASONS, bad_value, message, rejected_by_core

TOPIC = "realtime.rejected"
VALUES = [
    *((reason, bad_value(reason, "a")) for reason in REASONS if reason != "internal_error"),
    ("empty text", b""),
    ("no UTF-8", b'{"a":"\xff"}'),
    ("spaced", b'{\n "id" : "x",\n "n": 1.50 }'),
    ("deep", b'{"x":' + b"[" * 300 + b"]" * 300 + b"}"),
    ("a large number", b'{"n":123456789012345678901234567890}'),
]


@pytest.mark.parametrize("value", [value for _, value in VALUES], ids=[name for name, _ in VALUES])
def test_a_line_left_as_it_was_changes_nothing(value: bytes | None):
    rejected = rejected_by_core(value, max_event_bytes=500) if value else rejected_by_core(value)
    line = full(rejected, None)
    assert line.count(b"\n") == 1
    ((place, fix),) = read_fixes([line], "f", TOPIC).items()
    assert place == rejected.place
    assert changed_fix(rejected, fix) is None
    written_anew = orjson.dumps(orjson.loads(line), option=orjson.OPT_INDENT_2)
    assert changed_fix(rejected, read_fixes([written_anew.replace(b"\n", b"")], "f", TOPIC)[place]) is None


@pytest.mark.parametrize(
    ("before", "after"), [({"a": 1}, {"a": True}), ({"a": 1}, {"a": 1.0}), ({"a": None}, {}), ({}, {"a": ""})]
)
def test_a_small_change_is_one(before: dict[str, Any], after: dict[str, Any]):
    rejected = rejected_by_core(orjson.dumps(before))
    line = orjson.loads(full(rejected, None)) | {"event": after}
    fix = read_fixes([orjson.dumps(line)], "f", TOPIC)[rejected.place]
    assert changed_fix(rejected, fix) == Fix(orjson.dumps(after))


def test_an_edited_line_shows_what_would_come_of_it_without_kafka():
    rejected = rejected_by_core(bad_value("not_json", "a"), [("ce_tenant", b"north")])
    line = orjson.loads(full(rejected, None))
    del line["raw"]
    edited = orjson.dumps(line | {"event": message("a", "hello")})
    (out,) = run(read_lines([edited], "f", "other"), CoreSettings())
    record = orjson.loads(out.value or b"")
    told = (record["session_id"], record["tenant"], record["text"], record["opened_at"] or record["done_at"])
    assert told == ("sess_1", "north", "hello", line["time"])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"{", "line 1 is not JSON"),
        (b"[]", 'line 1 has no "record"'),
        (b'{"record":7,"raw":""}', 'line 1 has no "record"'),
        (b'{"record":"0:1"}', "give the value in one of event, raw, raw_base64; there are 0"),
        (b'{"record":"0:1","raw":"","event":{}}', "there are 2"),
        (b'{"record":"0:1","raw":7}', "raw is to be a text"),
        (b'{"record":"0:1","raw_base64":"?"}', "raw_base64 is not base64"),
        (b'{"record":"0:1","raw":"a"}\n{"record":"0:1","raw":"b"}', "line 2: record realtime.rejected-0-1 is in"),
    ],
)
def test_a_line_that_can_not_be_read(line: bytes, what: str):
    with pytest.raises(ItemstreamError, match=what):
        read_fixes(line.split(b"\n"), "f", TOPIC)


def test_a_value_that_is_taken_away():
    assert read_fixes([b'{"record":"0:1","raw":null}'], "f", TOPIC).popitem()[1] == Fix(None)
