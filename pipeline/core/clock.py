"""Stream time, in whole minutes, and which sessions it makes idle.

Minutes keep the state small (a session's clock is written once a minute, not once an event) and exact: what a restart
reads is what was there, so sessions expire at the same event whatever happened in between.
"""

from __future__ import annotations

from collections.abc import Iterator

MINUTE_MS = 60_000

NO_MINUTE = 2**63
"""Later than any."""


class Expiry:
    """Sessions by the minute of their last event. All operations are cheap, whatever the number of sessions."""

    def __init__(self, after_ms: int) -> None:
        self._after_minutes = -(-after_ms // MINUTE_MS)
        self._minutes: dict[int, dict[bytes, None]] = {}
        self._oldest: int | None = None

    def __len__(self) -> int:
        return sum(len(names) for names in self._minutes.values())

    def note(self, name: bytes, minute: int) -> None:
        """The session had its last event in this minute."""
        self._minutes.setdefault(minute, {})[name] = None
        if self._oldest is None or minute < self._oldest:
            self._oldest = minute

    def drop(self, name: bytes, minute: int) -> None:
        """Forget what `note` said."""
        names = self._minutes.get(minute)
        if names is not None:
            names.pop(name, None)
            if not names:
                del self._minutes[minute]
                if minute == self._oldest:
                    self._oldest = min(self._minutes, default=None)

    def due(self, minute: int) -> Iterator[bytes]:
        """Sessions that are past their time at `minute`, oldest first, taken out as they are given."""
        while self._oldest is not None and minute > self._oldest + self._after_minutes:
            at = self._oldest
            for name in sorted(self._minutes[at]):
                self.drop(name, at)
                yield name

    def oldest(self) -> bytes | None:
        """A session whose last event is the longest ago."""
        return next(iter(self._minutes[self._oldest])) if self._oldest is not None else None
