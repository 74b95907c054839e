"""Every metric that a collector exposes: of both kinds, of `itemstream ingest http`, of `itemstream ingest relay`."""

from __future__ import annotations

from pipeline.observe.metric import Metric

# Both.
INFO = Metric(
    "itemstream_collector_info",
    "info",
    "Collectors",
    "1; which collector it is (`http`, `relay`), its release and Python, and the topic it writes to.",
    ("collector", "version", "python", "topic"),
)
TAKES = Metric("itemstream_collector_ready", "gauge", "Collectors", "1 where it takes what comes, as `/ready` says.")
UNSENT_BYTES = Metric(
    "itemstream_collector_unsent_bytes",
    "gauge",
    "Collectors",
    "Bytes of events that Kafka has not acknowledged: in memory over HTTP, in the journal's files at the relay.",
)
UNSENT_LIMIT = Metric(
    "itemstream_collector_unsent_limit_bytes",
    "gauge",
    "Collectors",
    "How many there may be: the setting `ingest_max_waiting_bytes` over HTTP, `journal_max_bytes` at the relay.",
)
KAFKA_STANDSTILL = Metric(
    "itemstream_collector_standstill_seconds",
    "gauge",
    "Collectors",
    "For how long what waits for Kafka has not moved; 0 where nothing waits. Over HTTP the age of the oldest event "
    "that is not acknowledged.",
)
KAFKA_SECONDS = Metric(
    "itemstream_collector_kafka_seconds",
    "histogram",
    "Collectors",
    "What Kafka takes. Over HTTP: from the first event of a batch to its acknowledgement; at the relay: per "
    "transaction, first send to the end of the commit.",
)

# itemstream ingest http.
HTTP_REQUESTS = Metric(
    "itemstream_http_requests_total",
    "counter",
    "HTTP collector",
    "Requests with events, and connections turned away, by status of the answer.",
    ("status",),
)
HTTP_EVENTS = Metric(
    "itemstream_http_events_total",
    "counter",
    "HTTP collector",
    "Events of requests that could be read: `written` (Kafka has them), `refused` (never to be taken), `limited` (the "
    "tenant sends too much), `unavailable` (Kafka has not acknowledged in time), `not_tried` (others of their "
    "batch were refused).",
    ("outcome",),
)

# itemstream ingest relay.
RELAY_OPEN = Metric("itemstream_relay_connections", "gauge", "Relay", "WebSocket connections that are open.")
RELAY_OPENED = Metric(
    "itemstream_relay_connections_opened_total", "counter", "Relay", "WebSocket connections that were opened."
)
RELAY_REFUSED = Metric(
    "itemstream_relay_refused_total",
    "counter",
    "Relay",
    "Requests the relay answered itself with an error: no key, too many connections, a provider that can't be reached.",
)
RELAY_UNREAD = Metric(
    "itemstream_relay_unread_total",
    "counter",
    "Relay",
    "Directions of connections that could not be followed: their bytes passed, their events are missing.",
)
RELAY_EVENTS = Metric(
    "itemstream_relay_events_total",
    "counter",
    "Relay",
    "Events that passed: `recorded` (the journal took them), `dropped` (it was full), `too_large`, `redaction` (a rule "
    "could not be applied); all but the first are missing in Kafka.",
    ("outcome",),
)
JOURNAL_ACKNOWLEDGED = Metric(
    "itemstream_relay_journal_acknowledged_total",
    "counter",
    "Relay",
    "Events that are safe as `journal_fsync` has it.",
)
JOURNAL_STORED = Metric(
    "itemstream_relay_journal_stored_bytes", "gauge", "Relay", "Bytes of the journal's files, those sent included."
)
JOURNAL_WAITING = Metric(
    "itemstream_relay_journal_waiting_bytes", "gauge", "Relay", "Bytes in memory that wait for the disk."
)
JOURNAL_FULL = Metric(
    "itemstream_relay_journal_full",
    "gauge",
    "Relay",
    "1 where the next event would be dropped: files or memory are full.",
)
DISK_ERRORS = Metric(
    "itemstream_relay_journal_disk_errors_total", "counter", "Relay", "Writes and syncs that the disk refused."
)
TORN_BYTES = Metric(
    "itemstream_relay_journal_torn_bytes_total",
    "counter",
    "Relay",
    "Bytes passed by at the ends of the journal's files: what a crash cut short.",
)
RELAY_SENT = Metric(
    "itemstream_relay_sent_total",
    "counter",
    "Relay",
    "Events of the journal that were `sent` to Kafka, or `skipped`: larger than their topic takes.",
    ("outcome",),
)
SENDER_RESTARTS = Metric(
    "itemstream_relay_sender_restarts_total",
    "counter",
    "Relay",
    "Times that the process which sends the journal ended by itself.",
)

COLLECTOR: tuple[Metric, ...] = (INFO, TAKES, UNSENT_BYTES, UNSENT_LIMIT, KAFKA_STANDSTILL, KAFKA_SECONDS)
HTTP: tuple[Metric, ...] = (HTTP_REQUESTS, HTTP_EVENTS)
RELAY: tuple[Metric, ...] = (
    RELAY_OPEN, RELAY_OPENED, RELAY_REFUSED, RELAY_UNREAD, RELAY_EVENTS, JOURNAL_ACKNOWLEDGED, JOURNAL_STORED,
    JOURNAL_WAITING, JOURNAL_FULL, DISK_ERRORS, TORN_BYTES, RELAY_SENT, SENDER_RESTARTS,
)  # fmt: skip
