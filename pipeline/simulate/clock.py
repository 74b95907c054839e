"""Times as RFC 3339 text, and a schedule that holds a rate."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Stamp:
    """RFC 3339 times in ms, in UTC; quick for times that mostly fall into the same second."""

    def __init__(self) -> None:
        self._second = -1
        self._prefix = b""

    def __call__(self, time_ms: int) -> bytes:
        second, rest = divmod(time_ms, 1000)
        if second != self._second:
            self._second = second
            self._prefix = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S").encode()
        return b"%s.%03dZ" % (self._prefix, rest)


class Pace:
    """Holds `rate` events a second on average from the first on; None is as fast as it goes.

    The schedule is fixed at the start, by a monotonic clock: what was late is made up for, so that the rate told is the
    rate kept, as long as it can be kept at all.
    """

    def __init__(self, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._began = clock()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return self._clock() - self._began

    def allowed(self, sent: int, most: int) -> int:
        """How many events may go now, `sent` having gone; at most `most`."""
        if self._rate is None:
            return most
        return max(0, min(most, int(self.seconds * self._rate) + 1 - sent))

    def wait(self, sent: int) -> float:
        """Seconds until the next event may go."""
        if self._rate is None:
            return 0.0
        return max(0.0, sent / self._rate - self.seconds)
