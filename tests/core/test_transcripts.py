"""Transcripts of what the user said: early, late, several, partial, failed, empty."""

import pytest

from tests.core.events import Json, Talk, audio, message, response, spoken, text, transcribed

FAILED = "conversation.item.input_audio_transcription.failed"
ERROR = {"type": "transcription_error", "code": "audio_unintelligible", "message": "The audio was noise."}


def state(talk: Talk) -> tuple[str, str | None]:
    transcript = talk.item("a")["transcript"]
    return transcript["state"], transcript["text"]


def said(talk: Talk | None = None) -> Talk:
    talk = talk or Talk()
    talk.say("conversation.item.done", item=spoken("a"))
    return talk


def test_a_transcript_after_its_item_is_a_revision() -> None:
    talk = said()
    assert (state(talk), talk.item("a")["text"]) == (("pending", None), None)
    transcribed(talk, "a", "Good day")
    assert talk.revisions("a") == [(1, "item_done"), (2, "transcription")]
    assert (state(talk), talk.item("a")["text"]) == (("final", "Good day"), "Good day")
    assert talk.item("a")["parts"] == [{"type": "input_audio", "transcript": "Good day"}]


def test_a_transcript_before_its_item_is_in_revision_1() -> None:
    talk = Talk()
    assert transcribed(talk, "a", "Good day") == []
    said(talk)
    assert (talk.revisions("a"), state(talk)) == ([(1, "item_done")], ("final", "Good day"))


def test_the_last_of_several_wins() -> None:
    talk = said()
    transcribed(talk, "a", "Good")
    transcribed(talk, "a", "Good day")
    assert (talk.item("a")["revision"], state(talk)) == (3, ("final", "Good day"))


def test_the_last_of_several_wins_before_the_item_too() -> None:
    talk = Talk()
    transcribed(talk, "a", "Good")
    transcribed(talk, "a", "Good day")
    said(talk)
    assert (talk.item("a")["revision"], state(talk)) == (1, ("final", "Good day"))


def test_the_same_transcript_in_another_event_makes_no_revision() -> None:
    talk = said()
    transcribed(talk, "a", "Good day")
    assert transcribed(talk, "a", "Good day") == []


def test_a_partial_one_makes_no_revision() -> None:
    talk = said()
    assert transcribed(talk, "a", "Goo", status="in_progress") == []
    assert talk.ended[-1] == "used"
    (out,) = transcribed(talk, "a", "Good day", status="completed")
    assert (out["revision"], state(talk)) == (2, ("final", "Good day"))


def test_a_partial_one_is_no_transcript() -> None:
    talk = Talk()
    transcribed(talk, "a", "Goo", status="in_progress")
    assert state(said(talk)) == ("pending", None)


@pytest.mark.parametrize("status", [None, "completed", "of_tomorrow"])
def test_any_other_status_is_final(status: str | None) -> None:
    talk = said()
    transcribed(talk, "a", "Good day", status=status)
    assert state(talk) == ("final", "Good day")


@pytest.mark.parametrize("words", ["", None])
def test_an_empty_transcript_is_final(words: str | None) -> None:
    talk = said()
    transcribed(talk, "a", words)
    assert (talk.item("a")["revision"], state(talk), talk.item("a")["text"]) == (2, ("final", ""), "")


def test_a_failed_transcript_says_why() -> None:
    talk = said()
    (out,) = talk.say(FAILED, item_id="a", content_index=0, error=ERROR)
    assert (out["cause"], state(talk), out["text"]) == ("transcription", ("failed", None), None)
    assert out["transcript"]["error"] == ERROR


@pytest.mark.parametrize(
    ("error", "message"), [("noise", "noise"), ({"message": "noise"}, "noise"), ({"message": 5}, None)]
)
def test_an_error_of_any_shape_is_readable(error: object, message: str | None) -> None:
    talk = said()
    (out,) = talk.say(FAILED, item_id="a", error=error)
    assert out["transcript"]["error"] == {"type": None, "code": None, "message": message}


@pytest.mark.parametrize("error", [None, {}, ""])
def test_a_failure_without_an_error_is_a_failure(error: object) -> None:
    talk = said()
    (out,) = talk.say(FAILED, item_id="a", error=error)
    assert (out["transcript"]["state"], out["transcript"]["error"]) == ("failed", None)


def test_a_failure_before_the_item_is_in_revision_1() -> None:
    talk = Talk()
    talk.say(FAILED, item_id="a", error=ERROR)
    said(talk)
    assert (talk.revisions("a"), state(talk)) == ([(1, "item_done")], ("failed", None))


def test_a_success_after_a_failure_wins_and_the_other_way_round() -> None:
    talk = said()
    talk.say(FAILED, item_id="a", error=ERROR)
    transcribed(talk, "a", "Good day")
    assert state(talk) == ("final", "Good day")
    assert talk.item("a")["transcript"]["error"] is None
    talk.say(FAILED, item_id="a", error=ERROR)
    assert state(talk)[0] == "failed"


@pytest.mark.parametrize(
    ("session", "expected"),
    [
        ({"audio": {"input": {"transcription": None}}}, "disabled"),
        ({"audio": {"input": {"transcription": {"model": "w"}}}}, "pending"),
        ({"audio": {"input": {}}}, "disabled"),
        ({"input_audio_transcription": None}, "disabled"),
        ({"input_audio_transcription": {"model": "w"}}, "pending"),
        ({"input_audio_transcription": {}}, "pending"),
        ({"model": "m"}, "disabled"),
        ({}, "disabled"),
    ],
)
def test_a_session_without_transcription_has_it_disabled(session: Json, expected: str) -> None:
    talk = Talk()
    talk.say("session.created", session=session)
    assert state(said(talk)) == (expected, None)


def test_a_session_that_was_not_told_of_is_pending() -> None:
    assert state(said()) == ("pending", None)


def test_transcription_switched_on_and_off() -> None:
    talk = Talk()
    talk.say("session.created", session={"input_audio_transcription": None})
    talk.say("session.updated", session={"input_audio_transcription": {"model": "w"}})
    assert state(said(talk))[0] == "pending"
    talk.say("session.updated", session={"input_audio_transcription": None})
    talk.say("conversation.item.done", item=spoken("b"))
    assert talk.item("b")["transcript"]["state"] == "disabled"


def test_a_transcript_comes_in_spite_of_being_disabled() -> None:
    talk = Talk()
    talk.say("session.created", session={})
    said(talk)
    transcribed(talk, "a", "Good day")
    assert state(talk) == ("final", "Good day")


def test_the_item_may_bring_its_transcript() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=message("a", "user", audio("Good day")))
    assert state(talk) == ("final", "Good day")


def test_a_transcript_the_item_brings_and_the_event_repeats_is_one_text() -> None:
    talk = Talk()
    transcribed(talk, "a", "Good day")
    talk.say("conversation.item.done", item=message("a", "user", audio("Good day")))
    assert (talk.item("a")["text"], talk.item("a")["revision"]) == ("Good day", 1)


def test_the_transcript_of_the_event_beats_the_items() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=message("a", "user", audio("Hood day")))
    transcribed(talk, "a", "Good day")
    assert talk.item("a")["text"] == "Good day"


def test_each_audio_part_has_its_transcript() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=message("a", "user", audio(None), text("written"), audio(None)))
    transcribed(talk, "a", "one", content_index=0)
    assert (state(talk), talk.item("a")["text"]) == (("pending", "one"), "one\nwritten")
    transcribed(talk, "a", "two", content_index=2)
    assert (state(talk), talk.item("a")["text"]) == (("final", "one\ntwo"), "one\nwritten\ntwo")


def test_a_transcript_without_an_index_is_of_the_audio() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=message("a", "user", text("written"), audio(None)))
    transcribed(talk, "a", "said", content_index=None)
    assert talk.item("a")["text"] == "written\nsaid"


def test_a_transcript_of_an_item_without_content_makes_it_audio() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=message("a", "user"))
    transcribed(talk, "a", "Good day")
    record = talk.item("a")
    assert (record["text"], record["modality"], record["origin"]) == ("Good day", "audio", "user_audio")


def test_a_committed_message_is_audio_also_where_its_content_is_empty() -> None:
    talk = Talk()
    talk.say("input_audio_buffer.committed", item_id="a")
    talk.say("conversation.item.created", item=message("a", "user"))
    talk.say("response.done", response=response("r"))
    record = talk.item("a")
    assert (record["origin"], record["modality"], record["transcript"]["state"]) == ("user_audio", "audio", "pending")
    assert (record["parts"], record["text"]) == ([{"type": "input_audio"}], None)


def test_a_transcript_of_a_deleted_item_is_a_revision() -> None:
    talk = said()
    talk.say("conversation.item.deleted", item_id="a")
    (out,) = transcribed(talk, "a", "Good day")
    assert (out["revision"], out["deleted"], out["text"]) == (3, True, "Good day")
