"""Standing still for too long ends the stream."""

import pytest

from pipeline.streaming.failures import StreamError
from pipeline.streaming.progress import Waiting, check_progress


def test_nothing_waits() -> None:
    check_progress([], now=1e9, limit=1)


def test_waiting_within_the_limit() -> None:
    check_progress([Waiting("records wait", since=100)], now=110, limit=10)


def test_the_one_that_waits_too_long_is_named() -> None:
    waiting = [Waiting("fine", since=109), Waiting("records wait in t[1] after offset 7", since=99)]
    with pytest.raises(StreamError, match=r"11 s: records wait in t\[1\] after offset 7"):
        check_progress(waiting, now=110, limit=10)
