"""The traffic of the growth benchmark: sessions stay open, copies never share an id, the state has its size."""

from collections.abc import Iterable

import orjson
import pytest

from bench.core import Record
from bench.growth.traffic import again, conversation, opened, session_name, turn, turns, with_items
from bench.inputs import Event
from pipeline.core import BatchResult, CoreSettings, Partition


def played(core: Partition, events: Iterable[Event], offset: int = 0) -> BatchResult:
    return core.process(
        [
            Record("growth", 0, number, timestamp, 0, key, value, tuple(headers))
            for number, (key, value, headers, timestamp) in enumerate(events, offset)
        ]
    )


def test_a_copy_has_ids_of_its_own_and_is_an_event_like_the_first() -> None:
    some = turn(0)
    first, second = (
        [orjson.loads(value) for _, value, _, _ in some.copy(b"s", own, 1)] for own in (b"00000001", b"00000002")
    )
    assert [event["type"] for event in first] == [event["type"] for event in second]
    assert not {event["event_id"] for event in first} & {event["event_id"] for event in second}
    assert not {event.get("item_id") for event in first if "item_id" in event} & {
        event.get("item_id") for event in second
    }


def test_headers_tell_the_copy_s_session_and_event() -> None:
    for key, value, headers, _ in turn(1).copy(b"sess_other", b"0000abcd", 1):
        told = dict(headers)
        assert key == told["ce_sessionid"] == b"sess_other"
        assert told["ce_source"] == b"/realtime/openai/sess_other"
        assert told["ce_id"].decode() == orjson.loads(value)["event_id"]


def test_a_conversation_begins_with_its_session_and_has_no_deltas() -> None:
    for number in range(5):
        types = [dict(headers)["ce_type"] for _, _, headers, _ in conversation(number).copy(b"s", b"00000000", 1)]
        assert types[0] == b"session.created"
        assert not [name for name in types if name.endswith(b".delta")]


@pytest.mark.parametrize("scenarios", [("written_turn",), ()])
def test_every_opened_session_is_open(scenarios: tuple[str, ...]) -> None:
    core = Partition(CoreSettings())
    result = played(core, opened(50, scenarios))
    assert set(core.sessions) == {session_name(number) for number in range(50)}
    assert not result.counts.rejected
    assert all(session.items for session in core.sessions.values())


def test_sessions_that_are_opened_briefly_have_their_items_and_little_else() -> None:
    core = Partition(CoreSettings())
    events = list(opened(50, briefly=True))
    result = played(core, events)
    assert len(events) == 50 * 5
    assert result.counts.used == len(events)
    assert all(len(session.items) == 2 for session in core.sessions.values())


def test_again_gives_the_same_events_to_other_sessions() -> None:
    events = list(turns(100, 3))
    twice = list(again(events, 2))
    assert [value for _, value, _, _ in twice] == 2 * [value for _, value, _, _ in events]
    assert len({key for key, _, _, _ in twice}) == 2 * len({key for key, _, _, _ in events})
    assert all(dict(headers)["ce_sessionid"] == key for key, _, headers, _ in twice)


def test_sessions_have_their_items() -> None:
    core = Partition(CoreSettings())
    played(core, with_items(3, 40))
    assert [len(session.items) for session in core.sessions.values()] == [40, 40, 40]


def test_turns_add_items_to_the_open_sessions_and_open_none() -> None:
    core = Partition(CoreSettings())
    played(core, opened(20))
    before = sum(len(session.items) for session in core.sessions.values())
    events = list(turns(2_000, 20))
    result = played(core, events, offset=10_000)
    assert 2_000 <= len(events) < 7_000
    assert len(core.sessions) == 20
    assert not result.counts.rejected
    answers = sum(b'"response.done"' in value for _, value, _, _ in events)
    assert sum(len(session.items) for session in core.sessions.values()) == before + 2 * answers
    assert not any(session.running for session in core.sessions.values())


def test_most_of_a_turn_is_deltas() -> None:
    events = list(turns(1_000, 10))
    assert 0.6 < sum(b".delta" in dict(headers)["ce_type"] for _, _, headers, _ in events) / len(events) < 0.95
