"""Times as collectors write them, RFC 3339, in milliseconds since the epoch."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

_FORM = re.compile(rb"[0-9]{4}(-[0-9]{2}){2}[Tt][0-9]{2}(:[0-9]{2}){2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")

_USUAL = len("2026-01-31T23:59:59.999Z")
_TO_MINUTE = len("2026-01-31T23:59:")
_MINUTES = 256
"""So many minutes are remembered: events come in the same few."""


def milliseconds(told: bytes) -> int | None:
    """The moment that `told` names, what is below a millisecond cut off; None where it names none."""
    if len(told) == _USUAL and told[19:20] == b"." and told[23:] == b"Z":
        seconds, thousandths = told[17:19], told[20:23]
        if seconds.isdigit() and thousandths.isdigit() and seconds < b"60":
            minute = _minute(told[:_TO_MINUTE])
            if minute is not None and minute >= 0:
                return minute + int(seconds) * 1000 + int(thousandths)
    return _any(told)


@lru_cache(_MINUTES)
def _minute(told: bytes) -> int | None:
    return _any(told + b"00Z")


def _any(told: bytes) -> int | None:
    if not _FORM.fullmatch(told):
        return None
    try:
        return int(datetime.fromisoformat(told.decode().upper()).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None  # of the form of a time, and no such day or hour
