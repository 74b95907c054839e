"""Times as collectors write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.event import rfc3339
from pipeline.core.rfc3339 import milliseconds


@pytest.mark.parametrize(
    ("told", "ms"),
    [
        (b"1970-01-01T00:00:00.000Z", 0),
        (b"2026-05-28T20:27:18.031Z", 1_780_000_038_031),
        (b"2026-05-28T20:27:18Z", 1_780_000_038_000),
        (b"2026-05-28t20:27:18.031999z", 1_780_000_038_031),
        (b"2026-05-28T22:27:18.031+02:00", 1_780_000_038_031),
        (b"1969-12-31T23:59:59.000Z", -1000),
        (b"2026-02-30T20:27:18.031Z", None),
        (b"2026-05-28T24:27:18.031Z", None),
        (b"2026-05-28T20:27:60.031Z", None),
        (b"2026-05-28T20:27:18.+31Z", None),
        (b"2026-05-28 20:27:18.031Z", None),
        (b"2026-05-28T20:27:18.031\xff", None),
        (b"", None),
    ],
)
def test_a_time(told: bytes, ms: int | None) -> None:
    assert milliseconds(told) == ms


@given(st.integers(0, 7_000_000_000_000))
def test_a_time_of_the_usual_form_reads_as_any_other(ms: int) -> None:
    told = rfc3339(ms).encode()
    assert milliseconds(told) == milliseconds(told.replace(b"Z", b"+00:00")) == ms
