"""Dialects, predecessors, and what providers leave out or add."""

from itertools import product
from typing import Any

import pytest

from tests.core.events import Json, Talk, answer, audio, call, message, response, spoken, text, user

# Dialects.


@pytest.mark.parametrize("opening", ["conversation.item.added", "conversation.item.created"])
def test_both_openings_open(opening: str) -> None:
    talk = Talk()
    talk.say(opening, item=user("a"))
    (out,) = talk.say("conversation.item.done", item=user("a"))
    assert out["opened_at"] == "2026-09-21T14:13:21.000Z"


@pytest.mark.parametrize(
    ("role", "told", "canonical"),
    [
        ("assistant", "text", "output_text"), ("assistant", "audio", "output_audio"),
        ("user", "text", "input_text"), ("user", "audio", "input_audio"), ("system", "text", "input_text"),
        ("assistant", "output_text", "output_text"), ("user", "input_audio", "input_audio"),
        ("user", "input_image", "input_image"), ("user", "of_tomorrow", "of_tomorrow"),
    ],
)  # fmt: skip
def test_content_types_are_canonical(role: str, told: str, canonical: str) -> None:
    item = message("a", role, {"type": told, "text": "x"})
    (out,) = Talk().say("conversation.item.done", item=item)
    assert out["parts"][0]["type"] == canonical
    assert out["item"] == item


PARTS = {
    "response.output_text.done": ({"text": "Hello"}, "output_text"),
    "response.text.done": ({"text": "Hello"}, "output_text"),
    "response.output_audio_transcript.done": ({"transcript": "Hello"}, "output_audio"),
    "response.audio_transcript.done": ({"transcript": "Hello"}, "output_audio"),
    "response.content_part.done": ({"part": {"type": "audio", "transcript": "Hello"}}, "output_audio"),
}


def test_text_done_of_either_name_is_used_where_the_item_has_no_content() -> None:
    for type_, (body, part) in PARTS.items():
        talk = Talk()
        talk.say("response.output_item.added", response_id="r", output_index=0, item=message("a", "assistant"))
        talk.say(type_, response_id="r", item_id="a", output_index=0, content_index=0, **body)
        talk.say("response.output_item.done", response_id="r", output_index=0, item=message("a", "assistant"))
        record = talk.item("a")
        assert (record["text"], record["parts"][0]["type"]) == ("Hello", part), type_
        assert record["item"]["content"] == []


@pytest.mark.parametrize("content", [None, [], [{"type": "output_text"}], [{"type": "output_text", "text": ""}]])
def test_what_part_events_told_fills_empty_content(content: object) -> None:
    talk = Talk()
    talk.say("response.output_text.done", item_id="a", content_index=0, text="Hello")
    talk.say("conversation.item.done", item={**message("a", "assistant"), "content": content})
    assert (talk.item("a")["text"], len(talk.item("a")["parts"])) == ("Hello", 1)


def test_the_items_own_words_beat_part_events() -> None:
    talk = Talk()
    talk.say("response.output_text.done", item_id="a", content_index=0, text="Hel")
    talk.say("conversation.item.done", item=answer("a", "Hello"))
    assert talk.item("a")["text"] == "Hello"


def test_part_events_after_the_item_are_a_revision() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=message("a", "assistant"))
    (out,) = talk.say("response.output_text.done", item_id="a", content_index=0, text="Hello")
    assert (out["revision"], out["text"]) == (2, "Hello")


def test_several_parts_told_by_events_are_in_order() -> None:
    talk = Talk()
    for index, words in ((1, "two"), (0, "one"), (10, "three")):
        talk.say("response.output_text.done", item_id="a", content_index=index, text=words)
    talk.say("conversation.item.done", item=message("a", "assistant"))
    assert talk.item("a")["text"] == "one\ntwo\nthree"


def test_a_part_told_empty_after_its_text_takes_nothing_away() -> None:
    talk = Talk()
    talk.say("response.text.done", item_id="a", content_index=0, text="Hello")
    talk.say("response.content_part.done", item_id="a", content_index=0, part={"type": "text", "text": ""})
    talk.say("conversation.item.done", item=message("a", "assistant"))
    assert talk.item("a")["text"] == "Hello"


@pytest.mark.parametrize("gone", [{"content": None}, {}])
def test_an_output_item_done_without_content_then_response_done_with_it_is_one_record(gone: Json) -> None:
    """As xAI: the transcript is told by its event, left out by the item, and told again at the end."""
    talk = Talk()
    bare = {"id": "a", "type": "message", "role": "assistant", "status": "completed", **gone}
    talk.say("response.created", response=response("r", usage={}))
    talk.say("response.output_item.added", response_id="r", output_index=0, item={**bare, "status": "in_progress"})
    talk.say("response.output_audio_transcript.done", response_id="r", item_id="a", content_index=0, transcript="Hi")
    talk.say("response.content_part.done", response_id="r", item_id="a", content_index=0)
    talk.say("response.output_item.done", response_id="r", output_index=0, item=bare)
    talk.say("response.done", response=response("r", {**bare, "content": [audio("Hi", "audio")]}))
    assert talk.revisions("a") == [(1, "output_item_done")]
    assert talk.item("a")["parts"] == [{"type": "output_audio", "transcript": "Hi"}]


# Predecessors.

OPENINGS = ("conversation.item.added", "conversation.item.created", None)


def predecessor(opening: str | None, *told: Any) -> tuple[str | None, str | None]:
    """What comes out where the opening, the committed buffer and done tell these (`-`: no such event)."""
    talk = Talk()
    for type_, previous in zip((opening, "input_audio_buffer.committed", "conversation.item.done"), told, strict=True):
        if type_ is not None and previous != "-":
            body: Json = {"item_id": "a"} if "committed" in type_ else {"item": spoken("a")}
            talk.say(type_, previous_item_id=previous, **body)
    talk.end()
    return talk.item("a")["previous_item_id"], talk.item("a")["previous_item_source"]


@pytest.mark.parametrize(("added", "committed", "done"), list(product(("A", None, "-"), ("C", None, "-"), ("D", None))))
def test_the_predecessor_in_all_combinations(added: str | None, committed: str | None, done: str | None) -> None:
    expected = (
        ("A", "added") if added == "A"
        else ("C", "committed") if committed == "C"
        else ("D", "done") if done == "D"
        else (None, "added") if added is None
        else (None, "committed") if committed is None
        else (None, None)
    )  # fmt: skip
    opening = "conversation.item.added"
    assert predecessor(opening, added, committed, done) == expected


def test_the_beta_opening_tells_the_predecessor_under_its_name() -> None:
    assert predecessor("conversation.item.created", "A", "C", "D") == ("A", "created")


@pytest.mark.parametrize("order", [("committed", "added"), ("added", "committed")])
def test_the_opening_wins_in_either_order(order: tuple[str, str]) -> None:
    talk = Talk()
    events: dict[str, tuple[str, Json]] = {
        "added": ("conversation.item.added", {"item": spoken("a"), "previous_item_id": "A"}),
        "committed": ("input_audio_buffer.committed", {"item_id": "a", "previous_item_id": "C"}),
    }
    for name in order:
        talk.say(events[name][0], **events[name][1])
    (out,) = talk.say("conversation.item.done", item=spoken("a"), previous_item_id=None)
    assert (out["previous_item_id"], out["previous_item_source"]) == ("A", "added")


def test_an_event_without_the_field_tells_as_much_as_null() -> None:
    talk, other = Talk(), Talk()
    for one, body in ((talk, {}), (other, {"previous_item_id": None})):
        one.say("conversation.item.added", item=user("a"), **body)
        one.say("conversation.item.done", item=user("a"), **body)
    assert talk.outs[0].value == other.outs[0].value


# What is unknown, missing or null.


def test_unknown_fields_are_kept_in_item() -> None:
    item = {**answer("a"), "new": {"deep": [1]}, "status": "of_tomorrow", "role": "narrator"}
    (out,) = Talk().say("conversation.item.done", item=item, unknown="x")
    assert out["item"] == item
    assert (out["status"], out["role"]) == ("of_tomorrow", "narrator")


NULLABLE: dict[str, Json] = {
    "message": message("a", "user", text("Hi")),
    "function_call": call("a", "call_1"),
    "function_call_output": {"id": "a", "type": "function_call_output", "call_id": "call_1", "output": "1"},
    "mcp_call": {"id": "a", "type": "mcp_call", "server_label": "s", "name": "n", "arguments": "{}", "output": "x"},
    "mcp_list_tools": {"id": "a", "type": "mcp_list_tools", "server_label": "s", "tools": []},
    "mcp_approval_request": {"id": "a", "type": "mcp_approval_request", "server_label": "s", "name": "n"},
    "mcp_approval_response": {"id": "a", "type": "mcp_approval_response", "approval_request_id": "x", "approve": True},
    "web_search_call": {"id": "a", "type": "web_search_call", "action": {}},
}
OPTIONAL = (
    "status", "object", "metadata", "phase", "role", "content", "call_id", "name", "arguments", "output", "error",
    "server_label", "tools", "approval_request_id", "approve", "reason", "action",
)  # fmt: skip


@pytest.mark.parametrize("item_type", NULLABLE)
@pytest.mark.parametrize("field", OPTIONAL)
def test_null_equals_absence(item_type: str, field: str) -> None:
    item = NULLABLE[item_type]
    absent = {name: value for name, value in item.items() if name != field}

    def record(told: Json) -> Json:
        (out,) = Talk().say("conversation.item.done", item=told)
        assert out.value.pop("item") == told
        return out.value

    assert record({**absent, field: None}) == record(absent)


EVENTS: list[tuple[str, Json]] = [
    ("session.created", {"session": None}),
    ("session.updated", {"session": {"id": None, "model": None, "tools": None, "audio": None}}),
    ("session.updated", {"session": {"audio": {"input": None}}}),
    ("conversation.created", {"conversation": None}),
    ("conversation.created", {"conversation": {"id": None}}),
    ("conversation.item.added", {"item": {"id": "a", "type": "message", "content": None, "role": None}}),
    ("input_audio_buffer.speech_started", {"item_id": None, "audio_start_ms": None}),
    ("input_audio_buffer.speech_started", {"item_id": "a", "audio_start_ms": None}),
    ("input_audio_buffer.committed", {"item_id": "a", "previous_item_id": None}),
    ("conversation.item.input_audio_transcription.completed", {"item_id": "a", "transcript": None, "usage": None}),
    ("conversation.item.input_audio_transcription.failed", {"item_id": "a", "error": None}),
    ("conversation.item.truncated", {"item_id": "a", "audio_end_ms": None, "content_index": None}),
    ("response.created", {"response": {"id": "r", "conversation_id": None}}),
    ("response.output_item.added", {"response_id": None, "output_index": None, "item": {"id": "a", "type": "message"}}),
    ("response.content_part.done", {"item_id": "a", "part": None, "content_index": None}),
    ("response.output_text.done", {"item_id": "a", "text": None}),
    ("response.function_call_arguments.done", {"item_id": "a", "arguments": None}),
    ("response.done", {"response": {"id": "r", "output": None, "usage": None, "status_details": None}}),
]


@pytest.mark.parametrize(("type_", "body"), EVENTS)
def test_null_in_any_optional_place_is_no_error(type_: str, body: Json) -> None:
    talk = Talk()
    talk.say(type_, **body)
    assert talk.ended == ["used"]


def test_all_of_it_together_is_no_error() -> None:
    talk = Talk()
    for type_, body in EVENTS:
        talk.say(type_, **body)
    talk.end()
    assert set(talk.ended) == {"used"}
    assert talk.again() == []


@pytest.mark.parametrize("content", ["Hello", ["Hello"], [text("Hello"), None, 5, "x"], {"type": "text"}, 5])
def test_content_of_another_shape_is_kept(content: object) -> None:
    (out,) = Talk().say("conversation.item.done", item={**answer("a"), "content": content})
    assert out["item"]["content"] == content


def test_a_flat_item_of_the_responses_api() -> None:
    """As Yandex AI Studio: metadata and many nullable fields."""
    item = {
        "id": "a", "type": "message", "object": None, "status": None, "role": "user", "metadata": {"k": "v"},
        "content": [{"type": "input_text", "text": "Hi", "transcript": None, "audio": None, "image_url": None}],
        "call_id": None, "name": None, "arguments": None, "output": None,
    }  # fmt: skip
    (out,) = Talk().say("conversation.item.done", item=item)
    assert (out["text"], out["metadata"], out["status"]) == ("Hi", {"k": "v"}, None)
    assert out["parts"] == [{"type": "input_text", "text": "Hi"}]
