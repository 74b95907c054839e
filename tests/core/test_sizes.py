"""Whatever comes in, no record that goes out is larger than its topic takes: outputs, rejects and state."""

from typing import Any

import pytest

from pipeline.core import Output
from tests.core.events import MINUTE, TOPIC, Out, Talk, user

DONE = "conversation.item.done"
LIMIT = 60_000


def told(talk: Talk, index: int, size: int) -> list[Out]:
    return talk.say("response.output_text.done", item_id="a", content_index=index, text="x" * size)


def changelog_sizes(talk: Talk) -> list[int]:
    return [len(key) + len(value or b"") for key, value in talk.changelog]


def test_state_that_would_not_fit_rejects_the_event_that_makes_it_so() -> None:
    talk = Talk(max_state_bytes=LIMIT)
    for index in range(20):
        told(talk, index, 9_000)
    assert talk.ended == ["used"] * 6 + ["too_large"] * 14
    assert max(changelog_sizes(talk)) <= LIMIT
    assert talk.say(DONE, item=user("b"))[0]["revision"] == 1


def test_small_events_add_up_too() -> None:
    talk = Talk(max_state_bytes=LIMIT)
    for index in range(200):
        told(talk, index, 500)
    assert {"used", "too_large"} == set(talk.ended)
    assert LIMIT / 2 < max(changelog_sizes(talk)) <= LIMIT


def test_numbers_that_grow_when_written_are_counted_as_written() -> None:
    talk = Talk(max_state_bytes=LIMIT)
    item = b'{"id":"a","type":"message","role":"user","content":[],"metadata":{"n":[%b]}}' % b",".join(
        [b"1e15"] * 5_000
    )
    value = b'{"type":"%b","event_id":"e","item":%b}' % (DONE.encode(), item)
    assert len(value) < LIMIT
    (out,) = talk.take(talk.record(value))
    assert out.headers["itemstream-reject-reason"] == "too_large"


@pytest.mark.parametrize("header", ["ce_tenant", "ce_provider"])
def test_headers_that_are_kept_count(header: str) -> None:
    talk = Talk(max_state_bytes=LIMIT)
    talk.say(DONE, item=user("a"), headers={header: "t" * LIMIT})
    assert talk.ended == ["too_large"]
    assert max(changelog_sizes(talk), default=0) <= LIMIT


def test_what_is_joined_counts() -> None:
    talk = Talk(max_state_bytes=LIMIT)
    long = "n" * 40_000
    talk.say(DONE, item={"id": "a", "type": "function_call", "call_id": "c", "name": long, "arguments": "{}"})
    answer = {"id": "b", "type": "function_call_output", "call_id": "c", "output": "o" * 30_000}
    talk.say(DONE, item=answer)
    assert max(changelog_sizes(talk)) <= LIMIT


def test_a_restored_session_is_held_to_the_same() -> None:
    talk, whole = Talk(max_state_bytes=LIMIT), Talk(max_state_bytes=LIMIT)
    for index in range(10):
        told(talk, index, 9_000)
        told(whole, index, 9_000)
        talk.restart()
    assert talk.ended == whole.ended
    assert talk.changelog == whole.changelog


@pytest.mark.parametrize("header", ["traceparent", "ce_provider", "ce_tenant"])
def test_headers_of_an_output_count_as_it_does(header: str) -> None:
    talk = Talk(max_output_bytes=LIMIT)
    talk.say(DONE, item=user("a"), headers={header: "t" * LIMIT})
    assert talk.ended == ["too_large"]
    assert talk.say(DONE, item=user("a"))[0]["revision"] == 1


def too_much(**settings: Any) -> Talk:
    """A session with an item, opened and not out, that no record can hold: its predecessor's id alone is too long."""
    talk = Talk(max_output_bytes=3_000, **settings)
    talk.say("conversation.item.added", previous_item_id="p" * 3_000, item=user("a"))
    assert talk.ended == ["used"]
    return talk


def check_lost(out: Out) -> None:
    assert (out.topic, out.headers["itemstream-reject-reason"]) == ("rejected", "too_large")
    assert (out.headers["kafka_dlt-original-topic"], out.headers["kafka_dlt-original-offset"]) == (TOPIC, "1")
    assert "item a never came out" in str(out.headers["kafka_dlt-exception-message"])
    assert out.headers["itemstream-left-out"] == "value,headers,key"


def test_an_item_no_record_can_hold_is_told_of_when_its_session_goes_idle() -> None:
    talk, other = too_much(), too_much()
    (out,) = talk.wait(17 * MINUTE)
    check_lost(out)
    assert [one.raw.headers for one in other.end()] == [out.raw.headers]
    talk.restart()
    assert talk.say(DONE, item=user("b"))[0]["session_sequence"] == 1


def test_an_event_is_not_blamed_for_an_item_that_leaves_before_it() -> None:
    talk = too_much()
    lost, out = talk.say(DONE, item=user("b"), after_ms=17 * MINUTE)
    check_lost(lost)
    assert (out["item_id"], out["session_sequence"]) == ("b", 1)
    crowded = too_much(max_items=1)
    out, lost = crowded.say(DONE, item=user("b"))
    check_lost(lost)
    assert talk.ended == crowded.ended == ["used", "used"]


def test_a_rejected_record_that_fits_is_unchanged() -> None:
    talk = Talk(max_rejected_bytes=LIMIT)
    (out,) = talk.take(talk.record(b"x" * (LIMIT - 2_000), {"h": "v"}))
    assert out.raw.value == b"x" * (LIMIT - 2_000)
    assert "itemstream-left-out" not in out.headers


@pytest.mark.parametrize(
    ("value", "header", "key", "left_out"),
    [(LIMIT, 1, 1, "value"), (1, LIMIT, 1, "value,headers"), (LIMIT, LIMIT, LIMIT, "value,headers,key")],
)
def test_a_rejected_record_that_does_not_fit_says_what_it_lacks(
    value: int, header: int, key: int, left_out: str
) -> None:
    talk = Talk(session="k" * key, max_rejected_bytes=LIMIT)
    (out,) = talk.take(talk.record(b"x" * value, {"h": "v" * header}))
    assert out.headers["itemstream-left-out"] == left_out
    assert (out.headers["itemstream-reject-reason"], out.headers["kafka_dlt-original-offset"]) == ("not_json", "1")
    assert _size(out.raw) <= LIMIT


def _size(output: Output) -> int:
    headers = sum(len(name) + len(value or b"") for name, value in output.headers)
    return len(output.key or b"") + len(output.value or b"") + headers
