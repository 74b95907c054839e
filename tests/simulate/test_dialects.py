"""Each dialect on the wire: the events it has, the order of keys, what is null and what is absent."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from pipeline.simulate import DIALECTS, SCENARIOS, sessions

Event = dict[str, Any]
GA = ("openai", "azure-openai", "yandex")
NO_ITEM_DONE = ("openai-beta", "azure-voice-live", "xai")


def events(dialect: str, *scenarios: str, count: int = 20) -> list[Event]:
    played = sessions("wire", count, [dialect], scenarios=scenarios)
    return [orjson.loads(event.value or b"") for session in played for event in session.events]


def of_type(found: list[Event], name: str) -> Iterator[Event]:
    return (event for event in found if event["type"] == name)


def types(found: list[Event]) -> set[str]:
    return {event["type"] for event in found}


@pytest.mark.parametrize("dialect", GA)
def test_ga_names(dialect: str) -> None:
    seen = types(events(dialect))
    assert {"conversation.item.added", "conversation.item.done", "response.output_item.done"} <= seen
    assert "response.output_audio_transcript.done" in seen
    assert not {"conversation.item.created", "response.text.delta", "response.audio.delta"} & seen


@pytest.mark.parametrize("dialect", ["openai-beta", "azure-voice-live"])
def test_beta_names(dialect: str) -> None:
    found = events(dialect)
    seen = types(found)
    assert {"conversation.item.created", "response.text.done", "response.audio_transcript.done"} <= seen
    assert not any(name.startswith(("response.output_text", "response.output_audio")) for name in seen)
    assert not {"conversation.item.added", "conversation.item.done"} & seen
    assert all(list(event)[:2] == ["event_id", "type"] for event in found)
    told = [part for event in of_type(found, "response.output_item.done") for part in event["item"].get("content", [])]
    assert {part["type"] for part in told} == {"text", "audio"}


@pytest.mark.parametrize("dialect", NO_ITEM_DONE)
def test_no_item_done(dialect: str) -> None:
    assert "conversation.item.done" not in types(events(dialect))


def test_azure_tells_parts_twice_and_openai_once() -> None:
    for dialect, twice in (("azure-openai", True), ("openai", False)):
        for event in of_type(events(dialect), "response.content_part.done"):
            assert ("content" in event) is twice
            assert not twice or event["content"] == event["part"]


def test_item_done_says_null_for_some_items_that_have_a_predecessor() -> None:
    found = events("openai", "spoken_turn", "function_call")
    told = {event["item"]["id"]: event["previous_item_id"] for event in of_type(found, "conversation.item.added")}
    named = 0
    for event in of_type(found, "conversation.item.done"):
        assert event["previous_item_id"] in (None, told[event["item"]["id"]])
        named += event["previous_item_id"] is not None
    assert 0 < named < sum(predecessor is not None for predecessor in told.values())


def test_some_models_mark_phases_and_begin_the_next_output_before_the_last_is_finished() -> None:
    found = events("openai", "function_call", count=40)
    messages = [event["item"] for event in of_type(found, "response.output_item.done") if "content" in event["item"]]
    assert {item.get("phase") for item in messages} == {None, "commentary", "final_answer"}
    names = [event["type"] for event in found if not event["type"].endswith(".delta")]
    overlaps = [n for n, name in enumerate(names) if name == "response.function_call_arguments.done"]
    assert any(names[n - 1] == "response.output_item.done" for n in overlaps)


def test_voice_live_leaves_the_text_out_of_the_part_done() -> None:
    parts = [event["part"] for event in of_type(events("azure-voice-live"), "response.content_part.done")]
    assert {part["text"] for part in parts if part["type"] == "text"} == {""}
    assert all(part["transcript"] for part in parts if part["type"] == "audio")
    voices = [event["response"]["voice"] for event in of_type(events("azure-voice-live"), "response.done")]
    assert all(voice == {"name": "alloy", "type": "openai"} for voice in voices)


def test_xai() -> None:
    found = events("xai", count=40)
    assert {"ping", "conversation.created"} <= types(found)
    updated = list(of_type(found, "session.updated"))
    assert all(next(iter(event)) == "session" and "id" not in event["session"] for event in updated)
    assert all("previous_item_id" in event for event in found if event["type"] != "session.created")
    for event in of_type(found, "response.output_item.done"):
        assert "content" not in event["item"]
        assert event["output_index"] == 0
    for event in of_type(found, "response.content_part.done"):
        assert "part" not in event
    for event in of_type(found, "response.done"):
        assert event["response"]["usage"] == {}
        assert event["response"]["status_details"] == "unimplemented"
        assert "conversation_id" not in event["response"]
    completed = list(of_type(found, "conversation.item.input_audio_transcription.completed"))
    assert {event["status"] for event in completed} == {"in_progress", "completed"}
    spoken = [event["item"] for event in of_type(found, "conversation.item.added") if event["item"]["role"] == "user"]
    assert {item["status"] for item in spoken if item["content"][0]["type"] == "input_audio"} == {"in_progress"}


def test_xai_tells_predecessors_of_messages_alone() -> None:
    found = events("xai", "function_call", "written_turn")
    for event in of_type(found, "conversation.item.added"):
        if event["item"]["type"] != "message":
            assert event["previous_item_id"] is None
    assert any(event["previous_item_id"] for event in of_type(found, "conversation.item.added"))
    assert {event["previous_item_id"] for event in of_type(found, "response.content_part.added")} == {"0"}


def test_yandex_items_carry_every_field() -> None:
    found = events("yandex", "responses_items", "function_call", "written_turn")
    items = [event["item"] for event in of_type(found, "conversation.item.done")]
    fields = {"id", "object", "type", "role", "status", "content", "call_id", "name", "arguments", "output", "metadata"}
    assert all(fields <= set(item) for item in items)
    kinds = {item["type"] for item in items}
    assert {"message", "function_call", "function_call_output"} < kinds
    assert kinds & {"file_search_call", "web_search_call", "reasoning"}
    assert any(item["metadata"] for item in items)
    assert all(item["content"] is None for item in items if item["type"] != "message")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_scenario_the_dialect_has_can_be_played(dialect: str) -> None:
    for name, scenario in SCENARIOS.items():
        if scenario.feature is None or scenario.feature in DIALECTS[dialect].features:
            assert len(events(dialect, name, count=3)) > 3


def test_every_feature_belongs_to_some_dialect() -> None:
    wanted = {scenario.feature for scenario in SCENARIOS.values() if scenario.feature}
    assert wanted == {feature for dialect in DIALECTS.values() for feature in dialect.features}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_interruption_on_the_wire(dialect: str) -> None:
    found = events(dialect, "interruption", count=6)
    names = [event["type"] for event in found]
    assert "conversation.item.truncated" in names
    assert any(event["item"].get("status") == "incomplete" for event in of_type(found, "response.output_item.done"))
    begun = names.index("response.created")
    assert "input_audio_buffer.speech_started" in names[begun : names.index("response.done", begun)]


def test_mcp_on_the_wire() -> None:
    found = events("openai", "mcp_listing", "mcp_call", count=30)
    assert {
        "mcp_list_tools.in_progress",
        "mcp_list_tools.completed",
        "mcp_list_tools.failed",
        "response.mcp_call_arguments.done",
        "response.mcp_call.in_progress",
        "response.mcp_call.completed",
        "response.mcp_call.failed",
    } <= types(found)
    kinds = {event["item"]["type"] for event in of_type(found, "conversation.item.done")}
    assert {"mcp_list_tools", "mcp_call", "mcp_approval_request", "mcp_approval_response"} <= kinds


def test_a_response_out_of_band_names_no_conversation_and_adds_nothing_to_it() -> None:
    found = events("openai", "out_of_band", count=5)
    outside = [
        event["response"] for event in of_type(found, "response.done") if not event["response"]["conversation_id"]
    ]
    assert len(outside) == 5
    added = {event["item"]["id"] for event in of_type(found, "conversation.item.added")}
    assert not {item["id"] for response in outside for item in response["output"]} & added
