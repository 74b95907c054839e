"""The catalogue names every topic of the contract, each once, with a model that tells its own record type."""

import re

import pytest

from topics.catalogue import (
    CATALOGUE,
    INPUT_TOPIC,
    ITEM_TOPICS,
    OTHER_ITEMS,
    REJECTED,
    RESPONSES,
    TopicSpec,
    changelog_spec,
    changelog_topic,
)

OUTPUTS = [
    "items.messages",
    "items.function-calls",
    "items.function-call-outputs",
    "items.mcp-calls",
    "items.mcp-tool-lists",
    "items.mcp-approval-requests",
    "items.mcp-approval-responses",
    "items.other",
    "responses",
    "rejected",
]


def test_the_outputs_in_their_order() -> None:
    assert [spec.name for spec in CATALOGUE] == OUTPUTS
    assert CATALOGUE[-3:] == (OTHER_ITEMS, RESPONSES, REJECTED)


def test_an_item_type_has_its_topic() -> None:
    assert {item_type: spec.name.removeprefix("items.") for item_type, spec in ITEM_TOPICS.items()} == {
        "message": "messages",
        "function_call": "function-calls",
        "function_call_output": "function-call-outputs",
        "mcp_call": "mcp-calls",
        "mcp_list_tools": "mcp-tool-lists",
        "mcp_approval_request": "mcp-approval-requests",
        "mcp_approval_response": "mcp-approval-responses",
    }


def test_names() -> None:
    assert CATALOGUE[0].full_name("realtime") == "realtime.items.messages"
    assert REJECTED.full_name("eu.prod") == "eu.prod.rejected"
    assert INPUT_TOPIC.full_name("eu.prod") == "realtime.server-events"
    assert changelog_topic("itemstream") == "itemstream-sessions-changelog" == changelog_spec("itemstream").name


@pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)
def test_a_record_type_is_the_model_in_snake_case(spec: TopicSpec) -> None:
    if spec.model is None:
        assert spec is REJECTED
        return
    snake = re.sub(r"(?<!^)(?=[A-Z])", "_", spec.model.__name__).lower()
    assert spec.record_type == f"itemstream.{snake}.v1"


@pytest.mark.parametrize("spec", [*CATALOGUE, INPUT_TOPIC, changelog_spec("g")], ids=lambda spec: spec.name)
def test_a_description_is_one_sentence(spec: TopicSpec) -> None:
    assert spec.description.endswith(".")
    assert "\n" not in spec.description


def test_settings_by_kafkas_names() -> None:
    assert RESPONSES.config() == {
        "cleanup.policy": "delete",
        "retention.ms": "604800000",
        "max.message.bytes": "16777216",
    }
    assert "max.message.bytes" not in INPUT_TOPIC.config()
    assert changelog_spec("g").config()["cleanup.policy"] == "compact"
    assert "retention.ms" not in changelog_spec("g").config()


def test_state_and_outputs_are_partitioned_as_the_input() -> None:
    assert {spec.partitions for spec in (*CATALOGUE, changelog_spec("g"))} == {INPUT_TOPIC.partitions}
