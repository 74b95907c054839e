"""The HTTP collector as it is seen from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.ingest.http.counts import OUTCOMES, Counts
from pipeline.ingest.observed import Observed, Waiting
from pipeline.ingest.writer import EventWriter
from pipeline.observe import collector_metrics as m
from pipeline.observe.families import by_one, counter
from pipeline.observe.health import Health


class HttpObserved(Observed):
    """Reads the writer and the counts. stuck_seconds: without an acknowledgement, until it is not ready."""

    kind = "http"

    def __init__(self, writer: EventWriter, counts: Counts, stuck_seconds: float) -> None:
        super().__init__(writer.topic)
        self._writer = writer
        self._counts = counts
        self._stuck_seconds = stuck_seconds

    def waiting(self) -> Waiting:
        writer = self._writer
        return Waiting(writer.waiting_bytes, writer.max_waiting_bytes, writer.oldest_seconds, writer.kafka_seconds)

    def ready(self) -> Health:
        """As `/health` of its own port."""
        if (oldest := self._writer.oldest_seconds) > self._stuck_seconds:
            return Health(False, f"Kafka at {self._writer.servers} has not acknowledged for {oldest:.0f} s")
        return Health(True, "Kafka acknowledges")

    def counters(self) -> Mapping[str, Any]:
        counts = self._counts
        return {
            "requests": {str(status): number for status, number in sorted(counts.requests.items())},
            "events": {name: counts.events[name] for name in OUTCOMES},
            "unacknowledged_bytes": self._writer.waiting_bytes,
            "oldest_unacknowledged_seconds": round(self._writer.oldest_seconds, 3),
        }

    def counted(self) -> Iterator[Any]:
        counts = self._counts
        # Those of every day from the start, so that the first of a kind is an increase.
        requests = dict.fromkeys((200, 400, 401, 413, 429, 503), 0) | counts.requests
        yield counter(m.HTTP_REQUESTS, {(str(status),): number for status, number in requests.items()})
        yield counter(m.HTTP_EVENTS, by_one(dict.fromkeys(OUTCOMES, 0) | counts.events))
