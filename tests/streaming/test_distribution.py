"""Counting many values at once is counting each."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.streaming.distribution import Distribution

BOUNDS = (1, 5, 10)


@given(st.lists(st.integers(-3, 15)), st.integers(-20, 20))
def test_many_at_once(values: list[int], now: int) -> None:
    one_by_one, together = Distribution(BOUNDS), Distribution(BOUNDS)
    for value in values:
        one_by_one.note(value)
    together.note_ages([now - value for value in values], now)
    assert together.counts == one_by_one.counts == [
        sum(value <= 1 for value in values),
        sum(1 < value <= 5 for value in values),
        sum(5 < value <= 10 for value in values),
        sum(value > 10 for value in values),
    ]  # fmt: skip
    assert together.total == one_by_one.total == sum(values)
    assert together.cumulative(0.5)[-1] == ("+Inf", len(values))
    assert [bound for bound, _ in together.cumulative(0.5)] == ["0.5", "2.5", "5", "+Inf"]
