"""Sessions of a seed: the same each time, and what a collector would have written."""

from collections import Counter
from datetime import datetime

import orjson
import pytest

from pipeline.simulate import DIALECTS, SimulatedSession, sessions


def flat(played: list[SimulatedSession]) -> list[object]:
    return [(list(map(tuple, session.events)), [one.line() for one in session.expected]) for session in played]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_seed_gives_the_same_bytes(dialect: str) -> None:
    assert flat(list(sessions(3, 5, [dialect]))) == flat(list(sessions(3, 5, [dialect])))


def test_a_session_does_not_depend_on_how_many_there_are() -> None:
    few, many = list(sessions("many", 3)), list(sessions("many", 6))
    assert flat(few) == flat(many[:3])


def test_seeds_differ() -> None:
    ids = {session.session_id for seed in (1, 2) for session in sessions(seed, 20)}
    assert len(ids) == 40


def test_all_dialects_are_drawn() -> None:
    drawn = Counter(session.dialect for session in sessions(1, 120))
    assert set(drawn) == set(DIALECTS)
    assert min(drawn.values()) > 5


def test_most_events_are_deltas() -> None:
    types = [orjson.loads(event.value or b"")["type"] for session in sessions(1, 60) for event in session.events]
    share = sum(name.endswith(".delta") for name in types) / len(types)
    assert 0.6 < share < 0.8


def test_event_ids_are_unique_and_times_rise() -> None:
    ids: list[str] = []
    for session in sessions(5, 30):
        times = [event.time_ms for event in session.events]
        assert times == sorted(times)
        assert [event.sequence for event in session.events] == list(range(1, len(times) + 1))
        ids += [orjson.loads(event.value or b"")["event_id"] for event in session.events]
    assert len(ids) == len(set(ids))


def test_headers_are_those_of_the_input_topic() -> None:
    for session in sessions(2, 12):
        provider = DIALECTS[session.dialect].provider
        for event in session.events:
            headers = {name: value.decode() for name, value in event.headers}
            body = orjson.loads(event.value or b"")
            assert headers["ce_specversion"] == "1.0"
            assert headers["ce_sessionid"] == session.session_id
            assert headers["ce_source"] == f"/realtime/{provider}/{session.session_id}"
            assert headers["ce_sequence"] == str(event.sequence)
            assert headers["ce_provider"] == event.provider == provider
            assert headers.get("ce_tenant") == event.tenant
            assert headers["ce_id"] == body["event_id"]
            assert headers["ce_type"] == body["type"]
            assert round(datetime.fromisoformat(headers["ce_time"]).timestamp() * 1000) == event.time_ms


def test_a_bare_collector_tells_the_event_alone() -> None:
    for told, bare in zip(sessions(2, 6), sessions(2, 6, bare=True), strict=True):
        assert [event.value for event in told.events] == [event.value for event in bare.events]
        assert all(not event.headers and event.provider is None and event.tenant is None for event in bare.events)
        assert {one.final["provider"] for one in bare.expected} <= {None}


def test_scenarios_can_be_chosen() -> None:
    played = list(sessions(1, 4, ["openai"], scenarios=["mcp_call", "image"]))
    assert all(session.scenarios == ("mcp_call", "image") for session in played)


@pytest.mark.parametrize("wrong", [{"dialects": ["none"]}, {"scenarios": ["none"]}])
def test_what_does_not_exist_is_a_key_error(wrong: dict[str, list[str]]) -> None:
    with pytest.raises(KeyError):
        next(sessions(1, 1, **wrong))  # pyright: ignore[reportArgumentType]
