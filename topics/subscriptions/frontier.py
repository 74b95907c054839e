"""Up to where a topic partition is finished: what may be committed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class Frontier:
    """The unfinished offsets of one topic partition.

    Records finish in any order; what may be committed is the lowest that has not finished, since Kafka keeps one number
    a partition and takes everything before it for done.
    """

    __slots__ = ("_finished", "_open", "_position")

    def __init__(self, position: int) -> None:
        """`position`: the offset reading starts at."""
        self._position = position
        self._open: deque[int] = deque()
        self._finished: set[int] = set()

    def read(self, offsets: Iterable[int], position: int) -> None:
        """These offsets were read, in rising order, and are unfinished; reading goes on at `position`."""
        self._open.extend(offsets)
        self._position = position

    def advance(self, position: int) -> None:
        """Reading goes on at `position`, and there was no record before it."""
        self._position = max(self._position, position)

    def finish(self, offset: int) -> None:
        """The record at `offset` is finished. One that is not open is passed over."""
        unfinished = self._open
        if unfinished and unfinished[0] == offset:
            unfinished.popleft()
            finished = self._finished
            while finished and unfinished and unfinished[0] in finished:
                finished.discard(unfinished.popleft())
        elif unfinished and offset > unfinished[0]:
            self._finished.add(offset)

    @property
    def committable(self) -> int:
        """The offset to commit: everything before it is finished."""
        return self._open[0] if self._open else self._position

    @property
    def unfinished(self) -> int:
        """How many records are open."""
        return len(self._open) - len(self._finished)
