"""What was received and is not delivered yet: bounded, filled by any thread, emptied by one."""

from __future__ import annotations

import threading
from collections import deque
from typing import Literal

from pipeline.ingest.tap.tapped import Counts, Received

WhenFull = Literal["drop-newest", "drop-oldest"]


class Backlog:
    """`when_full`: which events go where one more would make it larger than `max_bytes`. All are counted."""

    def __init__(self, max_bytes: int, when_full: WhenFull, counts: Counts) -> None:
        self._max_bytes = max_bytes
        self._drop_oldest = when_full == "drop-oldest"
        self._counts = counts
        self._lock = threading.Lock()
        self._waiting: deque[Received] = deque()
        self._waiting_bytes = 0
        self._under_way = 0
        self._under_way_bytes = 0
        self._closed = False

    def put(self, received: Received) -> None:
        """Take one in, or drop it or older ones."""
        size = received.size
        with self._lock:
            self._counts.seen += 1
            if self._closed:
                self._counts.dropped += 1
                return
            while self.held_bytes + size > self._max_bytes:
                if not self._drop_oldest or not self._waiting:
                    self._counts.dropped += 1
                    return
                self._waiting_bytes -= self._waiting.popleft().size
                self._counts.dropped += 1
            self._waiting.append(received)
            self._waiting_bytes += size

    def take(self, max_events: int, max_bytes: int) -> list[Received]:
        """The oldest, one at least where there is any: they are under way until `done`."""
        with self._lock:
            taken: list[Received] = []
            size = 0
            while self._waiting and len(taken) < max_events and (not taken or size < max_bytes):
                taken.append(self._waiting.popleft())
                size += taken[-1].size
            self._waiting_bytes -= size
            self._under_way, self._under_way_bytes = len(taken), size
            return taken

    def done(self) -> None:
        """What was taken has been delivered or refused."""
        with self._lock:
            self._under_way = self._under_way_bytes = 0

    @property
    def held_bytes(self) -> int:
        """Of events that wait or are under way."""
        return self._waiting_bytes + self._under_way_bytes

    def close(self) -> int:
        """Take no more; returns how many were left."""
        with self._lock:
            self._closed = True
            return len(self._waiting) + self._under_way

    def __len__(self) -> int:
        """Events that wait or are under way."""
        with self._lock:
            return len(self._waiting) + self._under_way
