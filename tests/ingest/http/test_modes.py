"""A body taken apart gives the events as the bytes that stood in it."""

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.http.attributes import Attributes, of_request
from pipeline.ingest.http.modes import BATCH, NDJSON, ONE, STRUCTURED, STRUCTURED_BATCH, Reader, reader_of
from pipeline.ingest.http.problem import Problem

NOTHING = Attributes()

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_space = st.sampled_from(["", " ", "\t", "  "])


@st.composite
def events(draw: st.DrawFn) -> bytes:
    """The JSON of an object, in any of the ways to write it."""
    event = draw(st.dictionaries(st.text(), _values, max_size=4))
    separators = (draw(_space) + "," + draw(_space), draw(_space) + ":" + draw(_space))
    return json.dumps(event, ensure_ascii=draw(st.booleans()), separators=separators).encode()


@given(st.lists(events(), max_size=5), _space, st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_batches(found: list[bytes], space: str, end: str) -> None:
    gap = space.encode()
    array = b"[" + b",".join(gap + one + gap for one in found) + b"]"
    assert [one.value for one in BATCH["application/json"](array, NOTHING)] == found
    lines = b"".join(gap + one + end.encode() for one in found)
    assert [one.value for one in BATCH[NDJSON](lines, NOTHING)] == found


@given(events(), _space, st.booleans())
def test_structured(event: bytes, space: str, encoded: bool) -> None:
    data = f'"data_base64":"{base64.b64encode(event).decode()}"'.encode() if encoded else b'"data":' + event
    body = b'{"id":"1",%s,"specversion":"1.0","source":"/s","type":"t","tenant":null}' % (space.encode() + data)
    request = Attributes(tenant="acme", session="s")
    (one,) = ONE[STRUCTURED](body, request)
    assert (one.value, one.type, one.id, one.attributes, one.problem) == (event, "t", "1", request, None)
    assert [again.value for again in BATCH[STRUCTURED_BATCH](b"[" + body + b"," + body + b"]", request)] == [event] * 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"specversion": None}, "specversion"),
        ({"id": ""}, "id"),
        ({"source": 1}, "source"),
        ({"type": None}, "type"),
        ({"time": "noon"}, "time"),
        ({"sequence": 1}, "sequence"),
        ({"sessionid": ""}, "sessionid"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"),
        ({"data": ...}, "data"),
        ({"data": ..., "data_base64": "%%"}, "data_base64"),
        ({"id": ...}, "id"),
    ],
)
def test_what_is_wrong_with_a_cloud_event_is_named(changes: dict, field: str) -> None:
    right = {"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {"type": "t"}}
    event = {name: value for name, value in (right | changes).items() if value is not ...}
    (one,) = ONE[STRUCTURED](json.dumps(event).encode(), NOTHING)
    assert one.problem is not None
    assert (one.problem.status, one.problem.field) == (400, field)


@given(st.binary(max_size=40), st.sampled_from([*BATCH.values(), *ONE.values()]))
def test_anything_else_is_a_problem_and_no_mistake(body: bytes, read: Reader) -> None:
    with contextlib.suppress(Problem):
        assert all(isinstance(one.value, bytes) for one in read(body, NOTHING))


@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON; charset=utf-8", 'application/json;charset="UTF8"']
)
def test_media_types(content_type: str) -> None:
    assert reader_of(content_type, ONE, None) is ONE["application/json"]
    assert reader_of(content_type, ONE, "identity") is ONE["application/json"]
    with pytest.raises(Problem):
        reader_of(content_type, ONE, "gzip")


@pytest.mark.parametrize("content_type", [None, "", "text/json", "application/json; charset=utf-16", "application"])
def test_other_media_types(content_type: str | None) -> None:
    with pytest.raises(Problem) as refused:
        reader_of(content_type, ONE, None)
    assert refused.value.status == 415


@pytest.mark.parametrize(
    ("header", "session"), [("a%20b", "a b"), ("z%C3%BCge", "züge"), ("züge", "züge"), ("zÃ¼ge", "züge"), ("%25", "%")]
)
def test_headers_are_percent_decoded(header: str, session: str) -> None:
    assert of_request({"ce-sessionid": header}.get, []).session == session
