"""Appends to a journal from an event loop: `append` returns at once, a thread does the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.ingest.journal.folder import FolderLock, identity, remembered_sent
from pipeline.ingest.journal.format import HEAD_BYTES, HEADER_BYTES, MAX_RECORD_BYTES, Position, segment_path, segments
from pipeline.ingest.journal.segment import Segment
from pipeline.logs import get_logger

Fsync = Literal["none", "interval", "always"]
Acknowledged = Callable[[Sequence[bytes]], None]
"""Called in the journal's thread with the records that the policy now answers for."""
Fault = Callable[[str], None]
"""Called in the journal's thread at each step by its name; tests kill the process there."""

GATHER_SECONDS = 0.005
"""Between two writes: at thousands of records a second the thread would else wake up for each of them, and take the
interpreter from the event loop each time."""
WRITE_BYTES = 4 * 1024 * 1024
"""Of one write to the file, at most, or one record."""
MEASURE_SECONDS = 0.5
"""How often the folder's size is looked up, which the drain makes smaller."""
RETRY_SECONDS = (0.05, 5.0)
"""After a disk error, doubling from the first to the second."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JournalLimits:
    """How large the journal may grow, and when the disk must have what was written.

    fsync: `none`: when the system likes; `interval`: every `fsync_seconds`; `always`: before it is acknowledged.
    """

    max_bytes: int = 1 << 30
    segment_bytes: int = 64 << 20
    memory_bytes: int = 32 << 20
    """What may wait in memory for a slow disk."""
    fsync: Fsync = "interval"
    fsync_seconds: float = 0.1


@dataclass(slots=True)
class JournalStats:
    """What became of the records so far."""

    acknowledged: int = 0
    """Records the policy answers for."""
    refused: int = 0
    """Not taken: the journal was full, or the disk too slow for longer than memory lasts."""
    abandoned: int = 0
    """Taken, and given up at the end because the disk did not take them."""
    disk_errors: int = 0
    last_error: str | None = None
    """The disk error the journal is in; None where it writes."""
    stored_bytes: int = 0
    """On disk."""
    waiting_bytes: int = 0
    """In memory."""


def _no_fault(_step: str) -> None:
    """Nothing happens."""


class JournalWriter:
    """The one writer of a journal. What it acknowledges is read back by a `JournalReader`, in order, each once."""

    def __init__(
        self, folder: Path, limits: JournalLimits, acknowledged: Acknowledged | None = None, fault: Fault = _no_fault
    ) -> None:
        """Lock the folder and begin a segment. Raises ItemstreamError where another has it, OSError for the disk."""
        self.stats = JournalStats()
        self.limits = limits
        self._folder = folder
        self._acknowledged = acknowledged
        self._fault = fault
        self._lock = FolderLock(folder)
        try:
            self.id = identity(folder)
            # Never the number of a segment that was: Kafka has the positions of all that were sent.
            self._number = max([*segments(folder), remembered_sent(folder).segment, 0])
            self._segment: Segment | None = self._begin()
        except BaseException:
            self._lock.release()
            raise
        self._refused_size = 0
        self._measured = 0.0
        self._measure()
        self._dirty_since: float | None = None
        self._unsynced: list[bytes] = []
        self._mutex = threading.Lock()
        self._wake = threading.Event()
        self._waiting: list[bytes] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """Whether there is no room for a record, or still none for the one that was refused last."""
        stats, limits = self.stats, self.limits
        waiting = stats.waiting_bytes + max(self._refused_size, 1)
        return waiting > limits.memory_bytes or stats.stored_bytes + waiting > limits.max_bytes

    @property
    def alive(self) -> bool:
        """Whether its thread still works."""
        return self._thread.is_alive()

    def append(self, record: bytes) -> bool:
        """Take a record, not empty; False where it is refused, which is counted. Never waits for the disk."""
        size = len(record) + HEAD_BYTES
        stats, limits = self.stats, self.limits
        with self._mutex:
            if len(record) > MAX_RECORD_BYTES:
                stats.refused += 1
                return False
            waiting = stats.waiting_bytes + size
            if waiting > limits.memory_bytes or stats.stored_bytes + waiting > limits.max_bytes:
                stats.refused += 1
                self._refused_size = size
                return False
            stats.waiting_bytes = waiting
            self._waiting.append(record)
        if not self._wake.is_set():
            self._wake.set()
        return True

    def bytes_behind(self, position: Position) -> int:
        """Bytes in the journal that follow a position, as of half a second ago at most."""
        sizes = self._sizes
        later = sum(size for number, size in sizes.items() if number > position.segment and size > HEADER_BYTES)
        return later + max(0, sizes.get(position.segment, 0) - position.offset)

    def close(self) -> None:
        """Write what waits, once more where the disk refuses, and free the folder."""
        self._closing.set()
        self._wake.set()
        self._thread.join()
        self._lock.release()

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:
            # Memory fills up now and everything is refused, which is counted and seen: nobody waits for this thread.
            self.stats.last_error = f"{type(error).__name__}: {error}"
            log.exception("journal_stopped")
        if self._segment is not None:
            self._segment.close()

    def _work(self) -> None:
        while True:
            # Asked before the queue is emptied: nothing is appended after a close.
            closing = self._closing.is_set()
            with self._mutex:
                batch, self._waiting = self._waiting, []
            if batch:
                self._write(batch)
            self._sync_if_due(closing)
            if time.monotonic() - self._measured > MEASURE_SECONDS:
                self._measure()
            if closing:
                break
            if batch:
                time.sleep(GATHER_SECONDS)
            else:
                self._wake.wait(self._until_due())
                self._wake.clear()

    def _write(self, batch: list[bytes]) -> None:
        done = 0
        retry, longest = RETRY_SECONDS
        while done < len(batch):
            wrote, error = self._write_some(batch, done)
            self._written(batch[done : done + wrote])
            done += wrote
            if error is None:
                self.stats.last_error = None
                continue
            self.stats.disk_errors += 1
            if self.stats.last_error is None:
                log.error("journal_disk_error", error=error.strerror or str(error), folder=str(self._folder))
            self.stats.last_error = error.strerror or str(error)
            if self._closing.wait(retry):
                self.stats.abandoned += len(batch) - done
                self._release(batch[done:])
                log.error("journal_records_abandoned", records=len(batch) - done, error=self.stats.last_error)
                return
            retry = min(2 * retry, longest)

    def _write_some(self, batch: Sequence[bytes], start: int) -> tuple[int, OSError | None]:
        try:
            if self._segment is None or self._segment.broken or self._segment.size >= self.limits.segment_bytes:
                self._roll()
            assert self._segment is not None
        except OSError as error:
            return 0, error
        room = min(WRITE_BYTES, self.limits.segment_bytes - self._segment.size)
        end = start + 1
        size = len(batch[start])
        while end < len(batch) and (size := size + HEAD_BYTES + len(batch[end])) <= room:
            end += 1
        return self._segment.append(batch[start:end])

    def _written(self, records: Sequence[bytes]) -> None:
        if not records:
            return
        self._fault("written")
        self._release(records)
        if self._dirty_since is None:
            self._dirty_since = time.monotonic()
        if self.limits.fsync == "always":
            self._unsynced += records
            self._sync()
        else:
            self._acknowledge(records)

    def _release(self, records: Sequence[bytes]) -> None:
        size = sum(map(len, records)) + HEAD_BYTES * len(records)
        with self._mutex:
            self.stats.stored_bytes += size
            self.stats.waiting_bytes -= size

    def _acknowledge(self, records: Sequence[bytes]) -> None:
        self.stats.acknowledged += len(records)
        if self._acknowledged is not None:
            self._acknowledged(records)
        self._fault("acknowledged")

    def _until_due(self) -> float:
        if self.limits.fsync == "interval" and self._dirty_since is not None:
            return max(0.0, self._dirty_since + self.limits.fsync_seconds - time.monotonic())
        return MEASURE_SECONDS

    def _sync_if_due(self, closing: bool) -> None:
        if self._dirty_since is None or self.limits.fsync == "none":
            return
        if closing or time.monotonic() - self._dirty_since >= self.limits.fsync_seconds:
            self._sync()

    def _sync(self) -> None:
        """The disk has it; or, where it says no, the segment is left: what a second try answers means nothing."""
        unsynced, self._unsynced = self._unsynced, []
        self._dirty_since = None
        if self._segment is None:
            return
        try:
            self._segment.sync()
        except OSError as error:
            self.stats.disk_errors += 1
            self.stats.last_error = error.strerror or str(error)
            self._segment.broken = True
            log.error("journal_sync_failed", error=self.stats.last_error, folder=str(self._folder))
            return
        self._fault("synced")
        if unsynced:
            self._acknowledge(unsynced)

    def _roll(self) -> None:
        if self._segment is not None:
            if self._dirty_since is not None and self.limits.fsync != "none" and not self._segment.broken:
                self._sync()
            self._segment.close()
            self._segment = None
        self._segment = self._begin()
        self._measure()
        self._fault("rolled")

    def _begin(self) -> Segment:
        self._number += 1
        return Segment(self._folder, self._number)

    def _measure(self) -> None:
        self._measured = time.monotonic()
        sizes: dict[int, int] = {}
        for number in segments(self._folder):
            try:
                sizes[number] = segment_path(self._folder, number).stat().st_size
            except FileNotFoundError:  # just sent, and deleted by the drain
                continue
        self._sizes = sizes
        self.stats.stored_bytes = sum(sizes.values())
