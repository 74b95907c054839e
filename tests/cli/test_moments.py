"""Times as one writes them."""

import pytest

from pipeline.cli.moments import moment_ms
from pipeline.errors import UsageError

NOW = 1_790_000_000_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("30s", NOW - 30_000),
        ("10m", NOW - 600_000),
        ("1.5h", NOW - 5_400_000),
        ("2d", NOW - 172_800_000),
        ("2026-09-21T14:13:20Z", NOW),
        ("2026-09-21T16:13:20.5+02:00", NOW + 500),
    ],
)
def test_moments(text: str, ms: int) -> None:
    assert moment_ms(text, "--since", NOW) == ms


@pytest.mark.parametrize("text", ["", "10", "m", "-5m", "yesterday", "2026-09-21", "2026-09-21T14:13:20"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--since"):
        moment_ms(text, "--since")
