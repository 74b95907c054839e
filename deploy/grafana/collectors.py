"""The dashboard of the collectors."""

from __future__ import annotations

from deploy.grafana.parts import EACH, JOB, Dashboard, Panel, quantiles, rate

UNSENT_SHARE = f"itemstream_collector_unsent_bytes{JOB} / itemstream_collector_unsent_limit_bytes{JOB}"

COLLECTORS = Dashboard(
    "itemstream-collectors",
    "itemstream: collectors",
    (
        (
            "At a glance",
            (
                Panel("Collectors", "none", ((f"count(itemstream_collector_info{JOB})", ""),), kind="stat", width=4),
                Panel("Ready", "none", ((f"sum(itemstream_collector_ready{JOB})", ""),), kind="stat", width=4),
                Panel("Calls", "short", ((f"sum(itemstream_relay_connections{JOB})", ""),), kind="stat", width=4),
                Panel(
                    "Events in",
                    "eps",
                    (
                        (rate("itemstream_relay_events_total", where='outcome="recorded"'), "relay"),
                        (rate("itemstream_http_events_total", where='outcome="written"'), "http"),
                    ),
                    kind="stat",
                    width=4,
                ),
                Panel(
                    "Unsent, of what there may be", "percentunit", ((f"max({UNSENT_SHARE})", ""),), kind="stat", width=4
                ),
                Panel(
                    "Kafka stands still for",
                    "s",
                    ((f"max(itemstream_collector_standstill_seconds{JOB})", ""),),
                    kind="stat",
                    width=4,
                ),
            ),
        ),
        (
            "Kafka",
            (
                Panel(
                    "Unsent",
                    "bytes",
                    (
                        (f"itemstream_collector_unsent_bytes{JOB}", EACH),
                        (f"min(itemstream_collector_unsent_limit_bytes{JOB})", "smallest limit"),
                    ),
                    "Events that Kafka has not acknowledged: in memory (http), in the journal (relay).",
                ),
                Panel(
                    "Standstill",
                    "s",
                    ((f"itemstream_collector_standstill_seconds{JOB}", EACH),),
                    "For how long what waits for Kafka has not moved.",
                ),
                Panel(
                    "Acknowledged within",
                    "s",
                    quantiles("itemstream_collector_kafka_seconds"),
                    "A batch (http) or a transaction (relay).",
                ),
            ),
        ),
        (
            "HTTP",
            (
                Panel(
                    "Requests, by status",
                    "reqps",
                    ((rate("itemstream_http_requests_total", "status"), "{{status}}"),),
                    stacked=True,
                    width=12,
                ),
                Panel(
                    "Events, by what became of them",
                    "eps",
                    ((rate("itemstream_http_events_total", "outcome"), "{{outcome}}"),),
                    stacked=True,
                    width=12,
                ),
            ),
        ),
        (
            "Relay",
            (
                Panel("Open calls", "short", ((f"itemstream_relay_connections{JOB}", EACH),)),
                Panel(
                    "Connections",
                    "cps",
                    (
                        (rate("itemstream_relay_connections_opened_total"), "opened"),
                        (rate("itemstream_relay_refused_total"), "refused by the relay"),
                        (rate("itemstream_relay_unread_total"), "directions that can't be followed"),
                    ),
                ),
                Panel(
                    "Events, by what became of them",
                    "eps",
                    ((rate("itemstream_relay_events_total", "outcome"), "{{outcome}}"),),
                    "All but recorded are missing in Kafka.",
                    stacked=True,
                ),
            ),
        ),
        (
            "Journal",
            (
                Panel(
                    "On disk and in memory",
                    "bytes",
                    (
                        (f"itemstream_relay_journal_stored_bytes{JOB}", "files " + EACH),
                        (f"itemstream_relay_journal_waiting_bytes{JOB}", "waits for the disk " + EACH),
                    ),
                    "Files go when all in them is sent.",
                ),
                Panel(
                    "Through the journal",
                    "eps",
                    (
                        (rate("itemstream_relay_journal_acknowledged_total"), "safe"),
                        (rate("itemstream_relay_sent_total", "outcome"), "{{outcome}}"),
                    ),
                    "What is safe and not sent yet is what grows while Kafka is away.",
                ),
                Panel(
                    "Trouble",
                    "none",
                    (
                        (f"itemstream_relay_journal_full{JOB}", "full " + EACH),
                        (f"increase(itemstream_relay_journal_disk_errors_total{JOB}[10m])", "disk errors " + EACH),
                        (f"increase(itemstream_relay_sender_restarts_total{JOB}[10m])", "sender restarts " + EACH),
                        (f"increase(itemstream_relay_journal_torn_bytes_total{JOB}[10m])", "torn bytes " + EACH),
                    ),
                    "In 10 minutes.",
                ),
            ),
        ),
        (
            "Processes",
            (
                Panel(
                    "CPU",
                    "percentunit",
                    ((rate("process_cpu_seconds_total", "instance"), EACH),),
                    "Of one core.",
                    width=6,
                ),
                Panel("Memory", "bytes", ((f"process_resident_memory_bytes{JOB}", EACH),), width=6),
                Panel(
                    "Releases",
                    "none",
                    ((f"count by (version, python, collector, topic) (itemstream_collector_info{JOB})", ""),),
                    kind="table",
                    width=12,
                    columns=(
                        ("version", "release"),
                        ("python", "Python"),
                        ("collector", "collector"),
                        ("topic", "topic"),
                        ("Value", "processes"),
                    ),
                ),
            ),
        ),
    ),
    info="itemstream_collector_info",
)
