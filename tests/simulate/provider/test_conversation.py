"""The stand-in's sessions: what a client does, what the server says, and what must come of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.simulate import DIALECTS
from tests.simulate.provider.support import TOOL, Client, explain


def whole(client: Client) -> None:
    """Everything came out of the core as the server says it must."""
    client.listen()
    report = client.report()
    assert report.ok, explain(report)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_written_turn(dialect: str) -> None:
    client = Client(dialect)
    assert client.types()[0] == "session.created"
    client.configure()
    client.write()
    client.send("response.create")
    client.listen()
    done = client.last("response.done")
    assert done["response"]["status"] == "completed"
    content = done["response"]["output"][0]["content"][0]
    assert (content.get("text") or content["transcript"]) == "Good morning! What can I do for you?"
    whole(client)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_round_of_a_tool(dialect: str) -> None:
    client = Client(dialect)
    client.configure(tools=True)
    client.write("Where is my parcel?")
    client.send("response.create")
    client.listen()
    call = client.last("response.done")["response"]["output"][0]
    assert (call["type"], call["name"]) == ("function_call", TOOL["name"])
    assert client.last("response.function_call_arguments.done")["arguments"] == call["arguments"]
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"state": "delivered"}'}
    client.send("conversation.item.create", item=output)
    client.send("response.create")
    client.listen()
    answer = client.last("response.done")["response"]["output"][0]["content"][0]
    assert (answer.get("text") or answer["transcript"]) == 'I looked it up: {"state": "delivered"}'
    whole(client)


@pytest.mark.parametrize("transcribe", [True, False])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_spoken_turn_the_server_hears_the_end_of(dialect: str, transcribe: bool) -> None:
    client = Client(dialect)
    client.configure(text=False, transcribe=transcribe)
    client.speak(200, loud=False)
    client.speak(600)
    client.listen(600)
    assert client.types()[-1] == "input_audio_buffer.speech_started"
    assert client.heard[-1]["audio_start_ms"] == 200
    client.speak(300, loud=False)
    client.listen()
    assert client.last("input_audio_buffer.speech_stopped")["audio_end_ms"] == 1000
    assert client.last("response.done")["response"]["status"] == "completed"
    heard = [e for e in client.heard if e["type"].endswith("transcription.completed")]
    assert bool(heard) is transcribe
    whole(client)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_spoken_turn_the_client_ends(dialect: str) -> None:
    client = Client(dialect)
    client.configure(text=False, turns=False)
    client.speak(60)
    client.send("input_audio_buffer.commit")
    client.listen()
    assert client.last("error")["error"]["code"] == "input_audio_buffer_commit_empty"
    client.speak(60)
    client.send("input_audio_buffer.commit")
    client.listen()
    assert "response.created" not in client.types()
    assert "input_audio_buffer.speech_started" not in client.types()
    client.send("response.create")
    client.listen()
    assert client.types().count("input_audio_buffer.committed") == 1
    whole(client)


@pytest.mark.parametrize("after_ms", [0, 400, 900, 1100])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_response_that_is_cancelled_goes_on_from_where_it_was(dialect: str, after_ms: int) -> None:
    client, other = Client(dialect), Client(dialect)
    for one in (client, other):
        one.configure(text=False)
        one.write("Can you move my appointment to Thursday?")
        one.send("response.create")
        one.listen(after_ms)
    said = len(client.heard)
    client.send("response.cancel")
    client.listen()
    other.listen()
    assert client.heard[:said] == other.heard[:said]
    done = client.last("response.done")["response"]
    assert done["status"] == "cancelled"
    opened = [e["item"]["id"] for e in client.heard if e["type"] == "response.output_item.added"]
    assert [item["id"] for item in done["output"]] == opened
    client.send("response.create")
    client.listen()
    assert client.last("response.done")["response"]["status"] == "completed"
    assert len({event["event_id"] for event in client.heard}) == len(client.heard)
    whole(client)


def test_speaking_into_an_answer_breaks_it_off() -> None:
    client = Client()
    client.configure(text=False)
    client.write("Can you move my appointment to Thursday?")
    client.send("response.create")
    client.listen(1500)
    assert "response.output_audio.delta" in client.types()
    client.speak(400)
    client.listen(200)
    item = client.last("conversation.item.done")["item"]
    assert item["status"] == "incomplete"
    client.send("conversation.item.truncate", item_id=item["id"], content_index=0, audio_end_ms=150)
    client.speak(300, loud=False)
    client.listen()
    done = [e["response"] for e in client.heard if e["type"] == "response.done"]
    assert [one["status"] for one in done] == ["cancelled", "completed"]
    assert done[0]["status_details"]["reason"] == "turn_detected"
    whole(client)


def test_an_item_that_comes_into_a_response_waits_for_its_end() -> None:
    client = Client()
    client.configure()
    client.write()
    client.send("response.create")
    client.listen(950)
    client.write("One thing more.")
    client.listen()
    types = client.types()
    assert types.index("response.done") < len(types) - 1 - types[::-1].index("conversation.item.added")
    answer = client.last("response.done")["response"]["output"][0]["id"]
    assert client.last("conversation.item.added")["previous_item_id"] == answer
    whole(client)


def test_an_aside_is_no_part_of_the_conversation() -> None:
    client = Client()
    client.configure(text=False)
    asked = {"conversation": "none", "metadata": {"topic": "mood"}, "output_modalities": ["text"]}
    client.send("response.create", response=asked)
    client.listen()
    assert client.last("response.done")["response"]["metadata"] == {"topic": "mood"}
    assert "conversation.item.added" not in client.types()
    whole(client)


def test_history_in_its_place_and_edits() -> None:
    client = Client()
    client.configure()
    content = [{"type": "input_text", "text": "Later."}]
    client.send(
        "conversation.item.create", item={"id": "second", "type": "message", "role": "user", "content": content}
    )
    system = {
        "id": "first",
        "type": "message",
        "role": "system",
        "content": [{"type": "input_text", "text": "Be kind."}],
    }
    client.send("conversation.item.create", item=system, previous_item_id="root")
    client.listen()
    assert client.heard[-2]["previous_item_id"] is None
    client.send("conversation.item.retrieve", item_id="first")
    client.send("conversation.item.delete", item_id="second")
    client.send("conversation.item.delete", item_id="second")
    client.listen()
    assert client.last("conversation.item.retrieved")["item"]["content"][0]["text"] == "Be kind."
    assert client.last("conversation.item.deleted")["item_id"] == "second"
    assert client.last("error")["error"]["code"] == "item_delete_invalid_item_id"
    whole(client)


ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hi."}]}


@pytest.mark.parametrize(
    ("event", "code", "param"),
    [
        ("{", "invalid_json", None),
        ("[]", "invalid_event", None),
        ({"event_id": "e1"}, "invalid_event", "type"),
        ({"type": "response.dance"}, "invalid_value", "type"),
        ({"type": "session.update"}, "missing_required_parameter", "session"),
        ({"type": "session.update", "session": {}}, "missing_required_parameter", "session.type"),
        ({"type": "session.update", "session": {"type": "realtime", "voice": "x"}},
         "unknown_parameter", "session.voice"),
        ({"type": "session.update", "session": {"type": "realtime", "tools": 7}}, "invalid_type", "session.tools"),
        ({"type": "conversation.item.create", "item": 1}, "invalid_type", "item"),
        ({"type": "conversation.item.create", "item": {}}, "missing_required_parameter", "item.type"),
        ({"type": "conversation.item.create", "item": {"type": "song"}}, "invalid_value", "item.type"),
        ({"type": "conversation.item.create", "item": ITEM | {"role": "cat"}}, "invalid_value", "item.role"),
        ({"type": "conversation.item.create", "item": ITEM | {"content": [{"type": "text", "text": ""}]}},
         "invalid_value", "item.content[0].type"),
        ({"type": "conversation.item.create", "item": ITEM | {"content": [{"type": "input_text"}]}},
         "missing_required_parameter", "item.content[0].text"),
        ({"type": "conversation.item.create", "item": ITEM, "previous_item_id": "nobody"},
         "item_create_invalid_item_id", "previous_item_id"),
        ({"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": "c", "output": ""}},
         "invalid_tool_call_id", "item.call_id"),
        ({"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 1},
         "item_truncate_invalid_item_id", "item_id"),
        ({"type": "input_audio_buffer.append", "audio": "no base64!"}, "invalid_value", "audio"),
        ({"type": "response.cancel"}, "response_cancel_not_active", None),
    ],
)  # fmt: skip
def test_what_a_client_does_wrong_is_told_and_the_session_goes_on(event: Any, code: str, param: str | None) -> None:
    client = Client()
    client.raw(event if isinstance(event, str) else orjson.dumps({"event_id": "mine"} | event))
    client.listen()
    error = client.heard[-1]
    assert error["type"] == "error"
    assert (error["error"]["code"], error["error"]["param"]) == (code, param)
    if isinstance(event, dict):
        assert error["error"]["event_id"] == event.get("event_id", "mine")
    client.configure()
    client.write()
    client.send("response.create")
    client.send("response.create")
    client.listen()
    assert client.last("error")["error"]["code"] == "conversation_already_has_active_response"
    assert client.last("response.done")["response"]["status"] == "completed"
    whole(client)


STEPS = st.lists(
    st.sampled_from(
        ["write", "respond", "cancel", "loud", "quiet", "commit", "clear", "truncate", "delete", "retrieve", "tools",
         "audio", "manual", "output", "moment", "while", "end"]
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(dialect=st.sampled_from(list(DIALECTS)), steps=STEPS)
def test_whatever_a_client_does_the_core_and_the_ledger_agree(dialect: str, steps: list[str]) -> None:
    client = Client(dialect)
    for step in steps:
        act(client, step)
    whole(client)
    assert len({event["event_id"] for event in client.heard}) == len(client.heard)


def test_the_same_seed_and_client_give_the_same_conversation() -> None:
    def conversation(seed: str) -> list[dict[str, Any]]:
        client = Client(seed=seed)
        for step in ("tools", "write", "respond", "end", "output", "respond", "end", "loud", "quiet", "end"):
            act(client, step)
        return client.heard

    assert conversation("7") == conversation("7")
    assert conversation("7")[0]["session"]["id"] != conversation("8")[0]["session"]["id"]


def act(client: Client, step: str) -> None:
    items = [event["item"]["id"] for event in client.heard if event["type"].startswith("conversation.item.")
             and "item" in event]  # fmt: skip
    calls = [e["call_id"] for e in client.heard if e["type"] == "response.function_call_arguments.done"]
    match step:
        case "write":
            client.write()
        case "respond":
            client.send("response.create")
        case "cancel":
            client.send("response.cancel")
        case "loud" | "quiet":
            client.speak(300, loud=step == "loud")
        case "commit" | "clear":
            client.send(f"input_audio_buffer.{step}")
        case "truncate" if items:
            client.send("conversation.item.truncate", item_id=items[-1], content_index=0, audio_end_ms=200)
        case "delete" | "retrieve" if items:
            client.send(f"conversation.item.{step}", item_id=items[0])
        case "tools":
            client.configure(tools=True)
        case "audio":
            client.configure(text=False)
        case "manual":
            client.configure(turns=False)
        case "output" if calls:
            item = {"type": "function_call_output", "call_id": calls[-1], "output": "done"}
            client.send("conversation.item.create", item=item)
        case "moment":
            client.listen(200)
        case "while":
            client.listen(1500)
        case "end":
            client.listen()
        case _:
            pass
