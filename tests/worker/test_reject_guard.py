"""A run of rejects above the limit stops the worker."""

import pytest

from pipeline.core import Counts
from pipeline.worker.reject_guard import RejectGuard, TooManyRejectsError


def batch(good: int, bad: int) -> Counts:
    return Counts(consumed=good + bad, used=good, rejected={"not_json": bad} if bad else {})


def test_below_a_full_window_nothing_is_said() -> None:
    RejectGuard(0.5, 100).check(batch(0, 99))


def test_a_full_window_of_rejects_stops() -> None:
    guard = RejectGuard(0.5, 100)
    guard.check(batch(0, 60))
    with pytest.raises(TooManyRejectsError, match=r"120 of the last 120 .*most: not_json.* limit of 50%"):
        guard.check(batch(0, 60))


def test_at_the_limit_is_not_above_it() -> None:
    RejectGuard(0.5, 100).check(batch(50, 50))


def test_good_records_long_ago_do_not_excuse() -> None:
    guard = RejectGuard(0.5, 100)
    for _ in range(20):
        guard.check(batch(100, 0))
    guard.check(batch(49, 51 - 2))
    with pytest.raises(TooManyRejectsError):
        guard.check(batch(0, 100))


def test_scattered_rejects_never_stop() -> None:
    guard = RejectGuard(0.1, 1_000)
    for _ in range(500):
        guard.check(batch(19, 1))


def test_a_window_of_zero_switches_it_off() -> None:
    RejectGuard(0.5, 0).check(batch(0, 1_000_000))


def test_empty_batches_do_not_count() -> None:
    guard = RejectGuard(0.0, 1)
    guard.check(Counts())
    with pytest.raises(TooManyRejectsError):
        guard.check(batch(0, 1))
