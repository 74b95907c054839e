"""The order of a conversation."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.console.store.order import Standing, in_order
from pipeline.console.store.schema import ITEM, RESPONSE


def item(name: str, at: int, behind: str | None = None) -> Standing:
    return Standing(at, ITEM, name, at, at, behind)


def response(name: str, at: int, behind: str | None = None) -> Standing:
    return Standing(at, RESPONSE, name, at, at, behind)


def test_items_follow_their_predecessors() -> None:
    assert in_order([item("c", 1, "b"), item("b", 2, "a"), item("a", 3)]) == [3, 2, 1]


def test_what_was_put_in_between_stands_there() -> None:
    assert in_order([item("a", 1), item("b", 2, "a"), item("c", 3, "b"), item("x", 4, "a")]) == [1, 4, 2, 3]


def test_without_predecessors_they_stand_as_they_were_opened() -> None:
    assert in_order([item("b", 3), item("a", 1), item("c", 2, "not here")]) == [1, 2, 3]


def test_a_response_stands_behind_its_last_item() -> None:
    assert in_order([item("a", 1), item("b", 2, "a"), response("r", 3, "a")]) == [1, 3, 2]


def test_a_response_without_items_stands_where_it_came_out() -> None:
    assert in_order([response("r", 1), item("a", 2), response("s", 3), item("b", 4, "a")]) == [1, 2, 3, 4]


def test_a_circle_loses_nothing() -> None:
    assert sorted(in_order([item("a", 1, "b"), item("b", 2, "a"), item("c", 3, "c")])) == [1, 2, 3]


names = st.sampled_from("abcdefgh")
standing = st.builds(
    Standing, st.just(0), st.sampled_from([ITEM, RESPONSE]), names, st.integers(0, 9), st.integers(0, 9),
    st.none() | names,
)  # fmt: skip


@given(st.lists(standing, unique_by=lambda one: (one.kind, one.name)), st.randoms())
def test_each_stands_once_in_whatever_order_they_are_read(entries: list[Standing], rng) -> None:
    entries = [one._replace(id=number) for number, one in enumerate(entries)]
    found = in_order(entries)
    assert sorted(found) == list(range(len(entries)))
    rng.shuffle(entries)
    assert in_order(entries) == found
