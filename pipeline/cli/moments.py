"""Points in time as one writes them on a command line."""

import re
import time
from datetime import datetime

from pipeline.errors import UsageError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGO = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


def moment_ms(text: str, flag: str, now_ms: int | None = None) -> int:
    """`10m` (ago; s, m, h or d), or an RFC 3339 time: milliseconds since the epoch. Raises UsageError naming `flag`."""
    if ago := _AGO.fullmatch(text.strip()):
        now = time.time_ns() // 1_000_000 if now_ms is None else now_ms
        return now - round(float(ago[1]) * _SECONDS[ago[2]] * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(f"{flag} {text}: write how long ago (30s, 10m, 2h, 3d) or a time such as 2026-01-31T12:00:00Z")
    return round(moment.timestamp() * 1000)
