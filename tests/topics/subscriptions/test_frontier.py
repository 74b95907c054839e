"""What may be committed: everything before it is finished, and nothing finished is held back for nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from topics.subscriptions.frontier import Frontier


def test_in_order() -> None:
    frontier = Frontier(7)
    assert frontier.committable == 7
    frontier.read([7, 8, 11], 12)  # gaps are markers of transactions, or were compacted away
    assert (frontier.committable, frontier.unfinished) == (7, 3)
    frontier.finish(7)
    assert frontier.committable == 8
    frontier.finish(8)
    assert frontier.committable == 11
    frontier.finish(11)
    assert (frontier.committable, frontier.unfinished) == (12, 0)
    frontier.advance(20)
    assert frontier.committable == 20


def test_out_of_order() -> None:
    frontier = Frontier(0)
    frontier.read([0, 1, 2, 3], 4)
    for offset in (3, 1):
        frontier.finish(offset)
        assert frontier.committable == 0
    frontier.finish(0)
    assert frontier.committable == 2
    frontier.finish(2)
    assert frontier.committable == 4


@pytest.mark.parametrize("offset", [0, 1, 99])
def test_what_is_not_open_is_passed_over(offset: int) -> None:
    frontier = Frontier(2)
    frontier.read([2], 3)
    frontier.finish(2)
    frontier.finish(offset)
    assert frontier.committable == 3


@given(gaps=st.lists(st.integers(1, 5), min_size=1, max_size=40), data=st.data())
def test_the_lowest_unfinished(gaps: list[int], data: st.DataObject) -> None:
    offsets = [sum(gaps[: index + 1]) for index in range(len(gaps))]
    frontier = Frontier(0)
    cut = data.draw(st.integers(0, len(offsets)))
    known: list[int] = []
    finished: set[int] = set()
    for part in (offsets[:cut], offsets[cut:]):
        if part:
            frontier.read(part, part[-1] + 1)
            known += part
        for offset in data.draw(st.lists(st.sampled_from(known), max_size=30)) if known else []:
            frontier.finish(offset)
            finished.add(offset)
            unfinished = [one for one in known if one not in finished]
            assert frontier.committable == (min(unfinished) if unfinished else known[-1] + 1)
            assert frontier.unfinished == len(unfinished)
