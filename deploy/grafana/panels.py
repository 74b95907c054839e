"""The dashboards as data: every panel with its expressions, over no other metrics than those of docs/metrics.md."""

from __future__ import annotations

from deploy.grafana.collectors import COLLECTORS
from deploy.grafana.parts import EACH, JOB, Dashboard, Panel, quantile, quantiles, rate

WORKER = Dashboard(
    "itemstream-worker",
    "itemstream: worker",
    (
        (
            "At a glance",
            (
                Panel("Processes", "none", ((f"count(itemstream_build_info{JOB})", ""),), kind="stat", width=4),
                Panel("Ready", "none", ((f"sum(itemstream_ready{JOB})", ""),), kind="stat", width=4),
                Panel("Lag", "short", ((f"sum(itemstream_lag_records{JOB})", ""),), kind="stat", width=4),
                Panel("Oldest waiting", "s", ((f"max(itemstream_lag_seconds{JOB})", ""),), kind="stat", width=4),
                Panel("Records in", "recps", ((rate("itemstream_records_consumed_total"), ""),), kind="stat", width=4),
                Panel(
                    "Latency p95",
                    "s",
                    ((quantile(0.95, "itemstream_end_to_end_latency_seconds"), ""),),
                    kind="stat",
                    width=4,
                ),
            ),
        ),
        (
            "Records",
            (
                Panel(
                    "In, by what became of them",
                    "recps",
                    (
                        (rate("itemstream_records_used_total"), "used"),
                        (rate("itemstream_records_ignored_total"), "ignored"),
                        (rate("itemstream_records_rejected_total"), "rejected"),
                        (rate("itemstream_records_stale_total"), "stale: dropped after a rebalance"),
                        (rate("itemstream_records_lost_total"), "lost: deleted before they were read"),
                    ),
                    "used + ignored + rejected is what was consumed.",
                    stacked=True,
                ),
                Panel(
                    "Used, by event type",
                    "recps",
                    ((rate("itemstream_records_used_total", "type"), "{{type}}"),),
                    stacked=True,
                ),
                Panel(
                    "Out, by topic", "recps", ((rate("itemstream_outputs_total", "topic"), "{{topic}}"),), stacked=True
                ),
                Panel(
                    "Rejected, by reason",
                    "recps",
                    ((rate("itemstream_records_rejected_total", "reason"), "{{reason}}"),),
                    stacked=True,
                ),
                Panel(
                    "End to end: event to commit",
                    "s",
                    quantiles("itemstream_end_to_end_latency_seconds"),
                    "Age of a record when readers get it; replayed events are old, and shown so.",
                ),
                Panel(
                    "Time in the core",
                    "percentunit",
                    ((rate("itemstream_processing_seconds_total", "instance", "process"), EACH),),
                    "Share of a second; near 1 the process is full.",
                ),
            ),
        ),
        (
            "Lag",
            (
                Panel(
                    "Lag, by partition",
                    "short",
                    ((f"sum by (partition) (itemstream_lag_records{JOB})", "{{partition}}"),),
                ),
                Panel(
                    "Oldest waiting record, by partition",
                    "s",
                    ((f"max by (partition) (itemstream_lag_seconds{JOB})", "{{partition}}"),),
                ),
                Panel(
                    "Committed, by partition",
                    "recps",
                    (
                        (
                            f"max by (partition) (deriv(itemstream_committed_offset{JOB}[$__rate_interval]))",
                            "{{partition}}",
                        ),
                    ),
                    "Offsets a second.",
                ),
            ),
        ),
        (
            "Transactions",
            (
                Panel("Transaction", "s", quantiles("itemstream_transaction_duration_seconds")),
                Panel("Records of a batch", "short", quantiles("itemstream_batch_records")),
                Panel(
                    "Transactions",
                    "ops",
                    (
                        (rate("itemstream_transactions_total"), "committed"),
                        (rate("itemstream_transactions_aborted_total"), "aborted"),
                        (rate("itemstream_partition_restarts_total"), "partitions started again"),
                    ),
                ),
            ),
        ),
        (
            "Group",
            (
                Panel(
                    "Partitions, by state",
                    "none",
                    ((f"sum by (state) (itemstream_partitions{JOB})", "{{state}}"),),
                    stacked=True,
                ),
                Panel(
                    "Rebalances",
                    "none",
                    ((f"increase(itemstream_rebalances_total{JOB}[10m])", EACH),),
                    "In 10 minutes.",
                ),
                Panel(
                    "Standstill",
                    "s",
                    (
                        (f"itemstream_standstill_seconds{JOB}", EACH),
                        (f"min(itemstream_progress_limit_seconds{JOB})", "limit"),
                    ),
                    "At the limit the process ends itself.",
                ),
            ),
        ),
        (
            "State",
            (
                Panel(
                    "Sessions",
                    "short",
                    ((f"sum by (state) (itemstream_sessions{JOB})", "{{state}}"),),
                    width=6,
                    stacked=True,
                ),
                Panel(
                    "State",
                    "short",
                    ((f"sum by (kind) (itemstream_state_entries{JOB})", "{{kind}}"),),
                    width=6,
                    stacked=True,
                ),
                Panel(
                    "Changelog",
                    "recps",
                    (
                        (rate("itemstream_changelog_records_total"), "written"),
                        (rate("itemstream_restored_records_total"), "restored"),
                    ),
                    width=6,
                ),
                Panel("Longest restore", "s", ((f"itemstream_restore_seconds_max{JOB}", EACH),), width=6),
            ),
        ),
        (
            "Processes",
            (
                Panel(
                    "CPU",
                    "percentunit",
                    ((rate("process_cpu_seconds_total", "instance", "process"), EACH),),
                    "Of one core.",
                ),
                Panel("Memory", "bytes", ((f"process_resident_memory_bytes{JOB}", EACH),)),
                Panel("Open files", "none", ((f"process_open_fds{JOB}", EACH),)),
                Panel(
                    "Releases",
                    "none",
                    ((f"count by (version, python, delivery, group) (itemstream_build_info{JOB})", ""),),
                    kind="table",
                    width=12,
                    columns=(
                        ("version", "release"),
                        ("python", "Python"),
                        ("delivery", "delivery"),
                        ("group", "group"),
                        ("Value", "processes"),
                    ),
                ),
                Panel("Up for", "s", ((f"time() - process_start_time_seconds{JOB}", EACH),), width=12),
            ),
        ),
    ),
)

PRODUCT = Dashboard(
    "itemstream-product",
    "itemstream: conversations",
    (
        (
            "What users feel",
            (
                Panel(
                    "Wait for the first word",
                    "s",
                    quantiles("itemstream_response_wait_seconds"),
                    "From the end of the user's speech to the first output of the response.",
                ),
                Panel(
                    "Wait p95, by model",
                    "s",
                    ((quantile(0.95, "itemstream_response_wait_seconds", "model"), "{{model}}"),),
                ),
                Panel(
                    "First output after creation p95, by model",
                    "s",
                    ((quantile(0.95, "itemstream_response_first_output_seconds", "model"), "{{model}}"),),
                ),
                Panel(
                    "Response, by model p95",
                    "s",
                    ((quantile(0.95, "itemstream_response_duration_seconds", "model"), "{{model}}"),),
                ),
                Panel(
                    "Responses, by status",
                    "cps",
                    ((rate("itemstream_responses_total", "status"), "{{status}}"),),
                    stacked=True,
                ),
                Panel("Open conversations", "short", (('sum(itemstream_sessions{job=~"$job",state="open"})', "open"),)),
            ),
        ),
        (
            "Tools",
            (
                Panel(
                    "Calls, by tool",
                    "cps",
                    ((rate("itemstream_tool_calls_total", "kind", "name"), "{{kind}} {{name}}"),),
                    stacked=True,
                ),
                Panel(
                    "Failures, by tool and reason",
                    "cps",
                    (
                        (
                            rate("itemstream_tool_failures_total", "kind", "name", "reason"),
                            "{{kind}} {{name}}: {{reason}}",
                        ),
                    ),
                    stacked=True,
                ),
                Panel(
                    "Duration p95, by tool",
                    "s",
                    ((quantile(0.95, "itemstream_tool_duration_seconds", "kind", "name"), "{{kind}} {{name}}"),),
                ),
            ),
        ),
        (
            "Tokens",
            (
                Panel(
                    "Tokens in and out, by model",
                    "short",
                    (
                        (
                            rate("itemstream_tokens_total", "kind", "model", where='kind=~"input|output"'),
                            "{{kind}} {{model}}",
                        ),
                    ),
                    "A second.",
                    width=12,
                    stacked=True,
                ),
                Panel(
                    "Tokens, by part",
                    "short",
                    ((rate("itemstream_tokens_total", "kind", where='kind!~"input|output"'), "{{kind}}"),),
                    "Parts of input and output: text, audio, image, cached, reasoning.",
                    width=12,
                ),
            ),
        ),
    ),
)

DASHBOARDS = (WORKER, PRODUCT, COLLECTORS)
