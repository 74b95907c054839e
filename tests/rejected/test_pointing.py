"""The part that is wrong, pointed at."""

from typing import Any

import orjson
import pytest

from pipeline.cli.rejected_view import pointed
from pipeline.rejected.json_text import excerpt, marked_lines
from pipeline.rejected.pointing import AtPath, InText, Nowhere, Sizes, path_text, point_at
from pipeline.rejected.record import rejected_record
from tests.core.events import Record, user
from tests.rejected.support import rejected_by_core
from topics.models import FunctionCall

DONE = "conversation.item.done"


def body(**fields: Any) -> bytes:
    return orjson.dumps(fields)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (b'{"item":{"id":"a"', '{"item":{"id":"a"\n                 ^ unexpected end'),
        (b'{"a":1,\n "b": tru}', '{"a":1,\\n "b": tru}\n               ^ invalid literal'),
        ('{"ü":1,}'.encode(), '{"ü":1,}\n      ^ trailing comma'),
        (b'{"a":"\xff"}', '{"a":"\\xff"}\n      ^ byte 6 is 0xff, which is not UTF-8'),
        (b"hello", "hello\n^ unexpected character"),
        (b"{}{}", "{}{}\n  ^ unexpected content"),
        (b" []", " []\n ^ the value is JSON, but an array"),
    ],
)
def test_text_is_pointed_at_with_a_caret(value: bytes, shown: str):
    pointer = point_at(rejected_by_core(value))
    assert isinstance(pointer, InText)
    assert "\n".join(line.plain for line in pointed(pointer)).startswith(shown)


@pytest.mark.parametrize(
    ("value", "path", "note"),
    [
        (body(item={}), "(the whole event)", "`type` is missing"),
        (body(type=7), "type", "`type` is to be a text"),
        (body(type=DONE), "(the whole event)", "`item` is missing"),
        (body(type=DONE, item=None), "item", "there is nothing in it"),
        (body(type=DONE, item=[]), "item", "is not an object"),
        (body(type=DONE, item={"id": "a"}), "item", "`item.type` is missing"),
        (body(type=DONE, item={"id": "a", "type": 1}), "item.type", "is missing or not a text"),
        (body(type=DONE, item={"id": 1, "type": "message"}), "item.id", "is not a text"),
        (body(type=DONE, item=user("x" * 600)), "item.id", "has 600 characters; the limit is 512"),
        (body(type="conversation.item.deleted", item_id={}), "item_id", "is not a text"),
        (body(type="response.done", response="x"), "response", "is not an object"),
        (
            body(type="response.text.done", item_id="a", text="x", content_index=1000),
            "content_index",
            "is 1000; an item has up to 1000 parts",
        ),
    ],
)
def test_a_field_is_pointed_at_by_its_path(value: bytes, path: str, note: str):
    pointer = point_at(rejected_by_core(value))
    assert isinstance(pointer, AtPath)
    assert (path_text(pointer.path), pointer.note) == (path, note)
    marked = [line.plain for line in pointed(pointer) if "<──" in line.plain]
    assert len(marked) == 1
    assert marked[0].endswith(note)


def test_what_nests_too_deep():
    deep = b'{"type":"conversation.item.done","item":' + b"[" * 150 + b"]" * 150 + b"}"
    pointer = point_at(rejected_by_core(deep))
    assert isinstance(pointer, AtPath)
    assert path_text(pointer.path) == "item[0][0][0][0][0] … 92 more … [0][0][0]"
    assert sum("<──" in line.plain for line in pointed(pointer)) == 1


def test_the_largest_parts_of_what_is_too_large():
    pointer = point_at(rejected_by_core(body(type=DONE, item=user("a", "x" * 5_000)), max_event_bytes=2_000))
    assert isinstance(pointer, Sizes)
    assert (path_text(pointer.parts[0][0]), pointer.parts[0][1]) == ("item.content[0].text", 5_002)


def test_nothing_to_point_at():
    assert point_at(rejected_by_core(None)) == Nowhere("the record has no value")
    left_out = rejected_by_core(b"{" * 5_000, max_rejected_bytes=3_000)
    assert point_at(left_out) == Nowhere("its value was left out")


def test_a_dead_letter_that_is_no_such_record():
    pointer = point_at(rejected_record(Record(b'{"schema_version":1,"revision":"one"}')), FunctionCall)
    assert isinstance(pointer, AtPath)
    assert pointer.note.startswith("id: Field required")


def test_a_long_text_is_shown_around_the_place():
    line, column = excerpt("x" * 500 + "!" + "y" * 500, 500)
    assert line[column] == "!"
    assert (line[0], line[-1]) == ("…", "…")
    assert len(line) < 110


def test_terminal_codes_are_shown_and_not_obeyed():
    assert excerpt("\x1b[2J!", 4)[0] == "\\x1b[2J!"


def test_what_is_long_is_shortened_and_the_way_to_the_mark_is_not():
    document = {"list": list(range(100)), "text": "x" * 1_000}
    lines = list(marked_lines(document, ("list", 90)))
    assert [line.strip() for line, here in lines if here] == ["90,"]
    assert len(lines) < 25
    assert any("1,000 characters" in line for line, _ in lines)
