"""Fields that every item record has, and the headers of every output."""

import pytest

from tests.core.events import Talk, answer, call, message, output, respond, response, text, user
from topics.catalogue import CATALOGUE

TYPES = {
    "message": ("items.messages", "itemstream.message.v1"),
    "function_call": ("items.function-calls", "itemstream.function_call.v1"),
    "function_call_output": ("items.function-call-outputs", "itemstream.function_call_output.v1"),
    "mcp_call": ("items.mcp-calls", "itemstream.mcp_call.v1"),
    "mcp_list_tools": ("items.mcp-tool-lists", "itemstream.mcp_tool_list.v1"),
    "mcp_approval_request": ("items.mcp-approval-requests", "itemstream.mcp_approval_request.v1"),
    "mcp_approval_response": ("items.mcp-approval-responses", "itemstream.mcp_approval_response.v1"),
    "web_search_call": ("items.other", "itemstream.other_item.v1"),
    "reasoning": ("items.other", "itemstream.other_item.v1"),
    "of_tomorrow": ("items.other", "itemstream.other_item.v1"),
}


@pytest.mark.parametrize("item_type", TYPES)
def test_every_item_type_has_its_topic(item_type: str) -> None:
    (out,) = Talk().say("conversation.item.done", item={"id": "a", "type": item_type})
    assert (out.topic, out.headers["ce_type"]) == TYPES[item_type]
    assert out["item_type"] == item_type


@pytest.mark.parametrize("item_type", TYPES)
def test_every_field_is_always_there(item_type: str) -> None:
    (out,) = Talk().say("conversation.item.done", item={"id": "a", "type": item_type})
    spec = next(spec for spec in CATALOGUE if spec.name == out.topic)
    assert spec.model is not None
    assert set(out.value) == set(spec.model.model_fields)
    spec.model.model_validate_json(out.raw.value or b"")


def test_headers_are_cloudevents_in_binary_mode() -> None:
    headers = {"ce_time": "2026-05-01T10:00:00Z", "ce_provider": "open/ai"}
    (out,) = Talk("sess 1").say("conversation.item.done", item=user("a"), headers=headers)
    assert out.headers == {
        "ce_specversion": "1.0", "ce_id": out["id"], "ce_source": "/realtime/open%2Fai/sess%201",
        "ce_type": "itemstream.message.v1", "ce_time": "2026-05-01T10:00:00Z", "content-type": "application/json",
    }  # fmt: skip


def test_ids_depend_on_session_item_and_revision_alone() -> None:
    def ids(session: str, *items: str) -> list[str]:
        talk = Talk(session)
        for item in items:
            talk.say("conversation.item.done", item=user(item))
            talk.say("conversation.item.deleted", item_id=item)
        return [out["id"] for out in talk.outs]

    assert ids("s1", "a", "b") == ids("s1", "b", "a")[2:] + ids("s1", "b", "a")[:2]
    assert len({*ids("s1", "a", "b"), *ids("s2", "a", "b")}) == 8


def test_ids_of_responses_and_items_differ() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=user("x"))
    talk.say("response.done", response=response("x"))
    assert talk.outs[0]["id"] != talk.outs[1]["id"]


def test_session_sequence_runs_over_all_topics() -> None:
    talk = Talk()
    respond(talk, "r", answer("a"), call("c", "call_1"))
    talk.say("conversation.item.done", item=output("o", "call_1"))
    talk.say("conversation.item.deleted", item_id="a")
    assert [out["session_sequence"] for out in talk.outs] == list(range(1, len(talk.outs) + 1))
    assert len({out.topic for out in talk.outs}) == 4


def test_conversation_id_of_conversation_created() -> None:
    talk = Talk()
    (before,) = talk.say("conversation.item.done", item=user("a"))
    talk.say("conversation.created", conversation={"id": "conv_1"})
    (after,) = talk.say("conversation.item.done", item=user("b"))
    assert (before["conversation_id"], after["conversation_id"]) == (None, "conv_1")


@pytest.mark.parametrize("type_", ["response.created", "response.done"])
def test_conversation_id_of_a_response(type_: str) -> None:
    talk = Talk()
    talk.say(type_, response=response("r", conversation_id="conv_2"))
    (out,) = talk.say("conversation.item.done", item=user("a"))
    assert out["conversation_id"] == "conv_2"


@pytest.mark.parametrize("status", ["completed", "incomplete", "in_progress", "of_tomorrow", None])
def test_status_is_verbatim_and_never_made_up(status: str | None) -> None:
    (out,) = Talk().say("conversation.item.done", item=message("a", "user", text("Hi"), status=status))
    assert out["status"] == status


def test_response_id_index_and_model_are_of_the_response_that_made_the_item() -> None:
    talk = Talk()
    talk.say("session.created", session={"id": "sess_1", "model": "gpt-realtime"})
    respond(talk, "r", answer("a"), call("c", "call_1"))
    (mine,) = talk.say("conversation.item.done", item=user("u"))
    made = [talk.item("a"), talk.item("c")]
    assert [(out["response_id"], out["output_index"], out["model"]) for out in made] == [
        ("r", 0, "gpt-realtime"),
        ("r", 1, "gpt-realtime"),
    ]
    assert (mine["response_id"], mine["output_index"], mine["model"]) == (None, None, None)


def test_response_id_and_index_of_response_done_alone() -> None:
    talk = Talk()
    talk.say("response.done", response=response("r", answer("a"), answer("b")))
    assert [(out["response_id"], out["output_index"]) for out in talk.outs[:2]] == [("r", 0), ("r", 1)]


def test_opened_and_done_are_the_collectors_times() -> None:
    talk = Talk()
    opened, done = "2026-05-01T10:00:00Z", "2026-05-01T10:00:02Z"
    talk.say("conversation.item.added", item=user("a"), headers={"ce_time": opened})
    (out,) = talk.say("conversation.item.done", item=user("a"), headers={"ce_time": done})
    assert (out["opened_at"], out["done_at"]) == (opened, done)


def test_opened_is_null_where_no_event_opened_the_item() -> None:
    (out,) = Talk().say("conversation.item.done", item=user("a"))
    assert out["opened_at"] is None


def test_metadata_is_the_items_own() -> None:
    (out,) = Talk().say("conversation.item.done", item={**user("a"), "metadata": {"k": "v"}})
    assert out["metadata"] == {"k": "v"}


def test_source_is_the_event_that_caused_the_revision() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=user("a"))
    (out,) = talk.say("conversation.item.deleted", item_id="a", event_id="event_del")
    assert (out["source"]["event_id"], out["source"]["event_type"]) == ("event_del", "conversation.item.deleted")
    assert out["source"]["offset"] == 2


def test_item_is_verbatim() -> None:
    item = {
        "id": "a", "type": "message", "status": None, "role": "user", "extra": [1, 2.5, {"deep": None}],
        "content": [{"type": "input_text", "text": "Æ \u2028 😀", "new_field": True}],
    }  # fmt: skip
    (out,) = Talk().say("conversation.item.done", item=item)
    assert out["item"] == item


def test_item_is_less_audio() -> None:
    content = [{"type": "input_audio", "audio": "AAAA", "transcript": "Hi", "format": "pcm16"}]
    (out,) = Talk().say(
        "conversation.item.done", item={"id": "a", "type": "message", "role": "user", "content": content}
    )
    assert out["item"]["content"] == [{"type": "input_audio", "transcript": "Hi", "format": "pcm16"}]
    assert out["parts"] == [{"type": "input_audio", "transcript": "Hi", "format": "pcm16"}]


def test_an_item_of_another_type_is_whole() -> None:
    item = {
        "id": "ws",
        "type": "web_search_call",
        "status": "completed",
        "action": {"query": "x"},
        "metadata": {"a": 1},
    }
    (out,) = Talk().say("conversation.item.done", item=item)
    assert (out.topic, out["item"], out["metadata"]) == ("items.other", item, {"a": 1})


def test_an_item_without_an_id_comes_out_once() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item={**user("a"), "id": None})
    talk.say("conversation.item.done", item={**user("a"), "id": None})
    assert [(out["item_id"], out["revision"]) for out in talk.outs] == [(None, 1), (None, 1)]
    assert len({out["id"] for out in talk.outs}) == 2
    assert talk.again() == []


def test_an_item_without_an_id_and_session_comes_out_once() -> None:
    talk = Talk(None)
    talk.say("conversation.item.done", item={**user("a"), "id": None})
    assert len(talk.outs) == 1
    assert talk.again() == []
