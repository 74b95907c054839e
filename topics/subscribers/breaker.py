"""Stops handing out records while everything fails: trying on would only move all of them to the dead letters."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class BreakerSettings:
    """When nothing is handed out any more, and for how long.

    It opens when, of the last `window` tries, at least `ratio` failed (and at least `window` were made). Then nothing
    is tried for `cooldown` seconds, then one record; while that fails too the wait doubles, up to `longest`.
    """

    window: int = 20
    ratio: float = 0.9
    cooldown: float = 5.0
    longest: float = 300.0

    def __post_init__(self) -> None:
        if self.window < 1 or not 0 < self.ratio <= 1 or self.cooldown <= 0 or self.longest < self.cooldown:
            raise ValueError("window at least 1, ratio above 0 and at most 1, cooldown above 0, longest not below it")


class Breaker:
    """Pure: whoever uses it tells the time, in seconds of any clock."""

    def __init__(self, settings: BreakerSettings) -> None:
        self._settings = settings
        self._outcomes: deque[bool] = deque(maxlen=settings.window)
        self._open_until: float | None = None
        self._cooldown = settings.cooldown
        self._trying = False

    @property
    def state(self) -> Literal["closed", "open", "trying"]:
        if self._open_until is None:
            return "closed"
        return "trying" if self._trying else "open"

    @property
    def failures(self) -> int:
        """Of the tries it remembers, those that failed."""
        return self._outcomes.count(False)

    @property
    def tries(self) -> int:
        """How many tries it remembers."""
        return len(self._outcomes)

    def seconds_left(self, now: float) -> float:
        """Seconds until it is worth asking."""
        if self._open_until is None:
            return 0.0
        return self._settings.cooldown if self._trying else max(0.0, self._open_until - now)

    def ask(self, now: float) -> float:
        """Seconds until a record may be tried; 0: now. While the breaker is open, one try at a time gets 0."""
        if self._open_until is None:
            return 0.0
        if self._trying:
            return self._settings.cooldown
        if now < self._open_until:
            return self._open_until - now
        self._trying = True
        return 0.0

    def succeeded(self) -> bool:
        """A try went well. Returns whether that closed the breaker."""
        if self._open_until is not None and self._trying:
            self._open_until = None
            self._trying = False
            self._cooldown = self._settings.cooldown
            self._outcomes.clear()
            return True
        self._outcomes.append(True)
        return False

    def failed(self, now: float) -> bool:
        """A try failed. Returns whether that opened the breaker, or kept it open."""
        if self._open_until is not None:
            if self._trying:
                self._trying = False
                self._cooldown = min(self._cooldown * 2, self._settings.longest)
                self._open_until = now + self._cooldown
                return True
            return False  # begun before it opened
        self._outcomes.append(False)
        settings = self._settings
        if len(self._outcomes) == settings.window and self.failures >= settings.ratio * settings.window:
            self._open_until = now + self._cooldown
            return True
        return False

    def given_up(self) -> None:
        """A try ended without telling anything, such as by a stop."""
        self._trying = False
