"""What is done with bytes after they were passed on: every socket that is ready goes first."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

AT_LEAST = 8
"""Chunks of one turn of the event loop, where so many wait."""
MAX_WAITING_BYTES = 1024 * 1024
"""More than that are not kept: who passes on the next chunk reads them first."""

Read = Callable[[bytes], None]


class Afterwards:
    """Reads chunks in the order they were put, whichever connections they are of, between two looks at the sockets.

    A turn reads half of what waits, and a few chunks at least: what becomes ready meanwhile does not wait for all of
    it, and yet there is never more of it than came in two turns.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[Read, bytes]] = deque()
        self._waiting_bytes = 0
        self._due = False

    def put(self, read: Read, data: bytes) -> None:
        """Call `read(data)` soon; it may not raise."""
        self._waiting.append((read, data))
        self._waiting_bytes += len(data)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self.finish()
        elif not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._turn)

    def finish(self) -> None:
        """Read all that waits, now."""
        self._read(len(self._waiting))

    def _turn(self) -> None:
        waiting = len(self._waiting)
        try:
            self._read(min(waiting, max(AT_LEAST, waiting // 2)))
        finally:
            self._due = bool(self._waiting)
            if self._due:
                asyncio.get_running_loop().call_soon(self._turn)

    def _read(self, chunks: int) -> None:
        waiting = self._waiting
        for _ in range(chunks):
            read, data = waiting.popleft()
            self._waiting_bytes -= len(data)
            read(data)
