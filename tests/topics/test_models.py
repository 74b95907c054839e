"""Models as a subscriber uses them: one call reads a record; what is added later is ignored, what is wrong refused."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from topics.catalogue import CATALOGUE, TopicSpec
from topics.models import Message, Part
from topics.schemas import load_example

MODELLED = [spec for spec in CATALOGUE if spec.model is not None]
every_model = pytest.mark.parametrize("spec", MODELLED, ids=lambda spec: spec.name)

REMOVED = object()


def read(spec: TopicSpec, record: dict[str, Any]) -> BaseModel:
    assert spec.model is not None
    return spec.model.model_validate_json(json.dumps(record).encode())


def changed(record: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy of `record` with the field at a dotted path set, or taken out."""
    copy = json.loads(json.dumps(record))
    *parents, name = path.split(".")
    holder = copy
    for parent in parents:
        holder = holder[parent]
    if value is REMOVED:
        del holder[name]
    else:
        holder[name] = value
    return copy


@every_model
def test_round_trip(spec: TopicSpec) -> None:
    example = load_example(spec)
    assert read(spec, example).model_dump(mode="json", exclude_unset=True) == example


@every_model
def test_a_field_added_later_is_ignored(spec: TopicSpec) -> None:
    example = load_example(spec)
    later = changed(changed(example, "added_in_1_1", {"any": "thing"}), "source.added_in_1_1", 7)
    assert read(spec, later) == read(spec, example)


@every_model
def test_every_field_is_required_also_those_that_may_be_null(spec: TopicSpec) -> None:
    example = load_example(spec)
    for name in example:
        with pytest.raises(ValidationError):
            read(spec, changed(example, name, REMOVED))


@every_model
@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("schema_version", "1"),
        ("schema_version", 0),
        ("id", None),
        ("id", 5),
        ("session_sequence", 0),
        ("session_sequence", 1.5),
        ("session_id", 5),
        ("source", None),
        ("source.offset", "12"),
        ("source.partition", None),
        ("warnings", "arguments_not_json"),
        ("warnings", [1]),
    ],
)
def test_wrong_types_are_refused(spec: TopicSpec, path: str, wrong: object) -> None:
    with pytest.raises(ValidationError):
        read(spec, changed(load_example(spec), path, wrong))


@pytest.mark.parametrize("spec", [spec for spec in MODELLED if spec.name != "responses"], ids=lambda spec: spec.name)
@pytest.mark.parametrize(("path", "wrong"), [("revision", 0), ("cause", "magic"), ("deleted", 0), ("item", None)])
def test_wrong_item_fields_are_refused(spec: TopicSpec, path: str, wrong: object) -> None:
    with pytest.raises(ValidationError):
        read(spec, changed(load_example(spec), path, wrong))


@pytest.mark.parametrize(
    ("topic", "path", "wrong"),
    [
        ("items.messages", "transcript.state", "half"),
        ("items.messages", "origin", "server"),
        ("items.messages", "modality", "video"),
        ("items.messages", "previous_item_source", "guess"),
        ("items.messages", "parts", None),
        ("items.mcp-calls", "outcome", "perhaps"),
        ("items.function-call-outputs", "orphan", None),
        ("responses", "usage.input_tokens", "5"),
        ("responses", "timing", None),
    ],
)
def test_closed_sets_and_inner_fields(topic: str, path: str, wrong: object) -> None:
    (spec,) = [spec for spec in MODELLED if spec.name == topic]
    with pytest.raises(ValidationError):
        read(spec, changed(load_example(spec), path, wrong))


@pytest.mark.parametrize(
    ("topic", "path", "unheard_of"),
    [
        ("items.messages", "role", "narrator"),
        ("items.messages", "status", "half_done"),
        ("items.messages", "item_type", "message_v2"),
        ("items.messages", "provider", "someone-new"),
        ("items.messages", "phase", "thinking"),
        ("items.messages", "source.event_type", "conversation.item.moved"),
        ("items.messages", "warnings", ["a_new_one"]),
        ("responses", "status", "paused"),
        ("responses", "status_reason", "lunch"),
        ("responses", "output_modalities", ["video"]),
    ],
)
def test_open_sets_take_values_nobody_knows(topic: str, path: str, unheard_of: object) -> None:
    (spec,) = [spec for spec in MODELLED if spec.name == topic]
    read(spec, changed(load_example(spec), path, unheard_of))


@pytest.mark.parametrize("parsed", [None, True, 3, 1.5, "text", [], [1, {"a": None}], {}, {"a": {"b": [1]}}])
def test_arguments_and_output_are_any_json(parsed: object) -> None:
    for topic, field in (
        ("items.function-calls", "arguments"),
        ("items.function-call-outputs", "output"),
        ("items.mcp-calls", "arguments"),
        ("items.mcp-calls", "output"),
        ("items.mcp-approval-requests", "arguments"),
    ):
        (spec,) = [spec for spec in MODELLED if spec.name == topic]
        record = read(spec, changed(load_example(spec), field, parsed))
        assert getattr(record, field) == parsed


def test_parts_keep_keys_of_the_providers() -> None:
    example = load_example(CATALOGUE[0]) | {
        "parts": [{"type": "input_image", "image_url": "data:,", "detail": "low"}, {"type": "input_text", "text": "hi"}]
    }
    message = Message.model_validate_json(json.dumps(example))
    assert message.parts[0].model_extra == {"detail": "low"}
    assert message.parts[1] == Part(type="input_text", text="hi")
    assert message.model_dump(mode="json", exclude_unset=True)["parts"] == example["parts"]


def test_replayed_is_a_cause() -> None:
    example = load_example(CATALOGUE[0])
    assert Message.model_validate_json(json.dumps(example | {"cause": "replayed"})).cause == "replayed"
