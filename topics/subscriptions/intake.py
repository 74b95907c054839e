"""What was fetched: it waits here to be decoded, a few records at a time."""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from topics.subscriptions.assignment import Reading
from topics.subscriptions.decode import Decode
from topics.subscriptions.errors import InvalidRecordError, NewerSchemaError
from topics.subscriptions.filters import Wanted
from topics.subscriptions.options import OnInvalidInside
from topics.subscriptions.received import RawRecord, Received

CHUNK = 500
"""Records decoded at a time, at most."""
FEW = 16
"""Records decoded at a time for a loop that wants one after another. More of them at once would be new to the
processor's cache and to the garbage collector, which doubles what a record costs."""

log = logging.getLogger("topics.subscriptions")


@dataclass(frozen=True, slots=True)
class Source:
    """How the records of one topic are read."""

    decode: Decode
    wanted: Wanted | None


class Intake:
    """Fetched records on their way to `Received`; what is not wanted is finished here."""

    def __init__(self, sources: Mapping[str, Source], on_invalid: OnInvalidInside) -> None:
        self._sources = sources
        self._on_invalid = on_invalid
        self._queue: deque[tuple[Reading, Iterator[RawRecord]]] = deque()
        self.failure: InvalidRecordError | None = None
        """Of the record that would be the next one."""
        self.dead: deque[Received[Any]] = deque()
        """What no model reads, on its way to the dead letters."""

    def __bool__(self) -> bool:
        return bool(self._queue)

    def put(self, reading: Reading, raws: Sequence[RawRecord]) -> None:
        """These are to be decoded when their turn comes."""
        if raws:
            self._queue.append((reading, iter(raws)))

    def clear(self) -> None:
        """Their partitions are gone."""
        self._queue.clear()
        self.dead.clear()

    def take(self, most: int) -> list[Received[Any]]:
        """Decode at most `most` of one partition; an empty list where nothing is left before a failure."""
        queue = self._queue
        while queue and self.failure is None:
            reading, raws = queue[0]
            if not reading.flowing:
                queue.popleft()
                continue
            source = self._sources[reading.partition.topic]
            decode, wanted = source.decode, source.wanted
            chunk: list[Received[Any]] = []
            ended = True
            for raw in itertools.islice(raws, most):
                ended = False
                try:
                    record = decode(raw)
                except InvalidRecordError as error:
                    if self._on_invalid == "hand-over":
                        chunk.append(Received(error, raw, reading))
                        continue
                    if self._pass_over(reading, raw, error):
                        continue
                    break
                if wanted is None or wanted(record):
                    chunk.append(Received(record, raw, reading))
                else:
                    reading.finish(raw.offset)
            if ended:
                queue.popleft()
            if chunk:
                return chunk
        return []

    def decode_now(self, reading: Reading, raws: Sequence[RawRecord]) -> Generator[Received[Any]]:
        """All of them at once, wanted or not, for those who put them in order."""
        decode = self._sources[reading.partition.topic].decode
        for raw in raws:
            try:
                record = decode(raw)
            except InvalidRecordError as error:
                if self._on_invalid == "hand-over":
                    self.put(reading, [raw])  # it can't be put in order
                    continue
                if self._pass_over(reading, raw, error):
                    continue
                return
            yield Received(record, raw, reading)

    def keep_wanted(self, ordered: Sequence[Received[Any]]) -> list[Received[Any]]:
        """Of those decoded before, the ones to be handed out."""
        chunk: list[Received[Any]] = []
        for received in ordered:
            wanted = self._sources[received.topic].wanted
            if not received.flowing:
                continue
            if wanted is None or wanted(received.record):
                chunk.append(received)
            else:
                received.finish()
        return chunk

    def _pass_over(self, reading: Reading, raw: RawRecord, error: InvalidRecordError) -> bool:
        if self._on_invalid == "skip":
            log.warning("passed over: %s", error)
            reading.finish(raw.offset)
            return True
        if self._on_invalid == "dead-letter" and not isinstance(error, NewerSchemaError):
            self.dead.append(Received(error, raw, reading))
            return True
        self.failure = error
        return False
