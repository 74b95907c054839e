"""Times as collectors write them, RFC 3339, in milliseconds since the epoch."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

_FORM = re.compile(rb"[0-9]{4}(-[0-9]{2}){2}[Tt][0-9]{2}(:[0-9]{2}){2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")

_USUAL = len("2026-01-31T23:59:59.999Z")
_POINT = len("2026-01-31T23:59:59")
_SECONDS = 4096
"""So many seconds are remembered: events come in the same few."""


def milliseconds(told: bytes) -> int | None:
    """The moment that `told` names, what is below a millisecond cut off; None where it names none."""
    if len(told) == _USUAL and told[_POINT] == 46 and told[-1] == 90:  # a point and a Z
        thousandths = told[_POINT + 1 : -1]
        second = _second(told[:_POINT])
        if second is not None and second >= 0 and thousandths.isdigit():
            return second + int(thousandths)
    return _any(told)


@lru_cache(_SECONDS)
def _second(told: bytes) -> int | None:
    return _any(told + b"Z")


def _any(told: bytes) -> int | None:
    if not _FORM.fullmatch(told):
        return None
    try:
        return int(datetime.fromisoformat(told.decode().upper()).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None  # of the form of a time, and no such day or hour
