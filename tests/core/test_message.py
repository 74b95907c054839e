"""Fields of a message."""

from typing import Any

import pytest

from tests.core.events import Json, Talk, answer, audio, message, respond, response, spoken, text, transcribed


def done(item: Json, talk: Talk | None = None) -> Json:
    (out,) = (talk or Talk()).say("conversation.item.done", item=item)
    return out.value


@pytest.mark.parametrize("role", ["user", "assistant", "system", "of_tomorrow"])
def test_role_is_verbatim(role: str) -> None:
    assert done(message("a", role, text("Hi")))["role"] == role


def test_phase_is_verbatim() -> None:
    assert done(message("a", "assistant", text("Hi"), phase="commentary"))["phase"] == "commentary"
    assert done(message("a", "assistant", text("Hi")))["phase"] is None


def test_text_joins_all_parts_in_order() -> None:
    item = message(
        "a", "user", text("one"), audio("two"), {"type": "input_image", "image_url": "data:x"}, text("three")
    )
    record = done(item)
    assert record["text"] == "one\ntwo\nthree"
    assert [part["type"] for part in record["parts"]] == ["input_text", "input_audio", "input_image", "input_text"]
    assert record["parts"][2]["image_url"] == "data:x"


def test_text_is_null_while_there_is_none() -> None:
    assert done(spoken("a"))["text"] is None
    assert done(message("a", "user"))["text"] is None


@pytest.mark.parametrize(
    ("parts", "modality"),
    [
        ([text("a"), text("b")], "text"),
        ([text("a", "output_text")], "text"),
        ([audio("a")], "audio"),
        ([audio("a", "output_audio")], "audio"),
        ([{"type": "input_image", "image_url": "x"}], "image"),
        ([text("a"), audio("b")], "mixed"),
        ([], None),
        ([{"type": "of_tomorrow"}], None),
    ],
)
def test_modality_is_what_the_parts_are(parts: list[Json], modality: str | None) -> None:
    assert done(message("a", "user", *parts))["modality"] == modality


def test_origin_of_speech_is_user_audio() -> None:
    assert done(spoken("a"))["origin"] == "user_audio"


def test_origin_of_a_response_is_the_model() -> None:
    talk = Talk()
    respond(talk, "r", answer("a"))
    assert talk.item("a")["origin"] == "model"


@pytest.mark.parametrize("role", ["user", "assistant", "system"])
def test_origin_of_what_the_client_put_in_is_client(role: str) -> None:
    assert done(message("a", role, text("Hi")))["origin"] == "client"


def test_transcript_is_null_without_input_audio() -> None:
    assert done(answer("a"))["transcript"] is None
    assert done(message("a", "assistant", audio("Hi", "output_audio")))["transcript"] is None


def test_speech_is_what_voice_detection_told() -> None:
    talk = Talk()
    talk.say("input_audio_buffer.speech_started", item_id="a", audio_start_ms=120)
    talk.say("input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=900)
    assert done(spoken("a"), talk)["speech"] == {"start_ms": 120, "end_ms": 900}


def test_speech_may_have_one_end_only() -> None:
    talk = Talk()
    talk.say("input_audio_buffer.speech_stopped", item_id="a", audio_end_ms=900)
    assert done(spoken("a"), talk)["speech"] == {"start_ms": None, "end_ms": 900}


def test_speech_is_null_where_nothing_told() -> None:
    assert done(spoken("a"))["speech"] is None


def test_truncation_tells_what_was_heard() -> None:
    talk = Talk()
    respond(talk, "r", message("a", "assistant", audio("A long story", "output_audio")))
    talk.say("conversation.item.truncated", item_id="a", content_index=0, audio_end_ms=700)
    assert (talk.item("a")["interrupted"], talk.item("a")["heard_ms"]) == (True, 700)


def test_what_was_not_cut_was_not_interrupted() -> None:
    record = done(answer("a"))
    assert (record["interrupted"], record["heard_ms"]) == (False, None)


def interrupted(*events: tuple[str, Json], status: str = "incomplete") -> bool:
    talk = Talk()
    cut = message("a", "assistant", audio("A long", "output_audio"), status=status)
    talk.say("response.created", response=response("r", status="in_progress"))
    talk.say("response.output_item.added", response_id="r", output_index=0, item={**cut, "status": "in_progress"})
    for type_, body in events:
        talk.say(type_, **body)
    talk.say("response.output_item.done", response_id="r", output_index=0, item=cut)
    return talk.item("a")["interrupted"]


SPEECH: tuple[str, Json] = ("input_audio_buffer.speech_started", {"item_id": "u", "audio_start_ms": 1})


def test_an_answer_cut_by_the_users_speech_was_interrupted() -> None:
    assert interrupted(SPEECH)
    assert interrupted(("input_audio_buffer.speech_started", {"audio_start_ms": 1}))


def test_an_answer_cut_for_another_reason_was_not_interrupted() -> None:
    assert not interrupted()


def test_an_answer_finished_in_spite_of_speech_was_not_interrupted() -> None:
    assert not interrupted(SPEECH, status="completed")


@pytest.mark.parametrize("item_id", ["u", None])
def test_speech_of_before_interrupts_nothing_when_repeated(item_id: str | None) -> None:
    talk = Talk()
    speech: Json = {"audio_start_ms": 1} if item_id is None else {"audio_start_ms": 1, "item_id": item_id}
    talk.say("input_audio_buffer.speech_started", **speech)
    begun = talk.said[-1]
    talk.say("response.created", response=response("r", status="in_progress"))
    talk.again(begun)
    cut = message("a", "assistant", text("A long", "output_text"), status="incomplete")
    talk.say("response.output_item.done", response_id="r", output_index=0, item=cut)
    assert talk.item("a")["interrupted"] is False


TOKENS = [{"token": "Hi", "logprob": -0.1}, {"token": "!", "logprob": -0.3}]


@pytest.mark.parametrize(
    ("told", "field", "value"),
    [
        ({"confidence": 0.75}, "confidence", 0.75),
        ({"confidence": 1}, "confidence", 1.0),
        ({"logprobs": TOKENS}, "confidence", 0.8187),
        ({"logprobs": []}, "confidence", None),
        ({"logprobs": None}, "confidence", None),
        ({"confidence": "high"}, "confidence", None),
        ({"language": "en"}, "languages", ["en"]),
        ({"languages": ["en", "de"]}, "languages", ["en", "de"]),
        ({"languages": [{"code": "pl", "probability": 0.9}]}, "languages", ["pl"]),
        ({"languages": []}, "languages", None),
        ({"usage": {"type": "duration", "seconds": 3}}, "usage", {"type": "duration", "seconds": 3}),
        ({"usage": None}, "usage", None),
        ({"model": "grok-transcribe"}, "model", "grok-transcribe"),
    ],
)
def test_transcript_has_what_the_completion_told(told: Json, field: str, value: Any) -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=spoken("a"))
    transcribed(talk, "a", "Hi!", **told)
    transcript = talk.item("a")["transcript"]
    assert transcript[field] == value
    assert (transcript["state"], transcript["text"], transcript["error"]) == ("final", "Hi!", None)


def test_transcripts_model_is_the_sessions() -> None:
    talk = Talk()
    talk.say("session.updated", session={"audio": {"input": {"transcription": {"model": "whisper-1"}}}})
    talk.say("conversation.item.done", item=spoken("a"))
    assert (talk.item("a")["transcript"]["state"], talk.item("a")["transcript"]["model"]) == ("pending", "whisper-1")
    transcribed(talk, "a", "Hi")
    assert talk.item("a")["transcript"]["model"] == "whisper-1"


def test_transcripts_model_is_the_sessions_also_where_the_transcript_came_first() -> None:
    talk = Talk()
    transcribed(talk, "a", "Hi")
    talk.say("session.updated", session={"audio": {"input": {"transcription": {"model": "whisper-1"}}}})
    assert done(spoken("a"), talk)["transcript"]["model"] == "whisper-1"


def test_a_later_transcription_model_changes_nothing_that_was_transcribed() -> None:
    talk = Talk()
    transcribed(talk, "a", "Hi")
    talk.say("session.updated", session={"audio": {"input": {"transcription": {"model": "one"}}}})
    talk.say("conversation.item.done", item=spoken("a"))
    talk.say("session.updated", session={"audio": {"input": {"transcription": {"model": "two"}}}})
    talk.say("conversation.item.done", item=spoken("a"))
    talk.say("conversation.item.deleted", item_id="a")
    assert [out["transcript"]["model"] for out in talk.outs] == ["one", "one"]
