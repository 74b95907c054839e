"""What the record of an event may look like: headers, key and value, each there or not."""

import orjson
import pytest

from tests.core.events import START_MS, Record, Talk, answer, message, respond, response, spoken, text, user


def test_the_key_is_the_session() -> None:
    (out,) = Talk("sess_7").say("conversation.item.done", item=user("a"))
    assert (out["session_id"], out.key) == ("sess_7", b"sess_7")


def test_the_header_wins_over_the_key() -> None:
    (out,) = Talk("sess_7").say("conversation.item.done", item=user("a"), headers={"ce_sessionid": "sess_8"})
    assert (out["session_id"], out.key) == ("sess_8", b"sess_8")


def test_an_empty_header_is_none() -> None:
    (out,) = Talk("sess_7").say("conversation.item.done", item=user("a"), headers={"ce_sessionid": ""})
    assert out["session_id"] == "sess_7"


@pytest.mark.parametrize("key", [None, b""])
def test_without_a_session_the_item_comes_out_under_its_id(key: bytes | None) -> None:
    talk = Talk()
    value = orjson.dumps({"type": "conversation.item.done", "event_id": "e", "item": user("item_a")})
    (out,) = talk.take(Record(value, key))
    assert (out["session_id"], out.key, out["session_sequence"]) == (None, b"item_a", 1)


def test_without_a_session_nothing_is_joined() -> None:
    talk = Talk(None)
    call = {"id": "c", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    talk.say("conversation.item.done", item=call)
    (out,) = talk.say("conversation.item.done", item={"id": "o", "type": "function_call_output", "call_id": "call_1"})
    assert (out["orphan"], out["name"]) == (True, None)


def test_without_a_session_a_repeat_changes_nothing() -> None:
    talk = Talk(None)
    talk.say("conversation.item.done", item=user("a"))
    talk.say("response.done", response=response("r"))
    assert len(talk.outs) == 2
    assert talk.again() == []


def test_without_a_session_an_item_told_twice_is_one_item() -> None:
    talk = Talk(None)
    respond(talk, "r", answer("a"), answer("x" * 300))
    assert [(out.value.get("item_id", "r")[:1], out.value.get("revision")) for out in talk.outs] == [
        ("a", 1), ("x", 1), ("r", None), ("a", 2), ("x", 2),
    ]  # fmt: skip
    assert len({out["id"] for out in talk.outs}) == len(talk.outs)
    assert (talk.item("a")["response_id"], talk.item("a")["session_sequence"]) == ("r", 2)
    assert talk.again() == []


def test_without_a_session_items_of_a_response_alone_come_out() -> None:
    talk = Talk(None)
    talk.say("response.done", response=response("r", answer("a")))
    assert [(out.key, out["session_sequence"]) for out in talk.outs] == [(b"r", 1), (b"a", 1)]


def test_without_a_session_other_events_are_ignored() -> None:
    talk = Talk(None)
    talk.say("conversation.item.added", item=user("a"))
    talk.say("session.created", session={"id": "s"})
    assert talk.ended == ["ignored", "ignored"]
    assert talk.end() == []


def test_a_session_id_may_begin_like_anything() -> None:
    (out,) = Talk("\x00odd").say("conversation.item.done", item=user("a"))
    assert (out["session_id"], out.key) == ("\x00odd", b"\x00odd")


def test_a_session_id_that_is_not_utf8_is_kept_apart_and_readable() -> None:
    talk = Talk()
    value = orjson.dumps({"type": "conversation.item.done", "event_id": "e", "item": user("a")})
    (one,) = talk.take(Record(value, b"\xff\x01"))
    (two,) = talk.take(Record(value, b"\xff\x02"))
    assert one["session_id"] != two["session_id"]
    assert one.key == one["session_id"].encode()


def test_headers_go_into_the_source() -> None:
    headers = {"ce_sequence": "41", "ce_time": "2026-05-01T10:00:00.250Z", "ce_id": "ce_9", "ce_provider": "yandex"}
    (out,) = Talk().say("conversation.item.done", item=user("a"), headers=headers, event_id=None)
    assert out["source"] == {
        "topic": "realtime.server-events", "partition": 0, "offset": 1, "event_id": "ce_9",
        "event_type": "conversation.item.done", "sequence": 41, "received_at": "2026-05-01T10:00:00.250Z",
    }  # fmt: skip
    assert out["provider"] == "yandex"
    assert out["done_at"] == "2026-05-01T10:00:00.250Z"


def test_without_headers_offset_timestamp_and_json_stand_in() -> None:
    talk = Talk()
    (out,) = talk.say("conversation.item.done", item=user("a"), event_id="event_x", after_ms=123)
    assert out["source"]["sequence"] == 1
    assert out["source"]["event_id"] == "event_x"
    assert out["source"]["received_at"] == "2026-09-21T14:13:20.123Z"
    assert (out["provider"], out["tenant"]) == (None, None)
    assert talk.ms == START_MS + 123


@pytest.mark.parametrize("told", ["x", "", "-1", "1.5", "٣", "9" * 30, b"\xff"])
def test_a_sequence_that_is_no_decimal_is_the_offset(told: str | bytes) -> None:
    (out,) = Talk().say("conversation.item.done", item=user("a"), headers={"ce_sequence": told})
    assert out["source"]["sequence"] == 1


@pytest.mark.parametrize(
    "told", ["yesterday", "2026-05-01", "2026-05-01T10:00:00", "", "0000-00-00T00:00:00Z", b"\xff", "2026-W18-5T10:00Z"]
)
def test_a_time_that_is_not_rfc3339_is_the_timestamp(told: str | bytes) -> None:
    (out,) = Talk().say("conversation.item.done", item=user("a"), headers={"ce_time": told}, after_ms=0)
    assert out["done_at"] in ("2026-09-21T14:13:20.000Z", "2026-09-21T14:13:20Z")


@pytest.mark.parametrize(
    "told", ["2026-05-01T10:00:00Z", "2026-05-01T10:00:00.123456789+02:00", "2026-05-01t10:00:00z"]
)
def test_an_rfc3339_time_is_taken_as_it_stands(told: str) -> None:
    (out,) = Talk().say("conversation.item.done", item=user("a"), headers={"ce_time": told})
    assert out["done_at"] == told


def test_the_tenant_is_copied_to_every_output() -> None:
    talk = Talk()
    headers = {"ce_tenant": "north"}
    talk.say("conversation.item.done", item=user("a"), headers=headers)
    talk.say("response.done", response=response("r"), headers=headers)
    assert [out["tenant"] for out in talk.outs] == ["north", "north"]


@pytest.mark.parametrize("provider", ["openai", "azure-openai", "azure-voice-live", "yandex", "xai", "anyone's", None])
def test_nothing_but_its_field_depends_on_the_provider(provider: str | None) -> None:
    def fields(provider: str | None) -> list[dict[str, object]]:
        talk = Talk()
        headers = {"ce_provider": provider} if provider else {}
        talk.say("conversation.item.created", item=message("a", "user", text("Hi")), headers=headers)
        talk.say("conversation.item.added", item=spoken("b"), headers=headers)
        talk.say("response.done", response=response("r", answer("c")), headers=headers)
        assert all(out.value.pop("provider") == provider for out in talk.outs)
        return [out.value for out in talk.outs]

    assert fields(provider) == fields("openai")


def test_ce_type_lets_an_event_be_skipped_unparsed() -> None:
    talk = Talk()
    record = talk.record(b'{"delta":"AAAA', {"ce_type": "response.output_audio.delta"})
    assert talk.take(record) == []
    assert talk.ended == ["ignored"]


def test_ce_type_stands_in_for_a_missing_type() -> None:
    talk = Talk()
    value = orjson.dumps({"item": user("a")})
    (out,) = talk.take(talk.record(value, {"ce_type": "conversation.item.done"}))
    assert out["source"]["event_type"] == "conversation.item.done"


def test_a_type_anywhere_in_the_event_is_found() -> None:
    talk = Talk()
    (out,) = talk.take(talk.record(orjson.dumps({"item": user("a"), "type": "conversation.item.done"})))
    assert out["item_id"] == "a"


def test_the_trace_is_carried_to_the_outputs() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    talk = Talk()
    (one,) = talk.say("conversation.item.done", item=user("a"), headers={"traceparent": trace})
    (two,) = talk.say("conversation.item.done", item=user("b"))
    assert one.headers["traceparent"] == trace
    assert "traceparent" not in two.headers


def test_the_providers_session_id_is_not_the_collectors() -> None:
    talk = Talk("made-up-by-the-collector")
    talk.say("session.updated", session={"id": "sess_real"})
    (out,) = talk.say("conversation.item.done", item=user("a"))
    assert (out["session_id"], out["provider_session_id"]) == ("made-up-by-the-collector", "sess_real")


def test_headers_without_a_value_are_as_good_as_absent() -> None:
    names = ("ce_sessionid", "ce_sequence", "ce_time", "ce_provider", "ce_tenant", "ce_type", "ce_id", "traceparent")
    (out,) = Talk().say("conversation.item.done", item=user("a"), headers=dict.fromkeys(names))
    (same,) = Talk().say("conversation.item.done", item=user("a"))
    assert out.value == same.value
    assert out.headers == same.headers
