"""What the server will say and has said: events in the order of their times."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.simulate.model import Json
from pipeline.simulate.talk import Effect, Entry


@dataclass(slots=True)
class Said:
    """An event with when it is said (ms), what it means for the account, and the response it is part of (or None)."""

    at: int
    event: Json
    effect: Effect
    response: int | None = None


class Outbox:
    """A queue by time; among equals, in the order they came."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, int, Said]] = []
        self._count = 0

    def put(self, entries: Iterable[Entry], response: int | None = None, not_before: int = 0) -> None:
        """Entries of a talk, to be said at their times."""
        for at, _, event, effect in sorted(entries, key=lambda entry: entry[:2]):
            said = Said(max(at, not_before), event, effect, response)
            heapq.heappush(self._waiting, (said.at, self._count, said))
            self._count += 1

    @property
    def next_at(self) -> int | None:
        """When the next event is to be said; None where nothing waits."""
        return self._waiting[0][0] if self._waiting else None

    def take(self) -> Said:
        """The next event. Raises IndexError where nothing waits."""
        return heapq.heappop(self._waiting)[2]

    def drop(self, response: int) -> None:
        """Forget what is left of a response."""
        self._waiting = [one for one in self._waiting if one[2].response != response]
        heapq.heapify(self._waiting)
