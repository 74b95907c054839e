"""The rate of a run: from its middle part, without the start of the processes and the last stragglers."""

import pytest

from bench.growth.speed import Sample, speed


def looks(*pairs: tuple[float, int]) -> list[Sample]:
    return [Sample(seconds, committed, cpu=seconds * 0.5, broker=seconds * 0.1) for seconds, committed in pairs]


def test_the_start_does_not_count() -> None:
    found = speed(looks((0, 0), (5, 0), (6, 100), (7, 550), (8, 950), (60, 1000)), before=0, records=1000)
    assert found.rate == pytest.approx(850 / 2)
    assert found.worker_us == pytest.approx(1.0 / 850 * 1e6)
    assert found.broker_us == pytest.approx(0.2 / 850 * 1e6)


def test_what_was_there_before_does_not_count() -> None:
    found = speed(looks((0, 500), (1, 600), (2, 1450), (3, 1500)), before=500, records=1000)
    assert found.rate == pytest.approx(850)


def test_a_run_too_short_to_see_is_told() -> None:
    with pytest.raises(RuntimeError, match="more events"):
        speed(looks((0, 0), (1, 1000)), before=0, records=1000)
