"""Which sessions are kept as objects, which take several times the memory of a session that sleeps (see `asleep`)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from weakref import ref

from pipeline.core.state import Session

Sessions = OrderedDict[bytes, Session]

LARGE = 250
"""A session of more entities never sleeps again: to wake one must cost the same whatever its history."""
MISSES = 16
"""So many sessions in vain are looked at for one that may sleep."""


class Room:
    """How many sessions may be awake, in all partitions that share it: those of a process.

    There is no limit to sessions that were heard of just now: to wake for every event would cost more than it saves.
    """

    def __init__(self, sessions: int) -> None:
        self._sessions = sessions
        self._taken: list[ref[Sessions]] = []

    def enter(self, sessions: Sessions) -> None:
        """Count these, as long as somebody else holds them."""
        self._taken = [one for one in self._taken if one() is not None]
        self._taken.append(ref(sessions))

    def excess(self) -> int:
        """How many there are too many."""
        return sum([len(one() or ()) for one in self._taken]) - self._sessions


class Awake:
    """A partition's sessions that are awake, roughly in the order in which they were heard of last.

    restless: for so many records of the partition a session stays awake after an event of its own.
    """

    def __init__(self, room: Room, restless: int) -> None:
        self.sessions: Sessions = OrderedDict()
        self.heard = 0
        """Records of the partition so far: what sessions remember of when they were heard of."""
        self._room = room
        self._restless = restless
        room.enter(self.sessions)

    def take_tired(self, quiet: bool = False) -> Iterator[Session]:
        """Take out sessions that may sleep, as many as there are too many; few are looked at in vain.

        quiet: the partition has no traffic, so all of them may. A session whose response is under way stays: its deltas
        would wake it.
        """
        sessions, since = self.sessions, self.heard - (0 if quiet else self._restless)
        excess, misses = min(self._room.excess(), len(sessions)), MISSES
        while excess > 0 and misses:
            raw, session = next(iter(sessions.items()))
            if session.heard >= since or session.running or _size(session) > LARGE:
                sessions.move_to_end(raw)
                misses -= 1
            else:
                del sessions[raw]
                excess -= 1
                misses = MISSES
                yield session


def _size(session: Session) -> int:
    return len(session.items) + len(session.replies) + len(session.forgotten)
