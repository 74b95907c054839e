"""What one tenant may send: a pure account, told the time by whoever asks."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveFloat, PositiveInt


class Limits(BaseModel):
    """Of one tenant in one process; None: no limit of this kind."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    events_per_second: PositiveFloat | None = None
    bytes_per_second: PositiveFloat | None = None
    connections: NonNegativeInt | None = None
    """Open at a time: WebSocket connections of the relay, requests over HTTP."""
    max_event_bytes: PositiveInt | None = None

    def over(self, defaults: Limits) -> Limits:
        """These limits, and those of `defaults` where none is told."""
        return defaults.model_copy(update=self.model_dump(exclude_none=True))


class TooManyConnections(Exception):
    """The tenant has as many open as it may have."""


class _Bucket:
    """Tokens that come at a rate, up to one second's worth. A debt is allowed: so a large batch passes, and is paid."""

    __slots__ = ("_at", "_tokens")

    def __init__(self) -> None:
        self._tokens: float | None = None
        self._at = 0.0

    def wait(self, rate: float, now: float) -> float:
        """Seconds until something may be taken; 0 where it may be now."""
        self._tokens = rate if self._tokens is None else min(rate, self._tokens + (now - self._at) * rate)
        self._at = now
        return 0.0 if self._tokens > 0 else max(1e-3, -self._tokens / rate)

    def take(self, amount: float) -> None:
        if self._tokens is not None:
            self._tokens -= amount


class Account:
    """What one tenant has used. Its limits are told at each call: they may change while it is in use."""

    def __init__(self) -> None:
        self._events = _Bucket()
        self._bytes = _Bucket()
        self.connections = 0

    def admit(self, limits: Limits, now: float, *, events: int, size: int) -> float:
        """0 where so many events of so many bytes are let in (and counted), else seconds until to try again.

        now: a clock that never goes back, in seconds.
        """
        wanted = (
            (self._events, limits.events_per_second, events),
            (self._bytes, limits.bytes_per_second, size),
        )
        wait = max(bucket.wait(rate, now) if rate else 0.0 for bucket, rate, _ in wanted)
        if not wait:
            for bucket, rate, amount in wanted:
                if rate:
                    bucket.take(amount)
        return wait

    @contextmanager
    def connection(self, limits: Limits) -> Generator[None]:
        """Counts one connection while it is open. Raises TooManyConnections."""
        if limits.connections is not None and self.connections >= limits.connections:
            raise TooManyConnections
        self.connections += 1
        try:
            yield
        finally:
            self.connections -= 1
