"""Fields of a response."""

from typing import Any

import pytest

from tests.core.events import SECOND, Json, Out, Talk, answer, audio, call, message, respond, response
from topics.models import Response

USAGE = {
    "total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119, "audio_tokens": 13, "image_tokens": 2, "cached_tokens": 64,
        "cached_tokens_details": {"text_tokens": 60, "audio_tokens": 4},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91, "reasoning_tokens": 7},
}  # fmt: skip
FLAT = {
    "input_tokens": 132, "output_tokens": 121, "total_tokens": 253, "input_text_tokens": 119, "input_audio_tokens": 13,
    "input_image_tokens": 2, "cached_tokens": 64, "cached_text_tokens": 60, "cached_audio_tokens": 4,
    "output_text_tokens": 30, "output_audio_tokens": 91, "reasoning_tokens": 7,
}  # fmt: skip


def ended(talk: Talk | None = None, /, event: Json | None = None, **more: Any) -> Json:
    outs = (talk or Talk()).say("response.done", response=response("r", **more), **(event or {}))
    return outs[-1].value


def test_every_field_is_always_there() -> None:
    assert set(ended()) == set(Response.model_fields)


def test_headers_are_those_of_an_output() -> None:
    (out,) = Talk().say("response.done", response=response("r"))
    assert (out.topic, out.headers["ce_type"], out.headers["ce_id"]) == (
        "responses",
        "itemstream.response.v1",
        out["id"],
    )


def test_common_fields() -> None:
    talk = Talk()
    talk.say("session.created", session={"id": "s", "model": "gpt-realtime"})
    record = ended(talk, {"headers": {"ce_tenant": "t", "ce_provider": "openai"}}, conversation_id="conv")
    assert (record["session_id"], record["conversation_id"], record["provider"]) == ("sess_1", "conv", "openai")
    assert (record["tenant"], record["model"], record["session_sequence"]) == ("t", "gpt-realtime", 1)
    assert record["source"]["event_type"] == "response.done"


def test_status_and_items() -> None:
    record = ended(None, None, status="completed")
    assert (record["response_id"], record["status"], record["item_ids"]) == ("r", "completed", [])
    (*_, out) = Talk().say("response.done", response=response("r", answer("a"), call("c", "x")))
    assert out["item_ids"] == ["a", "c"]


@pytest.mark.parametrize(
    ("details", "reason"),
    [
        ({"type": "cancelled", "reason": "turn_detected"}, "turn_detected"),
        ({"type": "incomplete", "reason": "max_output_tokens"}, "max_output_tokens"),
        (None, None),
        ("unimplemented", None),
    ],
)
def test_status_reason(details: object, reason: str | None) -> None:
    assert ended(status="cancelled", status_details=details)["status_reason"] == reason


def test_error_of_a_failed_response() -> None:
    details = {"type": "failed", "error": {"type": "server_error", "code": "overloaded"}}
    record = ended(status="failed", status_details=details)
    assert record["error"] == {"type": "server_error", "code": "overloaded", "message": None}
    assert ended()["error"] is None


def test_modalities_and_voice_of_ga() -> None:
    record = ended(output_modalities=["audio"], audio={"output": {"voice": "marin"}})
    assert (record["output_modalities"], record["voice"]) == (["audio"], "marin")


def test_modalities_and_voice_of_beta() -> None:
    record = ended(modalities=["text", "audio"], voice="alloy")
    assert (record["output_modalities"], record["voice"]) == (["text", "audio"], "alloy")


def test_voice_as_an_object() -> None:
    assert ended(voice={"name": "alloy", "type": "openai"})["voice"] == "alloy"
    assert ended(audio={"output": {"voice": {"id": "voice_123"}}})["voice"] == "voice_123"


def test_metadata_is_verbatim() -> None:
    assert ended(metadata={"topic": "x"})["metadata"] == {"topic": "x"}


def test_usage_is_flat_and_verbatim() -> None:
    record = ended(usage=USAGE)
    assert (record["usage"], record["usage_raw"]) == (FLAT, USAGE)


def test_usage_that_is_not_told_is_null() -> None:
    record = ended(usage={"input_tokens": 3})
    assert record["usage"] == dict.fromkeys(FLAT) | {"input_tokens": 3}


@pytest.mark.parametrize("usage", [None, {}])
def test_usage_on_the_event(usage: Json | None) -> None:
    record = ended(None, {"usage": USAGE}, usage=usage)
    assert (record["usage"], record["usage_raw"]) == (FLAT, USAGE)


@pytest.mark.parametrize("usage", [None, {}, "none"])
def test_no_usage_at_all(usage: object) -> None:
    record = ended(usage=usage)
    assert (record["usage"], record["usage_raw"]) == (None, None)


def test_usage_is_never_on_items() -> None:
    talk = Talk()
    respond(talk, "r", answer("a"), usage=USAGE)
    assert not any(name.startswith("usage") for name in talk.item("a").value)


def test_response_is_verbatim_less_audio() -> None:
    told = response("r", message("a", "assistant", {**audio("Hi", "output_audio"), "audio": "AAAA"}), new_field=[1])
    (*_, out) = Talk().say("response.done", response=told)
    assert out["response"] == response("r", message("a", "assistant", audio("Hi", "output_audio")), new_field=[1])


def timed(*deltas: str, speech: bool = False) -> Json:
    talk = Talk()
    if speech:
        talk.say("input_audio_buffer.speech_stopped", item_id="u", audio_end_ms=5)
        talk.ms += 300 - SECOND
    talk.say("response.created", response=response("r", status="in_progress"))
    for delta in deltas:
        talk.say(delta, response_id="r", item_id="a", delta="x", after_ms=200)
    return ended(talk)["timing"]


def test_timing_without_its_beginning_is_null() -> None:
    nothing = dict.fromkeys(("created_at", "first_output_ms", "done_ms", "speech_end_to_first_output_ms"))
    assert ended()["timing"] == nothing


def test_timing_of_a_response() -> None:
    timing = timed("response.output_text.delta", "response.output_text.delta")
    assert timing == {
        "created_at": "2026-09-21T14:13:21.000Z", "first_output_ms": 200, "done_ms": 1400,
        "speech_end_to_first_output_ms": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    "delta", ["response.text.delta", "response.audio.delta", "response.output_audio.delta",
              "response.audio_transcript.delta", "response.function_call_arguments.delta"]
)  # fmt: skip
def test_first_output_is_the_first_delta_of_any_kind(delta: str) -> None:
    assert timed("response.content_part.added", delta)["first_output_ms"] == 400


def test_timing_from_the_end_of_speech() -> None:
    assert timed("response.output_audio.delta", speech=True)["speech_end_to_first_output_ms"] == 500


def test_speech_counts_for_one_response_only() -> None:
    talk = Talk()
    talk.say("input_audio_buffer.speech_stopped", item_id="u", audio_end_ms=5)
    for name in ("r1", "r2"):
        talk.say("response.created", response=response(name))
        talk.say("response.output_text.delta", response_id=name, delta="x")
        talk.say("response.done", response=response(name))
    assert [out["timing"]["speech_end_to_first_output_ms"] for out in talk.outs] == [2000, None]


def test_a_response_of_the_conversation_is_in_band() -> None:
    talk = Talk()
    outs = respond(talk, "r", answer("a"), conversation_id="conv_1")
    assert outs[-1]["out_of_band"] is False


def out_of_band(talk: Talk) -> Out:
    outs = talk.say("response.created", response=response("r", status="in_progress", conversation_id=None))
    outs += talk.say("response.output_item.added", response_id="r", output_index=0, item=answer("a"))
    outs += talk.say("response.output_item.done", response_id="r", output_index=0, item=answer("a"))
    return (outs + talk.say("response.done", response=response("r", answer("a"), conversation_id=None)))[-1]


def test_a_response_of_no_conversation_is_out_of_band() -> None:
    assert out_of_band(Talk())["out_of_band"] is True


def test_a_response_out_of_band_has_no_conversation() -> None:
    talk = Talk()
    respond(talk, "r0", answer("b"), conversation_id="conv_1")
    out = out_of_band(talk)
    assert (out["out_of_band"], out["conversation_id"]) == (True, None)
    assert out["item_ids"] == ["a"]
    assert talk.item("a")["response_id"] == "r"


def test_a_provider_that_names_no_conversation_is_in_band() -> None:
    talk = Talk()
    assert respond(talk, "r", answer("a"))[-1]["out_of_band"] is False


def test_a_response_that_names_an_item_still_in_progress_is_told_at_once() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=answer("a"))
    outs = talk.say("response.done", response=response("r", {**answer("a"), "status": "in_progress"}))
    (item,) = [out for out in outs if out.topic == "items.messages"]
    assert (item["revision"], item["cause"], item["response_id"]) == (2, "response_done", "r")


def test_an_output_entry_that_is_no_item_is_warned_of() -> None:
    (*_, out) = Talk().say("response.done", response={**response("r"), "output": [None, "x", {"id": "a"}]})
    assert (out["warnings"], out["item_ids"]) == (["output_item_invalid"], [])


def test_a_response_without_an_id_comes_out_once() -> None:
    talk = Talk()
    talk.say("response.done", response={"status": "completed", "output": []})
    assert [out["response_id"] for out in talk.outs] == [None]
    assert talk.again() == []


def test_nulls_everywhere() -> None:
    names = (
        "status", "status_details", "output", "usage", "metadata", "voice", "audio", "modalities", "output_modalities",
        "conversation_id", "object", "max_output_tokens",
    )  # fmt: skip
    talk, other = Talk(), Talk()
    (nulls,) = talk.say("response.done", response={"id": "r"} | dict.fromkeys(names), usage=None)
    (absent,) = other.say("response.done", response={"id": "r"})
    assert nulls.value.pop("response") != absent.value.pop("response")
    assert nulls.value == absent.value
