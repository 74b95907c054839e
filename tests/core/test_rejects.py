"""What cannot be used: the reason, and the record of it, unchanged. And the counters, which add up."""

import orjson
import pytest

from pipeline.core import CoreSettings, Partition
from pipeline.core.enrich import BUILDERS, Fields
from tests.core.events import START_MS, Json, Record, Talk, call, response, user

DONE = "conversation.item.done"


def body(**fields: object) -> bytes:
    return orjson.dumps(fields)


CASES: list[tuple[str, bytes | None, str]] = [
    ("tombstone", None, "empty"),
    ("nothing", b"", "empty"),
    ("blank", b"  ", "not_json"),
    ("cut short", b'{"type":"conversation.item.done","item":{"id":"a"', "not_json"),
    ("no UTF-8", b'{"type":"conversation.item.done","x":"\xff"}', "not_json"),
    ("a lone surrogate", b'{"type":"conversation.item.done","x":"\\ud800"}', "not_json"),
    ("nested without end", b'{"type":"conversation.item.done","x":' + b"[" * 5000, "not_json"),
    ("a number without end", b'{"type":"conversation.item.done","x":1e999}', "not_json"),
    ("text", b"hello", "not_json"),
    ("two values", b'{"type":"conversation.item.done"}{}', "not_json"),
    ("an array", b"[]", "not_object"),
    ("null", b"null", "not_object"),
    ("a number", b"1", "not_object"),
    ("a JSON text", b'"x"', "not_object"),
    ("no type", b"{}", "type_missing"),
    ("a null type", body(type=None), "type_missing"),
    ("an empty type", body(type=""), "type_missing"),
    ("a type of another type", body(type=7), "type_missing"),
    ("no item", body(type=DONE), "item_missing"),
    ("a null item", body(type=DONE, item=None), "item_missing"),
    ("no response", body(type="response.done"), "item_missing"),
    ("no item id", body(type="conversation.item.deleted"), "item_missing"),
    ("a null item id", body(type="conversation.item.truncated", item_id=None), "item_missing"),
    ("an item that is a list", body(type=DONE, item=[]), "item_invalid"),
    ("an item without a type", body(type=DONE, item={"id": "a"}), "item_invalid"),
    ("an item id that is a number", body(type=DONE, item={"id": 1, "type": "message"}), "item_invalid"),
    ("an endless item id", body(type=DONE, item=user("x" * 600)), "item_invalid"),
    ("a response that is a text", body(type="response.done", response="x"), "item_invalid"),
    ("an item id that is an object", body(type="conversation.item.deleted", item_id={}), "item_invalid"),
    (
        "a transcript that is a number",
        body(type="conversation.item.input_audio_transcription.completed", item_id="a", transcript=5),
        "item_invalid",
    ),
    ("a text that is a list", body(type="response.output_text.done", item_id="a", text=[]), "item_invalid"),
    (
        "a part beyond all sense",
        body(type="response.text.done", item_id="a", text="x", content_index=1000),
        "item_invalid",
    ),
    ("too deep", b'{"type":"conversation.item.done","item":' + b"[" * 150 + b"]" * 150 + b"}", "item_invalid"),
    ("too large", body(type=DONE, item=user("a", "x" * 2_000_000)), "too_large"),
]


@pytest.mark.parametrize(("value", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_reason(value: bytes | None, reason: str) -> None:
    talk = Talk()
    (out,) = talk.take(talk.record(value))
    assert (out.topic, talk.ended) == ("rejected", [reason])
    assert out.headers["itemstream-reject-reason"] == reason
    assert out.raw.value == value
    assert out.headers["kafka_dlt-exception-message"]


def test_a_record_larger_than_the_output_may_be_is_too_large() -> None:
    talk = Talk(max_output_bytes=3_000)
    (out,) = talk.say(DONE, item=user("a", "x" * 5_000))
    assert out.headers["itemstream-reject-reason"] == "too_large"
    assert talk.say(DONE, item=user("a"))[0]["revision"] == 1


def test_an_item_that_gathers_events_without_end_is_too_large() -> None:
    talk = Talk(max_event_bytes=10_000)
    for index in range(30):
        talk.say("response.output_text.done", item_id="a", content_index=index, text="x" * 9_000)
    assert talk.ended.count("too_large") == 22


def test_a_fault_of_our_own_is_rejected_and_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk()
    talk.say(DONE, item=user("a"))

    def broken(*_: object) -> Fields:
        raise ZeroDivisionError("oh no")

    with monkeypatch.context() as patch:
        patch.setitem(BUILDERS, "message", broken)
        (out,) = talk.say(DONE, item=user("b"))
    assert out.headers["itemstream-reject-reason"] == "internal_error"
    assert "ZeroDivisionError" in str(out.headers["kafka_dlt-exception-message"])
    assert talk.say(DONE, item=user("b"))[0]["session_sequence"] == 2


def test_key_value_and_headers_are_unchanged() -> None:
    headers: list[tuple[str, bytes | None]] = [
        ("binary", b"\x00\xff\xfe"), ("twice", b"1"), ("twice", b"2"), ("none", None), ("empty", b""),
        ("ü", "ß".encode()),
    ]  # fmt: skip
    record = Record(b"\xffnot json", b"\xfe\x00key", headers)
    (out,) = Talk().take(record)
    assert (out.raw.key, out.raw.value) == (record.key, record.value)
    assert out.raw.headers[: len(headers)] == headers


def test_headers_are_those_of_spring_kafka() -> None:
    record = Record(b"[]", None, [], offset=2**40, timestamp=START_MS, topic="in", partition=3)
    (out,) = Talk(version="1.2.3").take(record)
    assert out.raw.headers == [
        ("kafka_dlt-original-topic", b"in"),
        ("kafka_dlt-original-partition", b"\x00\x00\x00\x03"),
        ("kafka_dlt-original-offset", (2**40).to_bytes(8, "big")),
        ("kafka_dlt-original-timestamp", START_MS.to_bytes(8, "big")),
        ("kafka_dlt-original-timestamp-type", b"CreateTime"),
        ("kafka_dlt-exception-fqcn", b"pipeline.core.reject.Rejection"),
        ("kafka_dlt-exception-message", b"the value is JSON, but an array and not an object"),
        ("itemstream-reject-reason", b"not_object"),
        ("itemstream-version", b"1.2.3"),
    ]
    assert out.headers["kafka_dlt-original-offset"] == str(2**40)


def test_a_timestamp_set_by_the_broker_or_missing() -> None:
    (broker,) = Talk().take(Record(b"[]", timestamp_type=1))
    (none,) = Talk().take(Record(b"[]", timestamp=-1))
    assert broker.headers["kafka_dlt-original-timestamp-type"] == "LogAppendTime"
    assert none.headers["kafka_dlt-original-timestamp"] == "-1"


def test_a_rejected_event_leaves_nothing_behind() -> None:
    talk = Talk()
    talk.say(DONE, item=user("a"))
    talk.say("response.done", response={**response("r"), "output": [user("b"), {**user("c"), "id": "c"}]}, after_ms=0)
    before = dict(talk.changelog)
    big = Talk(max_output_bytes=4_000)
    big.partition = talk.partition
    bad = response("r2", user("a", "new words"), user("d"), call("e", "call_1"), {**user("f"), "padding": "x" * 20_000})
    talk.partition._step.settings = CoreSettings(max_output_bytes=4_000)
    (out,) = talk.say("response.done", response=bad, after_ms=0)
    assert out.headers["itemstream-reject-reason"] == "too_large"
    changed = {key: value for key, value in dict(talk.changelog).items() if before.get(key) != value}
    assert changed == {}


@pytest.mark.parametrize(("value", "reason"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_the_session_goes_on_as_if_it_had_not_been(value: bytes | None, reason: str) -> None:
    def outputs(*bad: bytes | None) -> list[Json]:
        talk = Talk()
        talk.say("conversation.item.added", item=user("a"))
        for one in bad:
            talk.take(talk.record(one))
        talk.offset = talk.ms = 0
        talk.say(DONE, item=user("a"))
        talk.say(DONE, item=user("b"))
        return [out.value for out in talk.outs if out.topic != "rejected"]

    assert outputs(value, value) == outputs()


def test_every_record_ends_as_one_thing() -> None:
    records = [
        Record(b"{", offset=1),
        Record(None, offset=2),
        Record(orjson.dumps({"type": "rate_limits.updated"}), offset=3),
        Record(orjson.dumps({"type": "response.output_audio.delta", "delta": "AA"}), offset=4),
        Record(orjson.dumps({"type": DONE, "item": user("a")}), offset=5),
        Record(orjson.dumps({"type": DONE, "item": user("a")}), offset=6),
        Record(orjson.dumps({"type": DONE, "item": None}), offset=7),
    ]
    counts = Partition(CoreSettings()).process(records).counts
    assert (counts.consumed, counts.used, counts.ignored) == (7, 2, 2)
    assert counts.rejected == {"not_json": 1, "empty": 1, "item_missing": 1}


@pytest.mark.parametrize(
    "type_",
    ["response.output_text.delta", "rate_limits.updated", "error", "response.content_part.added", "of_tomorrow",
     "conversation.item.input_audio_transcription.delta", "input_audio_buffer.cleared", "session.closed"],
)  # fmt: skip
def test_events_that_change_nothing_are_ignored(type_: str) -> None:
    talk = Talk()
    talk.say("session.created", session={"id": "x"})
    assert talk.say(type_, item_id="a", delta="x") == []
    assert talk.ended == ["used", "ignored"]


def test_the_first_delta_of_a_response_is_used() -> None:
    talk = Talk()
    talk.say("response.created", response=response("r"))
    talk.say("response.output_text.delta", response_id="r", delta="x")
    talk.say("response.output_text.delta", response_id="r", delta="y")
    assert talk.ended == ["used", "used", "ignored"]


def test_counts_start_anew_with_each_batch() -> None:
    partition = Partition(CoreSettings())
    for _ in range(2):
        assert partition.process([Record(b"{")]).counts.rejected == {"not_json": 1}
    assert partition.process([]).counts.consumed == 0
