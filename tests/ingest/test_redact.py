"""Redaction rules."""

import re

import orjson
import pytest
from hypothesis import given
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
