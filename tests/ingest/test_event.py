"""The record of the input topic that comes of a collected event."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ingest.event import CollectedEvent, EventRefused, event_record, identity
from pipeline.ingest.redact import compile_rules

VALUE = b'{"type":"conversation.item.done","event_id":"event_1","item":{"type":"message"}}'
LIMIT = 1_000_000


def test_all_that_is_known_becomes_headers() -> None:
    event = CollectedEvent(VALUE, "sess/1", 7, "2026-01-31T12:00:00.000Z", "openai", "acme", traceparent="00-ab-cd-01")
    record = event_record(event, max_bytes=LIMIT)
    assert (record.key, record.value) == (b"sess/1", VALUE)
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_source": b"/realtime/openai/sess%2F1",
        "ce_sessionid": b"sess/1",
        "ce_provider": b"openai",
        "ce_tenant": b"acme",
        "ce_sequence": b"7",
        "ce_time": b"2026-01-31T12:00:00.000Z",
        "ce_id": b"event_1",
        "ce_type": b"conversation.item.done",
        "traceparent": b"00-ab-cd-01",
    }


def test_what_is_not_known_has_no_header() -> None:
    record = event_record(CollectedEvent(b"[]"), max_bytes=LIMIT)
    assert record == (None, b"[]", [("ce_specversion", b"1.0"), ("ce_source", b"/realtime/unknown/-")])


def test_what_the_sender_told_wins_over_the_json() -> None:
    record = event_record(CollectedEvent(VALUE, type="told", id="told_1"), max_bytes=LIMIT)
    assert dict(record.headers)["ce_type"] == b"told"
    assert dict(record.headers)["ce_id"] == b"told_1"


def test_too_large() -> None:
    with pytest.raises(EventRefused, match="80 bytes; at most 79") as refused:
        event_record(CollectedEvent(VALUE), max_bytes=len(VALUE) - 1)
    assert refused.value.reason == "too_large"
    assert event_record(CollectedEvent(VALUE), max_bytes=len(VALUE)).value == VALUE


def test_redaction_comes_first() -> None:
    redaction = compile_rules(["$.event_id"])
    record = event_record(CollectedEvent(VALUE), max_bytes=LIMIT, redaction=redaction)
    assert orjson.loads(record.value)["event_id"] == "[redacted]"
    assert dict(record.headers)["ce_id"] == b"[redacted]"


def test_what_cannot_be_redacted_is_refused() -> None:
    with pytest.raises(EventRefused) as refused:
        event_record(CollectedEvent(b"{"), max_bytes=LIMIT, redaction=compile_rules(["$.item"]))
    assert refused.value.reason == "redaction"


_text = st.text(min_size=1, max_size=8)
_events = st.dictionaries(_text, st.none() | st.integers(0, 9) | _text, max_size=4)


@given(_events, st.none() | _text, st.none() | _text, st.permutations(["type", "event_id", "rest"]), st.booleans())
def test_identity_is_what_the_json_says(rest, type_, id_, order, spaced) -> None:
    parts = {"type": {"type": type_} if type_ else {}, "event_id": {"event_id": id_} if id_ else {}, "rest": rest}
    event = {}
    for name in order:
        event |= {key: value for key, value in parts[name].items() if key not in event}
    value = orjson.dumps(event, option=orjson.OPT_INDENT_2 if spaced else None)
    told = tuple(one if isinstance(one := event.get(name), str) and one else None for name in ("type", "event_id"))
    assert identity(value) == told
