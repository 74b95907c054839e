"""How often a record is tried, and when."""

from __future__ import annotations

from dataclasses import dataclass


class GiveUp(Exception):
    """Raise it in a handler: no further try can help, the record goes to the dead letters at once."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """Tries of one record, the first one included, and the seconds between them.

    After try number n a record waits `first * factor ** (n - 1)` seconds, at most `longest`. Exceptions of a kind in
    `never` are not tried again.
    """

    attempts: int = 5
    first: float = 1.0
    factor: float = 4.0
    longest: float = 600.0
    never: tuple[type[Exception], ...] = ()

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"attempts={self.attempts}: at least 1, the first try")
        if self.first < 0 or self.factor < 1 or self.longest < self.first:
            raise ValueError("first must not be negative, factor not below 1, longest not below first")

    def seconds_after(self, attempt: int, error: Exception) -> float | None:
        """The wait after try number `attempt` (from 1) failed with `error`; None where it was the last."""
        if attempt >= self.attempts or isinstance(error, (GiveUp, *self.never)):
            return None
        # A float's exponent ends somewhere; by then the longest wait has long been reached.
        return min(self.first * self.factor ** min(attempt - 1, 200), self.longest)
