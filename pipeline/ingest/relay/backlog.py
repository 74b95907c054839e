"""How far the sender is behind the journal, and for how long it has not come any further."""

from __future__ import annotations

import asyncio
import time

from pipeline.ingest.journal.format import START, Position
from pipeline.ingest.journal.writer import JournalWriter
from pipeline.ingest.relay.sending import SenderState

WATCH_SECONDS = 0.5
PATIENCE_SECONDS = 5.0
"""A sender that stands still for longer while there is something to send counts as ill: aiokafka tries for up to 40 s
before it says that Kafka is away."""


class Backlog:
    """Looks at both from time to time."""

    def __init__(self, journal: JournalWriter, state: SenderState) -> None:
        self._journal = journal
        self._state = state
        self._position: Position = START
        self._moved = time.monotonic()
        self.unsent_bytes = 0

    @property
    def standstill_seconds(self) -> float:
        """0 where all is sent."""
        return time.monotonic() - self._moved if self.unsent_bytes else 0.0

    @property
    def stands_still(self) -> bool:
        return self.standstill_seconds > PATIENCE_SECONDS

    async def watch(self) -> None:
        """For ever."""
        while True:
            self.look()
            await asyncio.sleep(WATCH_SECONDS)

    def look(self) -> None:
        """Once."""
        position = self._state.position
        self.unsent_bytes = self._journal.bytes_behind(position)
        if position != self._position or not self.unsent_bytes:
            self._position, self._moved = position, time.monotonic()
