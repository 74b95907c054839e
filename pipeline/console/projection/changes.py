"""Who wants to know is told what a committed batch changed. In one process: the projection's and the API's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from pipeline.console.queries import EntryName


@dataclass(slots=True)
class Changed:
    """What changed since the last one. sessions: by session id, their entries that did, those that changed last at the
    end; forgotten: erased sessions."""

    sessions: dict[str, set[EntryName]] = field(default_factory=dict[str, set[EntryName]])
    forgotten: set[str] = field(default_factory=set[str])
    rejected: int = 0

    def add(self, other: Changed) -> None:
        """This, and the other after it."""
        for name, entries in other.sessions.items():
            known = self.sessions.pop(name, set[EntryName]())
            known.update(entries)
            self.sessions[name] = known
            self.forgotten.discard(name)
        for name in other.forgotten:
            self.sessions.pop(name, None)
            self.forgotten.add(name)
        self.rejected += other.rejected

    def __bool__(self) -> bool:
        return bool(self.sessions or self.forgotten or self.rejected)


class Listener:
    """What one listener has not taken yet. What comes in meanwhile is put together, so that a slow one costs no more
    than the names of what changed."""

    def __init__(self) -> None:
        self._waiting = Changed()
        self._there = asyncio.Event()

    def tell(self, changed: Changed) -> None:
        """To be called in the loop's thread."""
        self._waiting.add(changed)
        self._there.set()

    async def next(self) -> Changed:
        """Waits until something changed."""
        await self._there.wait()
        self._there.clear()
        taken, self._waiting = self._waiting, Changed()
        return taken


class Notifier:
    """Tells every listener."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()

    def tell(self, changed: Changed) -> None:
        """To be called in the loop's thread, when the change is committed."""
        if changed:
            for listener in self._listeners:
                listener.tell(changed)

    async def listen(self) -> AsyncGenerator[Changed]:
        """Every change from now on. Close the iterator (`contextlib.aclosing`) when you are done."""
        listener = Listener()
        self._listeners.add(listener)
        try:
            while True:
                yield await listener.next()
        finally:
            self._listeners.discard(listener)
