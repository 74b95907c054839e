"""What is kept: within bounds, no longer than needed, and restored to the byte."""

import gc
import sys
import tracemalloc

import orjson
import pytest

from pipeline.core import CoreSettings, Partition, StateUnreadable
from tests.core.events import (
    MINUTE,
    SECOND,
    Talk,
    answer,
    call,
    message,
    output,
    respond,
    response,
    restored,
    spoken,
    state_of,
    transcribed,
    user,
)
from tests.core.test_revisions import whole_talk

# Bounds.


def test_a_session_of_ten_thousand_items_comes_out_whole() -> None:
    talk = Talk(max_items=1_000)
    for number in range(10_000):
        talk.say("conversation.item.added", item=user(f"i{number}"), after_ms=1)
        if number % 3:
            talk.say("conversation.item.done", item=user(f"i{number}"), after_ms=1)
    assert len(talk.partition.wake_all()[b"sess_1"].items) == 1_000
    talk.end()
    assert sorted(out["item_id"] for out in talk.outs) == sorted(f"i{number}" for number in range(10_000))
    assert {out["revision"] for out in talk.outs} == {1}
    assert [out["session_sequence"] for out in talk.outs] == list(range(1, 10_001))


def test_an_item_that_leaves_for_want_of_room_comes_out() -> None:
    talk = Talk(max_items=2)
    for name in ("a", "b"):
        talk.say("conversation.item.added", item=user(name))
    (out,) = talk.say("conversation.item.added", item=user("c"))
    assert (out["item_id"], out["cause"], out["source"]["event_type"]) == (
        "a",
        "session_idle",
        "conversation.item.added",
    )


def test_an_item_that_left_does_not_come_out_again() -> None:
    talk = Talk(max_items=2)
    for name in ("a", "b", "c"):
        talk.say("conversation.item.done", item=user(name))
    assert talk.say("conversation.item.done", item=user("a", "Other words")) == []
    assert transcribed(talk, "a", "late") == []


def open_ids(number: int) -> Talk:
    """A client that tells of ever new ids: items, transcripts, responses, speech."""
    talk = Talk(max_items=50, max_forgotten=100)
    for index in range(number):
        talk.say("response.created", response=response(f"r{index}"), after_ms=1)
        talk.say("conversation.item.added", item=user(f"a{index}"), after_ms=1)
        transcribed(talk, f"b{index}", "x", after_ms=1)
        talk.say("input_audio_buffer.speech_started", item_id=f"c{index}", audio_start_ms=1, after_ms=1)
        talk.say("response.done", response=response(f"s{index}"), after_ms=1)
        talk.say("conversation.item.done", item=output(f"o{index}", f"call_{index}"), after_ms=1)
        talk.said.clear()
        talk.outs.clear()
        talk.changelog = list(dict(talk.changelog).items())
    return talk


def test_ids_without_end_stay_within_bounds() -> None:
    session = open_ids(400).partition.wake_all()[b"sess_1"]
    assert len(session.items) <= 50
    assert len(session.forgotten) <= 100
    assert len(session.replies) <= 100
    assert len(session.running) <= 100
    assert len(session.awaiting) <= 100
    assert len(session.open) + len(session.waiting) + len(session.calls) <= 150


def test_the_changelog_stays_within_bounds_too() -> None:
    alive = [key for key, value in dict(open_ids(400).changelog).items() if value is not None]
    assert len(alive) <= 2 + 50 + 100 + 100


def test_memory_stays_bounded() -> None:
    talk = open_ids(50)

    def memory_after(number: int) -> int:
        for _ in range(number):
            talk.say("conversation.item.added", item=user(f"more{talk.offset}"), after_ms=1)
            talk.said, talk.outs, talk.changelog, talk.ended = [], [], [], []
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = memory_after(300)
        after = memory_after(2_000)
    finally:
        tracemalloc.stop()
    assert after - before < 50_000


def test_sessions_without_end_stay_within_bounds() -> None:
    partition = Partition(CoreSettings(max_sessions=20))
    outs = []
    for number in range(100):
        talk = Talk(f"s{number}", partition)
        talk.ms += number * SECOND
        outs += talk.say("conversation.item.added", item=user("a"))
    assert len(partition.sessions) == 20
    assert [out["session_id"] for out in outs] == [f"s{number}" for number in range(80)]


def test_an_item_remembers_so_many_events_only() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=spoken("a"))
    for number in range(200):
        transcribed(talk, "a", f"take {number}")
    (item,) = talk.partition.wake_all()[b"sess_1"].items.values()
    assert len(item.seen) == 64
    assert sys.getsizeof(item.seen) < 1_000


# Idleness.


def test_a_session_is_idle_after_fifteen_minutes_of_stream_time() -> None:
    talk = Talk("one")
    talk.say("conversation.item.added", item=user("a"))
    other = Talk("two", talk.partition)
    assert other.say("session.created", session={}, after_ms=15 * MINUTE) == []
    assert len(other.say("session.updated", session={}, after_ms=2 * MINUTE)) == 1


def test_any_event_of_the_session_keeps_it_from_being_idle() -> None:
    talk = Talk("one")
    talk.say("conversation.item.added", item=user("a"))
    for _ in range(5):
        assert talk.say("rate_limits.updated", after_ms=14 * MINUTE) == []


def test_a_sessions_own_next_event_finds_it_idle() -> None:
    talk = Talk()
    talk.say("conversation.item.added", item=user("a"))
    outs = talk.say("conversation.item.added", item=user("b"), after_ms=17 * MINUTE)
    assert [(out["item_id"], out["cause"]) for out in outs] == [("a", "session_idle")]


def test_a_session_that_comes_back_counts_on() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=user("a"))
    outs = talk.say("conversation.item.done", item=user("b"), after_ms=60 * MINUTE)
    assert [(out["item_id"], out["session_sequence"]) for out in outs] == [("b", 2)]
    assert talk.say("conversation.item.done", item=user("a"), event_id="event_0") == []


def test_wall_clock_makes_sessions_idle_where_nothing_comes_in() -> None:
    talk = Talk()
    talk.say("conversation.item.added", item=user("a"))
    assert talk.wait(14 * MINUTE) == []
    (out,) = talk.wait(17 * MINUTE)
    assert out["cause"] == "session_idle"
    assert talk.wait(40 * MINUTE) == []


def test_a_record_from_the_future_makes_nothing_idle() -> None:
    talk = Talk("one")
    talk.say("conversation.item.added", item=user("a"))
    future = Talk("two", talk.partition)
    future.ms += 400 * 24 * 60 * MINUTE
    record = future.record(orjson.dumps({"type": "session.created", "session": {}}))
    assert talk.partition.process([record], now_ms=talk.ms).outputs == []


def test_an_idle_session_forgets_its_items_and_keeps_their_ids() -> None:
    talk = Talk()
    talk.say("conversation.item.done", item=user("a"))
    talk.wait(20 * MINUTE)
    session = talk.partition.wake_all()[b"sess_1"]
    assert (session.items, session.forgotten) == ({}, {"a": [1, 1]})


def test_after_its_retention_nothing_is_left_of_a_session() -> None:
    talk = whole_talk()
    respond(talk, "r9", call("c9", "call_9"))
    talk.wait(20 * MINUTE)
    talk.wait(200 * MINUTE)
    assert len(talk.partition.sessions) == 0
    assert [key for key, value in dict(talk.changelog).items() if value is not None] == []


def test_time_that_runs_backwards_is_no_error() -> None:
    talk = Talk()
    talk.say("conversation.item.added", item=user("a"))
    assert talk.say("conversation.item.added", item=user("b"), after_ms=-500 * MINUTE) == []
    assert talk.say("conversation.item.done", item=user("b"), after_ms=-500 * MINUTE)[0]["revision"] == 1


# The changelog.


def busy() -> Talk:
    talk = whole_talk()
    talk.say("response.created", response=response("running"))
    talk.say("response.output_item.added", response_id="running", output_index=0, item=message("m", "assistant"))
    talk.say("response.content_part.done", item_id="m", content_index=3, part={"type": "text", "text": "x", "f": 1e-7})
    talk.say("response.mcp_call.in_progress", item_id="mcp")
    talk.say("conversation.item.done", item=output("late", "call_late"))
    transcribed(talk, "early", "Æ😀", confidence=0.1, logprobs=None, usage={"seconds": 1.5})
    other = Talk(None, talk.partition)
    other.say("conversation.item.done", item=user("nobody's"))
    talk.changelog += other.changelog
    return talk


def test_the_state_is_restored_to_the_byte() -> None:
    talk = busy()
    again = restored(dict(talk.changelog).items(), talk.settings)
    assert (
        state_of(again) == state_of(talk.partition) == {k: v for k, v in dict(talk.changelog).items() if v is not None}
    )


def test_the_order_of_a_compacted_changelog_does_not_matter() -> None:
    talk = busy()
    records = sorted(dict(talk.changelog).items(), reverse=True)
    assert state_of(restored(records, talk.settings)) == state_of(talk.partition)


def test_a_restored_partition_goes_on_as_the_original() -> None:
    talk, same = busy(), busy()
    same.restart()
    for one in (talk, same):
        one.say("response.output_text.delta", response_id="running", delta="x")
        one.say("conversation.item.done", item=call("cl", "call_late"))
        one.say("conversation.item.done", item=spoken("early"))
        one.say("response.done", response=response("running", answer("m")))
        one.say("conversation.item.deleted", item_id="u")
        one.again()
        one.end()
    assert [out.raw for out in same.outs] == [out.raw for out in talk.outs]
    assert state_of(same.partition) == state_of(talk.partition)


@pytest.mark.parametrize("timestamp", [-1, 0, 59_999])
def test_a_session_is_restored_whatever_its_time(timestamp: int) -> None:
    talk = Talk()
    talk.ms = timestamp
    talk.say("session.created", session={"id": "prov", "model": "m"}, after_ms=0)
    talk.restart()
    (out,) = talk.say("conversation.item.done", item=user("a"), after_ms=0)
    assert out["provider_session_id"] == "prov"


def test_a_session_that_was_removed_is_not_restored() -> None:
    talk = busy()
    talk.wait(20 * MINUTE)
    talk.wait(200 * MINUTE)
    assert len(restored(talk.changelog, talk.settings).wake_all()) == 0


def test_a_restored_session_goes_idle_too() -> None:
    talk = Talk()
    talk.say("conversation.item.added", item=user("a"))
    talk.restart()
    (out,) = talk.wait(17 * MINUTE)
    assert (out["item_id"], out["cause"]) == ("a", "session_idle")


def test_a_state_of_another_version_is_not_guessed() -> None:
    talk = busy()
    key, value = talk.changelog[0]
    for bad in (b"[2" + (value or b"")[2:], b"{}", b"[1]", b"nonsense"):
        with pytest.raises(StateUnreadable):
            Partition(CoreSettings()).restore(key, bad)


@pytest.mark.parametrize(
    "key", [b"", b"x", b"{}", b"[]", b'["i"]', b'["i","s"]', b'["r","s"]', b"[1,2]", b'["q","s","x"]']
)
def test_an_unknown_key_is_not_guessed(key: bytes) -> None:
    with pytest.raises(StateUnreadable):
        Partition(CoreSettings()).restore(key, b"[1,1,1]")
