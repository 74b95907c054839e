"""Costs: a sum is never lower than what its tokens cost without saying so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.console.prices import Price, Prices, priced
from pipeline.console.queries import UsageSum

PRICES = Prices(currency="USD", models={"known-*": Price(input_text=1_000_000)})
MODELS = ("known-1", "known-2", "other", None)


def used(model: str | None, tokens: int, tenant: str | None = None) -> UsageSum:
    """One response of a model, with so many tokens of text sent to it."""
    numbers = dict.fromkeys(
        ("cached_tokens", "output_tokens", "input_audio_tokens", "cached_audio_tokens", "output_audio_tokens"), 0
    )
    return UsageSum(
        day=None, tenant=tenant, model=model, responses=1, input_tokens=tokens, total_tokens=tokens, **numbers
    )


sums = st.lists(
    st.builds(used, st.sampled_from(MODELS), st.integers(0, 1_000), st.sampled_from(("a", "b", None))), max_size=20
)


@given(sums, st.booleans())
def test_a_sum_tells_what_of_it_has_no_price(given_sums: list[UsageSum], by_model: bool) -> None:
    told = priced(given_sums, PRICES, by_model=by_model)
    lacking = [one for one in given_sums if not (one.model or "").startswith("known") and one.total_tokens]
    assert set(told.unpriced_models) == {one.model for one in lacking}
    assert sum(row.unpriced_responses for row in told.rows) == len(lacking)
    known = sum(one.total_tokens for one in given_sums if (one.model or "").startswith("known"))
    assert sum(row.priced_cost or 0 for row in told.rows) == pytest.approx(known)
    for row in told.rows:
        assert row.cost == (None if row.unpriced_responses else row.priced_cost)


def test_where_nothing_has_a_price_there_is_no_cost() -> None:
    (row,) = priced([used("other", 5)], PRICES, by_model=False).rows
    assert (row.cost, row.priced_cost, row.unpriced_responses) == (None, None, 1)


def test_no_tokens_cost_nothing() -> None:
    """Such as a response that failed before it told its model."""
    (row,) = priced([used("known-1", 3), used(None, 0)], PRICES, by_model=False).rows
    assert (row.cost, row.priced_cost, row.unpriced_responses) == (3, 3, 0)


def test_without_a_price_list_nothing_lacks() -> None:
    told = priced([used("other", 5)], None, by_model=True)
    assert (told.priced, told.unpriced_models, told.rows[0].unpriced_responses) == (False, [], 0)
