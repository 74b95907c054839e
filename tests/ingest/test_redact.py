"""Redaction rules."""

import json
import re

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import UsageError
from pipeline.ingest.redact import RedactionFailed, compile_rules


def applied(rules: list[str], value: bytes) -> bytes:
    redaction = compile_rules(rules)
    assert redaction is not None
    return redaction.apply(value)


def test_no_rules() -> None:
    assert compile_rules([]) is None


@pytest.mark.parametrize(
    ("rule", "after"),
    [
        ("$.item.name", {"item": {"name": "[redacted]", "content": [{"text": "a"}, {"text": "b"}]}}),
        ("$..text", {"item": {"name": "n", "content": [{"text": "[redacted]"}, {"text": "[redacted]"}]}}),
        ("$.item.content[0]", {"item": {"name": "n", "content": ["[redacted]", {"text": "b"}]}}),
        ("$.item.content[?@.text == 'b']", {"item": {"name": "n", "content": [{"text": "a"}, "[redacted]"]}}),
        (
            "$.item.content[?match(@.text, '[b-z]')].text",
            {"item": {"name": "n", "content": [{"text": "a"}, {"text": "[redacted]"}]}},
        ),
        ("$.item", {"item": "[redacted]"}),
        ("$..*", {"item": "[redacted]"}),
    ],
)
def test_paths(rule: str, after: dict) -> None:
    event = {"item": {"name": "n", "content": [{"text": "a"}, {"text": "b"}]}}
    assert orjson.loads(applied([rule], orjson.dumps(event))) == after


def test_bytes_stay_where_nothing_matches() -> None:
    value = b'{ "type" : "a",\n "n": 1.0e5, "u": "\\u00e9" }'
    assert applied(["$.item.content"], value) == value


def drop_names(event: dict) -> dict:
    return {key: value for key, value in event.items() if key != "name"}


def clear_names(event: dict) -> None:
    event.pop("name", None)


def fails(event: dict) -> None:
    raise ValueError(event["name"])


def gives_text(event: dict) -> str:
    return "x"


def gives_an_object(event: dict) -> dict:
    return {"made": object()}


@pytest.mark.parametrize("name", ["drop_names", "clear_names"])
def test_a_function(name: str) -> None:
    assert applied([f"{__name__}:{name}"], b'{"name":"Ann","type":"a"}') == b'{"type":"a"}'


@pytest.mark.parametrize("name", ["fails", "gives_text", "gives_an_object"])
def test_a_function_that_fails_lets_nothing_by(name: str) -> None:
    with pytest.raises(RedactionFailed) as failed:
        applied([f"{__name__}:{name}"], b'{"name":"Ann"}')
    assert "Ann" not in str(failed.value)
    assert failed.value.__cause__ is None


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"1", b"\xff"])
def test_what_is_no_event_is_not_let_by(value: bytes) -> None:
    with pytest.raises(RedactionFailed):
        applied(["$.item"], value)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("$.item[", "redaction rule $.item["),
        ("item", "neither a JSONPath"),
        ("$", "matches the event itself"),
        ("$.item.~", "redaction rule $.item.~"),
        ("no_such_module:f", "can't be imported"),
        (f"{__name__}:nothing", "can't be imported"),
        (f"{__name__}:__doc__", "is no function"),
    ],
)
def test_a_wrong_rule_is_named(rule: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        compile_rules([rule])


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "secret"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["a", "b", "secret"]), _json))
def test_nothing_named_secret_is_left(event: dict) -> None:
    def secrets(value: object) -> list:
        if isinstance(value, dict):
            return [inner for key, inner in value.items() if key == "secret"] + [
                found for inner in value.values() for found in secrets(inner)
            ]
        return [found for inner in value for found in secrets(inner)] if isinstance(value, list) else []

    after = orjson.loads(applied(["$..secret"], orjson.dumps(event)))
    assert all(value == "[redacted]" for value in secrets(after))


@pytest.mark.parametrize(
    ("value", "left"),
    [
        (b'{"item":{"text":"secret"},"item":{"id":"x"}}', b'{"item":{"id":"x"}}'),
        (b'{"item":{"text":"secret","text":"secret"}}', b'{"item":{"text":"[redacted]"}}'),
        (b'{"item":{"\\u0074ext":"secret"}}', b'{"item":{"text":"[redacted]"}}'),
        (b'{"item":{"\\u0074ext":"secret"},"\\u0069tem":{}}', b'{"item":{}}'),
        (b'{"item":{"text":"secret"},"item":{"id":"\\u003a\\u003A"}}', b'{"item":{"id":"::"}}'),
        (b'{"item":{"text":"secret"},"item":{"id":"\\\\u003a"}}', b'{"item":{"id":"\\\\u003a"}}'),
        (b'{"list":[{"a":"secret","a":1}]}', b'{"list":[{"a":1}]}'),
    ],
)
def test_what_a_name_hides_that_stands_twice_is_not_let_by(value: bytes, left: bytes) -> None:
    assert applied(["$.item.text"], value) == left


@pytest.mark.parametrize(
    "value", [b'{"a": "\\u003a:\\u003A", "b:":"\\\\u003a"}', b'{"\\u0061":1}', b'{"a":"\\\\\\u003a\\"\\\\"}']
)
def test_bytes_stay_where_no_name_stands_twice(value: bytes) -> None:
    assert applied(["$.item.text"], value) == value


_NAMES = ("text", "item", ":", "a:b", "\\")
_members = st.recursive(
    st.integers(-9, 9) | st.sampled_from(["", ":", "\\", '"', "é:", "\\u003a"]) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(st.tuples(st.sampled_from(_NAMES), inner), max_size=4).map(tuple)
    ),
    max_leaves=15,
)
"""Values of JSON; an object is a tuple of pairs, so that a name may stand in it more than once."""


def spelled(text: str, draw: st.DrawFn) -> str:
    """A JSON text; any of its characters may be escaped."""
    plain = [json.dumps(one, ensure_ascii=False)[1:-1] for one in text]
    forms = draw(st.lists(st.sampled_from(["", "04x", "04X"]), min_size=len(text), max_size=len(text)))
    parts = zip(text, plain, forms, strict=True)
    return '"' + "".join(f"\\u{ord(one):{form}}" if form else as_is for one, as_is, form in parts) + '"'


@st.composite
def texts(draw: st.DrawFn) -> tuple[str, bool]:
    """An event's JSON, and whether a name stands twice in it or one of them is `text`: its strings are then secrets."""
    special = False

    def written(value: object, secret: bool) -> str:
        nonlocal special
        if isinstance(value, str):
            return spelled(value + "secret" * secret, draw)
        if isinstance(value, list):
            return "[" + ",".join(written(one, secret) for one in value) + "]"
        if not isinstance(value, tuple):
            return json.dumps(value)
        names = [name for name, _ in value]
        members: list[str] = []
        for place, (name, inner) in enumerate(value):
            hidden = name == "text" or name in names[place + 1 :]
            special = special or hidden
            members.append(f"{spelled(name, draw)}:{written(inner, secret or hidden)}")
        return "{" + ",".join(members) + "}"

    pairs = st.lists(st.tuples(st.sampled_from(_NAMES), _members), max_size=4).map(tuple)
    return written(draw(pairs), False), special


@settings(deadline=None)
@given(texts())
def test_no_spelling_brings_a_secret_by(given_text: tuple[str, bool]) -> None:
    """Names that stand twice at any level, escaped in any way: what a reader of any kind makes of it has no secret."""
    text, special = given_text
    after = applied(["$..text"], text.encode())
    pairs: list[tuple[str, object]] = []
    json.loads(after, object_pairs_hook=pairs.extend)
    assert "secret" not in str(pairs)
    assert b"secret" not in after
    assert special or after == text.encode()
