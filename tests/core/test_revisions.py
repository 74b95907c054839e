"""When an item comes out, and when again."""

import pytest

from tests.core.events import (
    MINUTE,
    Json,
    Talk,
    answer,
    audio,
    call,
    message,
    output,
    respond,
    response,
    spoken,
    text,
    transcribed,
    user,
)

# The first revision.


def test_an_item_comes_out_at_its_item_done() -> None:
    talk = Talk()
    assert talk.say("conversation.item.added", item=user("a")) == []
    talk.say("conversation.item.done", item=user("a"))
    assert talk.revisions("a") == [(1, "item_done")]


def test_an_item_comes_out_at_its_output_item_done() -> None:
    talk = Talk()
    talk.say("response.output_item.added", response_id="r", output_index=0, item=answer("a"))
    talk.say("response.output_item.done", response_id="r", output_index=0, item=answer("a"))
    assert talk.revisions("a") == [(1, "output_item_done")]


def test_the_output_item_done_after_its_item_done_says_nothing_new() -> None:
    talk = Talk()
    respond(talk, "r", answer("a"))
    assert talk.revisions("a") == [(1, "item_done")]


@pytest.mark.parametrize("opening", ["conversation.item.added", "conversation.item.created"])
def test_an_item_that_nothing_finishes_comes_out_at_the_next_response_done(opening: str) -> None:
    talk = Talk()
    talk.say(opening, item=user("a"))
    talk.say(opening, item=user("b"), previous_item_id="a")
    outs = talk.say("response.done", response=response("r"))
    assert [(out.topic, out.value.get("item_id"), out.value.get("cause")) for out in outs] == [
        ("items.messages", "a", "response_done"),
        ("items.messages", "b", "response_done"),
        ("responses", None, None),
    ]


def test_an_item_told_by_response_done_alone_comes_out() -> None:
    talk = Talk()
    talk.say("response.done", response=response("r", answer("a")))
    assert talk.revisions("a") == [(1, "response_done")]


def test_an_item_in_progress_waits_for_more_than_a_response_done() -> None:
    talk = Talk()
    talk.say("conversation.item.added", item=message("a", "user", status="in_progress"))
    talk.say("response.done", response=response("r"))
    assert talk.revisions("a") == []
    talk.end()
    assert talk.revisions("a") == [(1, "session_idle")]


def test_an_item_of_a_running_response_waits_for_it() -> None:
    talk = Talk()
    talk.say("response.created", response=response("r2"))
    talk.say(
        "response.output_item.added", response_id="r2", output_index=0, item=message("a", "assistant", status=None)
    )
    talk.say("response.done", response=response("r1"))
    assert talk.revisions("a") == []
    talk.say("response.done", response=response("r2"))
    assert talk.revisions("a") == [(1, "response_done")]


def test_a_committed_buffer_is_not_in_progress() -> None:
    talk = Talk()
    talk.say("conversation.item.added", item=message("a", "user", audio(""), status="in_progress"))
    talk.say("input_audio_buffer.committed", item_id="a", previous_item_id=None)
    talk.say("response.done", response=response("r"))
    assert talk.revisions("a") == [(1, "response_done")]


def test_an_item_comes_out_when_the_session_goes_idle() -> None:
    talk = Talk()
    talk.say("conversation.item.created", item=user("a"), event_id="event_open")
    (out,) = talk.wait(17 * MINUTE)
    assert (out["cause"], out["revision"]) == ("session_idle", 1)
    assert out["source"]["event_id"] == "event_open"


def test_an_item_in_progress_comes_out_when_another_session_makes_time_pass() -> None:
    talk = Talk("one")
    talk.say("conversation.item.added", item=message("a", "user", status="in_progress"))
    other = Talk("two", talk.partition)
    (out,) = other.say("session.created", session={"id": "two"}, after_ms=17 * MINUTE)
    assert (out["session_id"], out["item_id"], out["cause"]) == ("one", "a", "session_idle")


def test_what_only_events_tell_about_does_not_come_out() -> None:
    talk = Talk()
    talk.say("input_audio_buffer.speech_started", item_id="a", audio_start_ms=1)
    transcribed(talk, "b", "Hi")
    talk.say("conversation.item.deleted", item_id="c")
    assert talk.end() == []


# Further revisions.


def test_truncation_is_a_revision() -> None:
    talk = Talk()
    respond(talk, "r", answer("a"))
    talk.say("conversation.item.truncated", item_id="a", audio_end_ms=40)
    assert talk.revisions("a")[1:] == [(2, "truncated")]


def test_truncation_before_the_item_is_done_is_in_revision_1() -> None:
    talk = Talk()
    talk.say("conversation.item.added", item=answer("a"))
    talk.say("conversation.item.truncated", item_id="a", audio_end_ms=40)
    (out,) = talk.say("conversation.item.done", item=answer("a"))
    assert (out["revision"], out["heard_ms"], out["interrupted"]) == (1, 40, True)


def test_a_second_truncation_is_a_further_revision() -> None:
    talk = Talk()
    respond(talk, "r", answer("a"))
    talk.say("conversation.item.truncated", item_id="a", audio_end_ms=40)
    talk.say("conversation.item.truncated", item_id="a", audio_end_ms=20)
    assert (talk.item("a")["revision"], talk.item("a")["heard_ms"]) == (3, 20)


def test_deletion_is_a_revision() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=user("a"))
    (out,) = talk.say("conversation.item.deleted", item_id="a")
    assert (out["revision"], out["cause"], out["deleted"], out["text"]) == (2, "deleted", True, "Good day")


def test_deletion_before_done_is_in_revision_1() -> None:
    talk = Talk()
    talk.say("conversation.item.added", item=user("a"))
    assert talk.say("conversation.item.deleted", item_id="a") == []
    talk.say("conversation.item.done", item=user("a"))
    assert (talk.revisions("a"), talk.item("a")["deleted"]) == ([(1, "item_done")], True)


def test_what_was_deleted_in_progress_comes_out_at_the_next_response_done() -> None:
    talk = Talk()
    talk.say("conversation.item.added", item=message("a", "user", status="in_progress"))
    talk.say("conversation.item.deleted", item_id="a")
    talk.say("response.done", response=response("r"))
    assert (talk.revisions("a"), talk.item("a")["deleted"]) == ([(1, "response_done")], True)


def test_an_item_retrieved_with_news_is_a_revision() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=spoken("a"))
    talk.say("conversation.item.retrieved", item=message("a", "user", audio("Now it is there")))
    assert talk.revisions("a") == [(1, "item_done"), (2, "item_retrieved")]
    assert talk.item("a")["text"] == "Now it is there"


def test_an_item_retrieved_unchanged_is_none() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=user("a"))
    assert talk.say("conversation.item.retrieved", item=user("a")) == []


def test_an_item_first_seen_when_retrieved_comes_out() -> None:
    talk = Talk()
    talk.say("conversation.item.retrieved", item=user("a"))
    assert talk.revisions("a") == [(1, "item_retrieved")]


def test_text_that_came_only_in_response_done_is_a_revision() -> None:
    talk = Talk()
    talk.say("response.output_item.done", response_id="r", output_index=0, item=message("a", "assistant"))
    talk.say("response.done", response=response("r", answer("a")))
    assert talk.revisions("a") == [(1, "output_item_done"), (2, "response_done")]
    assert talk.item("a")["text"] == "How are you?"


def test_a_finish_that_says_less_takes_nothing_away() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=answer("a"), previous_item_id="x")
    for less in ({"content": None}, {"content": []}, {"status": None, "role": None}):
        talk.say("response.output_item.done", response_id=None, item={**answer("a"), **less})
    empty = message("a", "assistant", text("", "output_text"))
    talk.say("response.output_item.done", response_id=None, item=empty)
    assert talk.revisions("a") == [(1, "item_done")]


def test_what_the_session_tells_makes_no_revision() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=spoken("a"))
    respond(talk, "r", call("c", "call_1"))
    before = len(talk.outs)
    talk.say("session.updated", session={"id": "x", "model": "m", "tools": [{"name": "weather"}]})
    talk.say("conversation.created", conversation={"id": "conv"})
    talk.say("conversation.item.done", item=spoken("a"))
    talk.say("conversation.item.done", item=call("c", "call_1"))
    assert len(talk.outs) == before


def test_what_the_session_told_is_in_the_next_revision() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=spoken("a"))
    talk.say("session.updated", session={"id": "prov"})
    talk.say("conversation.created", conversation={"id": "conv"})
    (out,) = talk.say("conversation.item.deleted", item_id="a")
    assert (out["provider_session_id"], out["conversation_id"]) == ("prov", "conv")
    assert out["transcript"]["state"] == "disabled"


def test_a_predecessor_that_comes_late_is_a_revision() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=user("b"), previous_item_id=None)
    (out,) = talk.say("conversation.item.added", item=user("b"), previous_item_id="a")
    assert (out["revision"], out["previous_item_id"], out["previous_item_source"]) == (2, "a", "added")


def test_a_response_that_comes_late_is_a_revision() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=answer("a"))
    (out,) = talk.say("response.output_item.done", response_id="r", output_index=2, item=answer("a"))
    assert (out["cause"], out["response_id"], out["output_index"]) == ("output_item_done", "r", 2)


# Repeats.


def whole_talk(event_id: bool = True) -> Talk:
    """A session with a bit of everything."""
    talk = Talk()
    ids: Json = {} if event_id else {"event_id": None}
    talk.say("session.created", session={"id": "sess_1", "model": "m", "tools": [{"name": "weather"}]}, **ids)
    talk.say("session.updated", session={"input_audio_transcription": {"model": "w"}}, **ids)
    talk.say("input_audio_buffer.speech_started", item_id="u", audio_start_ms=1, **ids)
    talk.say("input_audio_buffer.speech_stopped", item_id="u", audio_end_ms=9, **ids)
    talk.say("input_audio_buffer.committed", item_id="u", previous_item_id=None, **ids)
    talk.say("conversation.item.added", item=spoken("u"), previous_item_id=None, **ids)
    talk.say("conversation.item.done", item=spoken("u"), previous_item_id=None, **ids)
    talk.say("conversation.item.done", item=output("o", "call_1"), previous_item_id="u", **ids)
    talk.say("response.created", response=response("r"), **ids)
    for index, item in enumerate((answer("a"), call("c", "call_1"))):
        talk.say("response.output_item.added", response_id="r", output_index=index, item=item, **ids)
        talk.say("response.output_text.delta", response_id="r", item_id="a", delta="x", **ids)
        talk.say("response.output_item.done", response_id="r", output_index=index, item=item, **ids)
    talk.say("conversation.item.created", item=user("v"), previous_item_id="c", **ids)
    body: Json = {"item_id": "u", "transcript": "First", **ids}
    talk.say("conversation.item.input_audio_transcription.completed", **body)
    talk.say("conversation.item.input_audio_transcription.completed", **{**body, "transcript": "Second"})
    talk.say("response.done", response=response("r", answer("a"), call("c", "call_1")), **ids)
    talk.say("conversation.item.truncated", item_id="a", audio_end_ms=3, **ids)
    talk.say("conversation.item.deleted", item_id="v", **ids)
    return talk


@pytest.mark.parametrize("event_id", [True, False])
def test_a_session_delivered_twice_changes_nothing(event_id: bool) -> None:
    talk = whole_talk(event_id)
    assert talk.again() == []


@pytest.mark.parametrize("event_id", [True, False])
@pytest.mark.parametrize("length", [1, 2, 5, 9])
def test_blocks_delivered_twice_change_nothing(event_id: bool, length: int) -> None:
    plain = whole_talk(event_id)
    talk = Talk()
    for index, record in enumerate(plain.said):
        talk.take(record)
        if index % length == length - 1:
            talk.again(*plain.said[index + 1 - length : index + 1])
    assert [out.value["id"] for out in talk.outs] == [out.value["id"] for out in plain.outs]
    for name in (out.value.get("item_id") for out in plain.outs):
        if name is not None:
            assert talk.item(name).value == plain.item(name).value


def test_the_same_event_id_is_the_same_event() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=spoken("a"))
    transcribed(talk, "a", "One", event_id="event_x")
    transcribed(talk, "a", "Two", event_id="event_y")
    assert transcribed(talk, "a", "One", event_id="event_x") == []
    assert talk.item("a")["text"] == "Two"


def test_the_same_event_id_about_another_item_is_another_event() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=user("a"), event_id="event_x")
    talk.say("conversation.item.done", item=user("b"), event_id="event_x")
    assert len(talk.outs) == 2


def test_ce_id_stands_in_for_the_event_id() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=spoken("a"))
    for words, ce_id in (("One", "ce_1"), ("Two", "ce_2"), ("One", "ce_1")):
        transcribed(talk, "a", words, event_id=None, headers={"ce_id": ce_id})
    assert talk.item("a")["text"] == "Two"


def test_a_second_response_done_does_nothing() -> None:
    talk = Talk()
    talk.say("response.done", response=response("r", status="completed"))
    talk.say("conversation.item.created", item=user("a"))
    assert talk.say("response.done", response=response("r", answer("b"), status="failed")) == []
    talk.say("response.done", response=response("r2"))
    assert talk.revisions("a") == [(1, "response_done")]
    assert talk.revisions("b") == []


def test_a_revision_more_is_no_gap_after_idleness() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=user("a"))
    talk.wait(20 * MINUTE)
    assert talk.again() == []
    (out,) = talk.say("conversation.item.done", item=user("b"))
    assert out["session_sequence"] == 2
