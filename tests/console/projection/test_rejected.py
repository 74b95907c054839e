"""Rejected records in the store: counted, and the part that is wrong marked."""

import orjson
import pytest

from pipeline.console.projection.dead_letters import MOST_CHARACTERS, span_of
from pipeline.console.queries import SessionFilters
from pipeline.console.store import StoreQueries
from pipeline.console.store.store import Store
from pipeline.rejected.pointing import AtPath
from tests.console.projection.support import Writing, fetched_of, rejected_outputs
from tests.examples.support import simulated
from tests.rejected.support import bad_value

MARKED = {
    "empty": None,
    "not_json": "",
    "not_object": "[",
    "type_missing": None,
    "item_missing": None,
    "item_invalid": "null",
    "too_large": '"' + "x" * 2048 + '"',
}


@pytest.mark.parametrize("reason", MARKED)
def test_what_is_wrong_is_marked(store: Store, reason: str) -> None:
    Writing(store, "p").write(fetched_of(rejected_outputs("p", [bad_value(reason, "item_1")])))
    queries = StoreQueries(store)
    [one], following = queries.rejected(None, None, 10)
    assert (one.reason, one.session_id, following) == (reason, "s", None)
    assert one.value.encode() == (bad_value(reason, "item_1") or b"")
    assert one.original is not None
    assert one.original.offset == 0
    assert (one.mark and one.value[one.mark.start : one.mark.end]) == MARKED[reason]
    assert [(one.reason, one.count) for one in queries.rejected_counts()] == [(reason, 1)]


def test_pages_and_counts(store: Store) -> None:
    reasons = ["not_json", "not_object", "type_missing"] * 7
    outputs = rejected_outputs("p", [bad_value(reason, f"item_{n}") for n, reason in enumerate(reasons)])
    name = (simulated("p", 1)[0].key or b"").decode()
    writing = Writing(store, "p")
    writing.write(fetched_of([*simulated("p", 1), *(one for one in outputs), *rejected_outputs("p", [b"{"], name)]))
    queries = StoreQueries(store)
    assert {one.reason: one.count for one in queries.rejected_counts()} == {
        "not_json": 8, "not_object": 7, "type_missing": 7
    }  # fmt: skip
    for reason in (None, "not_json"):
        cursor, found = None, []
        while True:
            some, cursor = queries.rejected(reason, cursor, 3)
            found += some
            if cursor is None:
                break
        assert len(found) == len({one.id for one in found}) == (8 if reason else 22)
    [session] = queries.sessions(SessionFilters(), None, 10).sessions
    assert session.rejected == 1


def test_bytes_of_any_kind(store: Store) -> None:
    values = [b"\xff\xfe{", b"\x00", b'"' + b"a" * 1900, "ü".encode() * 900, b'{"a":' * 380, b"{" + b" " * 2000]
    Writing(store, "p").write(fetched_of(rejected_outputs("p", values)))
    found, _ = StoreQueries(store).rejected(None, None, 10)
    assert len(found) == len(values)
    assert [one.binary for one in reversed(found)] == [True, True, False, False, False, False]
    for one in found:
        assert len(one.value) <= MOST_CHARACTERS
        assert one.mark is None or 0 <= one.mark.start <= one.mark.end <= len(one.value)


def test_where_a_value_stands() -> None:
    document = {"a": 1, "b": [{"ü\n": "x"}, {"c": [1, [2, 3]]}], "d": None}
    for shown in (orjson.dumps(document).decode(), orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()):
        for path, value in ((("d",), None), (("b", 1, "c", 1), [2, 3]), (("b", 0, "ü\n"), "x"), (("a",), 1)):
            start, end = span_of(AtPath(document, path, ""), shown) or (0, 0)
            assert orjson.loads(shown[start:end]) == value
    assert span_of(AtPath({}, (), ""), "{}") is None
