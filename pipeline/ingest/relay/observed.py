"""The relay as it is seen from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.ingest.journal.writer import JournalWriter
from pipeline.ingest.observed import Observed, Waiting
from pipeline.ingest.relay.backlog import Backlog
from pipeline.ingest.relay.sending import SenderState
from pipeline.ingest.relay.server import Relay
from pipeline.observe import collector_metrics as m
from pipeline.observe.families import by_one, counter, gauge
from pipeline.observe.health import Health


class RelayObserved(Observed):
    """Reads what relay, journal and sender keep anyway: nothing is counted for it while audio passes."""

    kind = "relay"

    def __init__(self, topic: str, relay: Relay, journal: JournalWriter, state: SenderState, backlog: Backlog) -> None:
        super().__init__(topic)
        self._relay = relay
        self._journal = journal
        self._state = state
        self._backlog = backlog

    def waiting(self) -> Waiting:
        backlog = self._backlog
        limit = self._journal.limits.max_bytes
        return Waiting(backlog.unsent_bytes, limit, backlog.standstill_seconds, self._state.kafka_seconds)

    def live(self) -> Health:
        """A journal whose thread has died takes nothing any more; a relay started anew goes on with its files."""
        if not self._journal.alive:
            return Health(False, f"the journal has stopped: {self._journal.stats.last_error}")
        return super().live()

    def ready(self) -> Health:
        """Calls don't need Kafka: a relay that can't send is ready all the same."""
        refused = self._relay.refuses
        return Health(not refused, refused or "it takes connections")

    def counters(self) -> Mapping[str, Any]:
        return {**self._relay.snapshot(), **journal_counters(self._journal, self._state, self._backlog)}

    def counted(self) -> Iterator[Any]:
        counts, stats, state = self._relay.counts, self._journal.stats, self._state
        events = counts.events
        plain = (
            (m.RELAY_OPENED, counts.connections), (m.RELAY_REFUSED, counts.refused), (m.RELAY_UNREAD, counts.unread),
            (m.JOURNAL_ACKNOWLEDGED, stats.acknowledged), (m.DISK_ERRORS, stats.disk_errors),
            (m.TORN_BYTES, state.torn_bytes), (m.SENDER_RESTARTS, state.restarts),
        )  # fmt: skip
        for metric, value in plain:
            yield counter(metric, {(): value})
        outcomes = {"recorded": events.recorded, "dropped": events.dropped, "too_large": 0, "redaction": 0}
        yield counter(m.RELAY_EVENTS, by_one(outcomes | events.refused))
        yield counter(m.RELAY_SENT, by_one({"sent": state.sent, "skipped": state.skipped}))
        yield gauge(m.RELAY_OPEN, {(): counts.open})
        yield gauge(m.JOURNAL_STORED, {(): stats.stored_bytes})
        yield gauge(m.JOURNAL_WAITING, {(): stats.waiting_bytes})
        yield gauge(m.JOURNAL_FULL, {(): self._journal.full})


def journal_counters(journal: JournalWriter, state: SenderState, backlog: Backlog) -> dict[str, object]:
    """The journal, and what of it is in Kafka, as JSON."""
    stats = journal.stats
    return {
        "journal": {
            "acknowledged": stats.acknowledged,
            "refused": stats.refused,
            "abandoned": stats.abandoned,
            "stored_bytes": stats.stored_bytes,
            "waiting_bytes": stats.waiting_bytes,
            "unsent_bytes": backlog.unsent_bytes,
            "max_bytes": journal.limits.max_bytes,
            "full": journal.full,
            "disk_errors": stats.disk_errors,
            "error": stats.last_error,
        },
        "kafka": {
            "sent": state.sent,
            "skipped": state.skipped,
            "torn_bytes": state.torn_bytes,
            "restarts": state.restarts,
            "standstill_seconds": round(backlog.standstill_seconds, 1),
            "error": state.error,
        },
    }
