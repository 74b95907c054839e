"""Each way of breaking a reader is caught by its name; additions and prose are free."""

from typing import Any

import pytest

from topics.schemas.__main__ import current, published
from topics.schemas.compat import Break, breaks


def record(**properties: Any) -> dict[str, Any]:
    """A schema of one record, all of whose fields are required."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def found(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one.where.removeprefix("t: "), one.kind) for one in breaks({"t": old}, {"t": new})]


TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer", "minimum": 1}
MAYBE: dict[str, Any] = {"type": ["string", "null"]}
CLOSED: dict[str, Any] = {"type": "string", "enum": ["a", "b"]}
INNER = record(x=TEXT)
LIST: dict[str, Any] = {"type": "array", "items": TEXT}

BREAKING: list[tuple[str, Any, Any, str]] = [
    ("text becomes a number", TEXT, NUMBER, "type_changed"),
    ("text may become null", TEXT, MAYBE, "type_changed"),
    ("null goes", MAYBE, TEXT, "type_changed"),
    ("an integer becomes a number", {"type": "integer"}, {"type": "number"}, "type_changed"),
    ("a type becomes any", TEXT, {}, "type_changed"),
    ("any becomes a type", {}, TEXT, "type_changed"),
    ("one more type by anyOf", TEXT, {"anyOf": [TEXT, {"type": "object"}]}, "type_changed"),
    ("a new value in a closed set", CLOSED, {"type": "string", "enum": ["a", "b", "c"]}, "value_added"),
    ("another constant", {"type": "string", "const": "a"}, {"type": "string", "const": "b"}, "value_added"),
    ("a closed set opens", CLOSED, TEXT, "set_opened"),
    ("an open set closes", TEXT, CLOSED, "set_closed"),
    ("a lower minimum", NUMBER, {"type": "integer", "minimum": 0}, "constraint_changed"),
    ("no minimum", NUMBER, {"type": "integer"}, "constraint_changed"),
    ("a higher maximum", {"type": "integer", "maximum": 1}, {"type": "integer", "maximum": 2}, "constraint_changed"),
    ("another format", {"type": "string", "format": "date-time"}, TEXT, "constraint_changed"),
    ("a pattern", TEXT, {"type": "string", "pattern": "^a"}, "constraint_changed"),
    ("additions refused", INNER, {**INNER, "additionalProperties": False}, "additions_forbidden"),
]


@pytest.mark.parametrize(("old", "new", "kind"), [case[1:] for case in BREAKING], ids=[case[0] for case in BREAKING])
def test_what_breaks_a_reader(old: dict[str, Any], new: dict[str, Any], kind: str) -> None:
    assert found(record(f=old), record(f=new)) == [("f", kind)]
    assert found(record(f=record(g=old)), record(f=record(g=new))) == [("f.g", kind)]
    lists: list[dict[str, Any]] = [{"type": "array", "items": one} for one in (old, new)]
    assert found(record(f=lists[0]), record(f=lists[1])) == [("f[]", kind)]


def test_a_field_removed() -> None:
    assert found(record(f=TEXT, g=TEXT), record(f=TEXT)) == [("g", "field_removed")]


def test_a_field_renamed() -> None:
    assert found(record(f=TEXT), record(g=TEXT)) == [("f", "field_removed")]


def test_a_field_no_longer_required() -> None:
    assert found(record(f=TEXT), {**record(f=TEXT), "required": []}) == [("f", "no_longer_required")]


def test_a_topic_removed() -> None:
    assert breaks({"t": record()}, {}) == [Break("t", "topic_removed", "the topic has no schema any more")]


def test_a_change_behind_a_reference() -> None:
    old = {**record(f={"$ref": "#/$defs/Inner"}), "$defs": {"Inner": INNER}}
    new = {**record(f={"anyOf": [{"$ref": "#/$defs/Other"}]}), "$defs": {"Other": record(x=NUMBER)}}
    assert found(old, new) == [("f.x", "type_changed")]


def test_values_of_free_keys() -> None:
    old = {**record(), "additionalProperties": TEXT}
    assert found(old, {**record(), "additionalProperties": NUMBER}) == [("*", "type_changed")]
    assert found(old, record()) == [("*", "type_changed")]


ALLOWED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("nothing", record(f=TEXT), record(f=TEXT)),
    ("a field added", record(f=TEXT), record(f=TEXT, g=NUMBER)),
    ("an optional field added", record(f=TEXT), {**record(f=TEXT, g=TEXT), "required": ["f"]}),
    ("a field added inside", record(f=INNER), record(f=record(x=TEXT, y=TEXT))),
    ("an optional field made required", {**record(f=TEXT), "required": []}, record(f=TEXT)),
    ("a value less in a closed set", record(f=CLOSED), record(f={"type": "string", "enum": ["a"]})),
    ("a higher minimum", record(f=NUMBER), record(f={"type": "integer", "minimum": 2})),
    ("other prose", record(f=TEXT), {**record(f={**TEXT, "description": "d", "examples": ["e"]}), "title": "T"}),
    ("null written another way", record(f=MAYBE), record(f={"anyOf": [TEXT, {"type": "null"}]})),
    (
        "a definition renamed",
        {**record(f={"$ref": "#/$defs/A"}), "$defs": {"A": INNER}},
        {**record(f={"$ref": "#/$defs/B"}), "$defs": {"B": INNER}},
    ),
]


@pytest.mark.parametrize(("old", "new"), [case[1:] for case in ALLOWED], ids=[case[0] for case in ALLOWED])
def test_what_breaks_nobody(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert found(old, new) == []


def test_a_topic_added() -> None:
    assert breaks({}, {"t": record(f=TEXT)}) == []


def test_a_schema_that_refers_to_itself_ends() -> None:
    node = {**record(next={"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}, x=TEXT)}
    old = {**record(f={"$ref": "#/$defs/Node"}), "$defs": {"Node": node}}
    new = {**old, "$defs": {"Node": {**node, "properties": {**node["properties"], "x": NUMBER}}}}
    assert found(old, old) == []
    assert found(old, new) == [("f.x", "type_changed")]


def test_a_new_cause_would_break_readers_of_the_published_version() -> None:
    now = current()
    now["items.messages"]["properties"]["cause"]["enum"].append("guessed")
    (one,) = breaks(published(), now)
    assert (one.where, one.kind) == ("items.messages: cause", "value_added")


def test_a_field_inside_the_usage_that_goes_would_break_readers_of_the_published_version() -> None:
    now = current()
    del now["responses"]["$defs"]["Usage"]["properties"]["cached_tokens"]
    (one,) = breaks(published(), now)
    assert (one.where, one.kind) == ("responses: usage.cached_tokens", "field_removed")
