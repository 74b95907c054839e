"""Lines of recordings as input records, and the core over them."""

import orjson
import pytest

from pipeline.core import CoreSettings
from pipeline.recorded import RecordedEvent, output_line, read_lines, run
from tests.core.events import Json, user

CREATED = {"type": "session.created", "event_id": "e1", "session": {"id": "sess_a"}}
DONE = {"type": "conversation.item.done", "event_id": "e2", "item": user("a")}


def lines(*told: Json | bytes, **options: str | None) -> list[RecordedEvent]:
    raw = [one if isinstance(one, bytes) else orjson.dumps(one) for one in told]
    return list(read_lines([line + b"\n" for line in raw], "file", "before", **options))


def test_a_line_is_an_event() -> None:
    (record,) = lines(DONE)
    assert (orjson.loads(record.value), record.key, record.topic, record.offset) == (DONE, b"before", "file", 1)


def test_an_event_keeps_its_bytes() -> None:
    raw = b'{ "type" : "x",  "n": 1.0 }'
    assert lines(raw)[0].value == raw


def test_a_wrapped_event_is_unwrapped() -> None:
    (record,) = lines({"seq": 3, "direction": "received", "event": DONE})
    assert orjson.loads(record.value) == DONE


def test_what_was_sent_is_skipped() -> None:
    assert lines({"direction": "sent", "event": {"type": "response.create"}}) == []


def test_blank_lines_are_skipped() -> None:
    assert [record.offset for record in lines(b"", b"   ", DONE)] == [3]


def test_each_session_created_starts_a_session() -> None:
    other = {**CREATED, "session": {"id": "sess_b"}}
    records = lines(DONE, CREATED, DONE, other, DONE, other, DONE)
    keys = [b"before", b"sess_a", b"sess_a", b"sess_b", b"sess_b", b"sess_b", b"sess_b"]
    assert [record.key for record in records] == keys


@pytest.mark.parametrize("session", [None, {}, {"id": None}, {"id": ""}, "x"])
def test_a_session_created_without_an_id_starts_none(session: object) -> None:
    assert [record.key for record in lines(CREATED, {**CREATED, "session": session})] == [b"sess_a", b"sess_a"]


def test_session_updated_starts_none() -> None:
    assert lines({**CREATED, "type": "session.updated"})[0].key == b"before"


def test_a_line_of_an_export_brings_its_own_headers() -> None:
    line = {
        "time": "2026-05-01T10:00:00.250Z", "session_id": "s", "sequence": 7, "provider": "xai", "tenant": "t",
        "event": DONE,
    }  # fmt: skip
    (record,) = lines(line)
    assert dict(record.headers) == {
        "ce_time": b"2026-05-01T10:00:00.250Z", "ce_sessionid": b"s", "ce_sequence": b"7", "ce_provider": b"xai",
        "ce_tenant": b"t",
    }  # fmt: skip
    assert (record.key, record.timestamp) == (b"s", 1777629600250)


def test_a_line_of_an_export_may_hold_what_is_no_json() -> None:
    (record,) = lines({"time": "2026-05-01T10:00:00Z", "session_id": "s", "event": None, "raw": '{"cut'})
    assert record.value == b'{"cut'


@pytest.mark.parametrize("line", [b"nonsense", b"[1]", b"\xff\xfe", b'{"cut', b"5"])
def test_a_line_that_is_no_event_is_rejected_by_the_core(line: bytes) -> None:
    (output,) = run(lines(line), CoreSettings())
    assert (output.topic, output.value) == ("realtime.rejected", line)


def test_provider_and_start_time_are_as_told() -> None:
    (output,) = run(lines(DONE, provider="yandex", start_time="2026-01-02T03:04:05Z"), CoreSettings())
    record = orjson.loads(output.value or b"")
    assert (record["provider"], record["done_at"]) == ("yandex", "2026-01-02T03:04:05Z")


@pytest.mark.parametrize("time", ["yesterday", "2026-05-01T10:00:00", ""])
def test_a_time_that_is_none_is_no_error(time: str) -> None:
    (record,) = lines({"time": time, "session_id": "s", "event": DONE})
    assert record.timestamp == -1


def test_times_that_are_not_told_make_no_spans() -> None:
    response = {"id": "r", "output": []}
    outputs = list(
        run(
            lines({"type": "response.created", "response": response}, {"type": "response.done", "response": response}),
            CoreSettings(),
        )
    )
    assert orjson.loads(outputs[0].value or b"")["timing"]["done_ms"] is None


def test_spans_are_of_the_times_that_are_told() -> None:
    response = {"id": "r", "output": []}
    events = [
        {
            "time": "2026-05-01T10:00:00Z",
            "session_id": "s",
            "event": {"type": "response.created", "response": response},
        },
        {"time": "2026-05-01T10:00:01.5Z", "session_id": "s", "event": {"type": "response.done", "response": response}},
    ]
    (output,) = run(lines(*events), CoreSettings())
    assert orjson.loads(output.value or b"")["timing"]["done_ms"] == 1500


def test_at_the_end_everything_open_comes_out() -> None:
    (output,) = run(
        lines({"type": "conversation.item.added", "item": {**user("a"), "status": "in_progress"}}), CoreSettings()
    )
    assert orjson.loads(output.value or b"")["cause"] == "session_idle"


def test_an_output_is_a_line_of_json() -> None:
    (output,) = run(lines(DONE), CoreSettings())
    line = output_line(output, "realtime.rejected")
    told = orjson.loads(line)
    assert line.endswith(b"}\n")
    assert list(told) == ["topic", "key", "headers", "value"]
    assert (told["topic"], told["key"], told["value"]["item_id"]) == ("realtime.items.messages", "before", "a")
    assert told["headers"]["ce_type"] == "itemstream.message.v1"


def test_a_rejected_value_is_text() -> None:
    (output,) = run(lines(b"\xff{"), CoreSettings())
    told = orjson.loads(output_line(output, "realtime.rejected"))
    assert told["value"] == "\\xff{"
    assert told["headers"]["kafka_dlt-original-offset"] == "1"
