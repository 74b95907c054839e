"""The parts of failing handlers that need no broker: schedule, breaker, transactions' limits, parking."""

import pytest
from aiokafka import TopicPartition
from hypothesis import given
from hypothesis import strategies as st

from topics.dead_letters import Origin
from topics.subscribers import BreakerSettings, GiveUp, Retry
from topics.subscribers.breaker import Breaker
from topics.subscribers.handling import takes_context
from topics.subscribers.parking import Parked
from topics.subscribers.transactions import Done, limit

ERROR = ValueError("no")


def test_the_schedule() -> None:
    retry = Retry(attempts=5, first=1.0, factor=4.0, longest=30.0)
    assert [retry.seconds_after(attempt, ERROR) for attempt in range(1, 7)] == [1.0, 4.0, 16.0, 30.0, None, None]
    assert Retry(attempts=1).seconds_after(1, ERROR) is None
    assert Retry(attempts=10_000, longest=9.0).seconds_after(9_999, ERROR) == 9.0


def test_some_errors_are_not_tried_again() -> None:
    retry = Retry(never=(KeyError,))
    assert retry.seconds_after(1, KeyError("x")) is None
    assert retry.seconds_after(1, GiveUp("x")) is None
    assert retry.seconds_after(1, ERROR) == 1.0


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"first": -1.0}, {"factor": 0.5}, {"first": 5.0, "longest": 1.0}])
def test_a_schedule_that_makes_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"at least 1|must not be negative"):
        Retry(**wrong)  # pyright: ignore[reportArgumentType]


def test_the_breaker_opens_tries_and_closes() -> None:
    breaker = Breaker(BreakerSettings(window=4, ratio=0.75, cooldown=10.0, longest=15.0))
    breaker.succeeded()
    assert [breaker.failed(0.0), breaker.failed(0.0)] == [False, False]
    assert breaker.ask(0.0) == 0.0
    assert breaker.failed(1.0)  # three of the last four
    assert (breaker.state, breaker.ask(2.0), breaker.seconds_left(2.0)) == ("open", 9.0, 9.0)
    assert not breaker.failed(2.0)  # begun before
    assert not breaker.succeeded()  # the same
    assert breaker.state == "open"
    assert breaker.ask(11.0) == 0.0  # one may try
    assert breaker.state == "trying"
    assert breaker.ask(11.0) > 0.0  # and no other
    assert breaker.failed(12.0)
    assert breaker.ask(12.0) == 15.0  # doubled, at most the longest
    assert breaker.ask(27.0) == 0.0
    assert breaker.succeeded()
    assert (breaker.state, breaker.ask(27.0), breaker.tries) == ("closed", 0.0, 0)


def test_a_try_that_tells_nothing_lets_the_next_one_try() -> None:
    breaker = Breaker(BreakerSettings(window=1, ratio=1.0, cooldown=1.0))
    assert breaker.failed(0.0)
    assert breaker.ask(1.0) == 0.0
    breaker.given_up()
    assert breaker.ask(1.0) == 0.0


@given(outcomes=st.lists(st.booleans(), max_size=60), window=st.integers(1, 10))
def test_the_breaker_stays_closed_while_enough_works(outcomes: list[bool], window: int) -> None:
    breaker = Breaker(BreakerSettings(window=window, ratio=1.0))
    for index, worked in enumerate(outcomes):
        last = outcomes[max(0, index + 1 - window) : index + 1]
        opened = breaker.failed(0.0) if not worked else breaker.succeeded()
        assert opened == (len(last) == window and not any(last))
        if opened:
            return


A, B = TopicPartition("a", 0), TopicPartition("b", 0)


def test_results_wait_for_earlier_ones_of_their_session() -> None:
    # a@7 is done but a@5, of another session, is not: b@3 of the same session must not become visible before it.
    done = [Done(A, 7, "s", ()), Done(B, 3, "s", ()), Done(B, 4, "t", ())]
    assert limit(done, {A: 5, B: 9}) == {A: 5, B: 3}
    assert limit(done, {A: 8, B: 9}) == {A: 8, B: 9}
    assert limit([], {A: 8}) == {A: 8}


places = st.tuples(st.sampled_from([A, B]), st.integers(0, 20), st.sampled_from("stu"))


@given(records=st.lists(places, unique_by=lambda place: place[:2]), a=st.integers(0, 21), b=st.integers(0, 21))
def test_a_session_becomes_visible_in_its_order(records: list[tuple[TopicPartition, int, str]], a: int, b: int) -> None:
    done = [Done(partition, offset, session, ()) for partition, offset, session in records]
    limits = limit(done, {A: a, B: b})
    assert limits[A] <= a
    assert limits[B] <= b
    going = [one.offset < limits[one.partition] for one in done]
    for session in "stu":
        mine = [goes for goes, one in zip(going, done, strict=True) if one.session == session]
        assert mine == sorted(mine, reverse=True)  # those that go, then those that wait


def test_a_session_is_parked_until_the_last_of_its_records_is_done() -> None:
    parked = Parked()
    first, second = Origin("t", 0, 5, 0), Origin("t", 0, 6, 0)
    parked.add("s", first)
    parked.add("s", second)
    parked.add("s", first)
    assert "s" in parked
    assert "t" not in parked
    assert parked.has("s", first)
    parked.remove("s", first)
    assert "s" in parked
    assert not parked.has("s", first)
    parked.remove("s", second)
    parked.remove("s", second)
    assert "s" not in parked


def test_how_a_handler_takes_its_arguments() -> None:
    assert takes_context(lambda record, context: None)
    assert not takes_context(lambda record: None)
    assert not takes_context(lambda record, retries=3: None)
    with pytest.raises(TypeError, match="must take the record"):
        takes_context(lambda: None)
