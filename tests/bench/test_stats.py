"""Rates and percentiles out of samples."""

import pytest

from bench.stats import Sample, input_records, percentile, spread, window


def samples(*visible: int) -> list[Sample]:
    return [Sample(float(second), number, 0.5 * second, 0.0) for second, number in enumerate(visible)]


def test_the_window_is_from_the_first_output_to_the_last() -> None:
    part = window(samples(0, 0, 100, 500, 900, 900, 900))
    assert part is not None
    assert (part.first.seconds, part.last.seconds) == (2, 4)
    assert part.seconds == 2
    assert part.visible == 800
    assert part.last.cpu - part.first.cpu == 1.0


@pytest.mark.parametrize("visible", [(), (0, 0), (0, 900, 900)])
def test_without_two_moments_there_is_no_window(visible: tuple[int, ...]) -> None:
    assert window(samples(*visible)) is None


def test_markers_of_transactions_are_no_records() -> None:
    part = window(samples(0, 110, 1100))
    assert part is not None
    assert input_records(part, counted=1000, visible=1100, inputs=1000, outputs=1000) == pytest.approx(900)


def test_outputs_stand_for_the_input_they_came_of() -> None:
    part = window(samples(0, 10, 60, 110))
    assert part is not None
    assert input_records(part, counted=110, visible=110, inputs=1100, outputs=110) == pytest.approx(1000)


def test_a_run_that_was_cut_counts_what_came() -> None:
    part = window(samples(0, 10, 60))
    assert part is not None
    assert input_records(part, counted=60, visible=60, inputs=1000, outputs=1000) == pytest.approx(50)


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.9, 90), (0.99, 99), (0.991, 100), (1.0, 100), (0.001, 1)])
def test_percentiles_are_values_that_occurred(share: float, value: int) -> None:
    assert percentile(range(1, 101), share) == value


def test_of_one_value_every_percentile_is_it() -> None:
    assert percentile([7.0], 0.5) == percentile([7.0], 0.99) == 7.0


def test_spread() -> None:
    assert spread([3.0, 1.0, 2.0]) == (2.0, 1.0, 3.0)
    with pytest.raises(ValueError, match="no values"):
        spread([])
