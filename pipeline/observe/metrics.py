"""Every metric that a process exposes, once: name, kind, labels and what it means. Here those of workers.

`python -m pipeline.observe` writes docs/metrics.md from this list. Dashboards and alert rules use no other names.
"""

from __future__ import annotations

from pipeline.observe.collector_metrics import COLLECTOR, HTTP, RELAY
from pipeline.observe.metric import Kind, Metric

MAX_NAMES = 20
"""Values of a label that clients choose (tools, models): the most used ones, the rest is `other`."""

# Records.
CONSUMED = Metric(
    "itemstream_records_consumed_total",
    "counter",
    "Records",
    "Input records committed: used, ignored and rejected together.",
)
USED = Metric(
    "itemstream_records_used_total",
    "counter",
    "Records",
    "Input records that changed something, by event type (a closed set: the types that have a handler).",
    ("type",),
)
IGNORED = Metric(
    "itemstream_records_ignored_total",
    "counter",
    "Records",
    "Input records of a type that changes nothing, most of them deltas.",
)
REJECTED = Metric(
    "itemstream_records_rejected_total",
    "counter",
    "Records",
    "Input records that cannot be used, by reason; they are on the rejected topic.",
    ("reason",),
)
STALE = Metric(
    "itemstream_records_stale_total",
    "counter",
    "Records",
    "Records fetched before a rebalance and dropped; their new owner processes them.",
)
LOST = Metric(
    "itemstream_records_lost_total",
    "counter",
    "Records",
    "Offsets that Kafka had deleted from an input partition before they were read, counted when they are passed over: "
    "records that are lost, and markers of transactions between them.",
    ("partition",),
)
OUTPUTS = Metric("itemstream_outputs_total", "counter", "Records", "Records written, by topic (full name).", ("topic",))
LATENCY = Metric(
    "itemstream_end_to_end_latency_seconds",
    "histogram",
    "Records",
    "Time of the input record to the commit of each record it made: how old what readers get is.",
)

# Transactions.
TRANSACTIONS = Metric(
    "itemstream_transactions_total", "counter", "Transactions", "Batches committed: outputs, state and offset together."
)
ABORTED = Metric(
    "itemstream_transactions_aborted_total",
    "counter",
    "Transactions",
    "Transactions that failed and were aborted; their records are processed again.",
)
TRANSACTION_SECONDS = Metric(
    "itemstream_transaction_duration_seconds",
    "histogram",
    "Transactions",
    "First send to the end of the commit, per transaction.",
)
BATCH_RECORDS = Metric("itemstream_batch_records", "histogram", "Transactions", "Input records of one transaction.")
PROCESSING_SECONDS = Metric("itemstream_processing_seconds_total", "counter", "Transactions", "Time spent in the core.")
RESTARTS = Metric(
    "itemstream_partition_restarts_total", "counter", "Transactions", "Partitions started again after a failure."
)

# Partitions and lag.
PARTITIONS = Metric(
    "itemstream_partitions",
    "gauge",
    "Partitions and lag",
    "Input partitions of this process: `flowing`, or `opening` (fenced, state being restored).",
    ("state",),
)
LAG = Metric(
    "itemstream_lag_records",
    "gauge",
    "Partitions and lag",
    "Records of an input partition that are not committed yet, as of the last fetch.",
    ("partition",),
)
LAG_SECONDS = Metric(
    "itemstream_lag_seconds",
    "gauge",
    "Partitions and lag",
    "Age of the oldest record that waits in an input partition; 0 where none does.",
    ("partition",),
)
COMMITTED_OFFSET = Metric(
    "itemstream_committed_offset",
    "gauge",
    "Partitions and lag",
    "Offset after the last committed record of an input partition.",
    ("partition",),
)
STANDSTILL = Metric(
    "itemstream_standstill_seconds",
    "gauge",
    "Partitions and lag",
    "For how long what waits has not moved; at `progress_limit` the process ends itself.",
)
PROGRESS_LIMIT = Metric(
    "itemstream_progress_limit_seconds", "gauge", "Partitions and lag", "The setting `progress_limit`."
)
READY = Metric(
    "itemstream_ready",
    "gauge",
    "Partitions and lag",
    "1 where the process has its assignment and all of it is restored, as `/ready` says.",
)
REBALANCES = Metric(
    "itemstream_rebalances_total", "counter", "Partitions and lag", "Assignments this process was given."
)

# State.
SESSIONS = Metric(
    "itemstream_sessions",
    "gauge",
    "State",
    "Sessions in the state of a partition: `open`, or `idle` (over, remembered until `session_retention`).",
    ("partition", "state"),
)
STATE_ENTRIES = Metric(
    "itemstream_state_entries",
    "gauge",
    "State",
    "What is kept of a partition's sessions, in changelog records: `items`, `responses`, and `asleep` (any kind, of "
    "sessions restored and not heard of since).",
    ("partition", "kind"),
)
CHANGES = Metric("itemstream_changelog_records_total", "counter", "State", "State records written to the changelog.")
RESTORED = Metric("itemstream_restored_records_total", "counter", "State", "Changelog records read to restore state.")
RESTORE_SECONDS = Metric(
    "itemstream_restore_seconds_max", "gauge", "State", "The longest restore of a partition since the process started."
)

# Product.
TOOL_CALLS = Metric(
    "itemstream_tool_calls_total",
    "counter",
    "Product",
    "Calls of tools, by who carries them out (`function`: the client, `mcp`: the provider) and name.",
    ("kind", "name"),
)
TOOL_FAILURES = Metric(
    "itemstream_tool_failures_total",
    "counter",
    "Product",
    "Calls that went wrong: `failed` (MCP calls with an error), `arguments_not_json` (of functions and MCP calls).",
    ("kind", "name", "reason"),
)
TOOL_SECONDS = Metric(
    "itemstream_tool_duration_seconds",
    "histogram",
    "Product",
    "How long tools take: a function from its arguments to its output in the conversation, an MCP call from start to "
    "end.",
    ("kind", "name"),
)
RESPONSES = Metric(
    "itemstream_responses_total",
    "counter",
    "Product",
    "Responses that are done, by status and model.",
    ("status", "model"),
)
RESPONSE_WAIT = Metric(
    "itemstream_response_wait_seconds",
    "histogram",
    "Product",
    "From the end of the user's speech to the first output of the response: what a user feels.",
    ("model",),
)
RESPONSE_FIRST = Metric(
    "itemstream_response_first_output_seconds",
    "histogram",
    "Product",
    "From a response's creation to its first output.",
    ("model",),
)
RESPONSE_SECONDS = Metric(
    "itemstream_response_duration_seconds", "histogram", "Product", "From a response's creation to its end.", ("model",)
)
TOKENS = Metric(
    "itemstream_tokens_total",
    "counter",
    "Product",
    "Tokens of responses, by model; `input` and `output` are the wholes, every other kind is a part of one of them.",
    ("kind", "model"),
)

# Process.
BUILD = Metric(
    "itemstream_build_info",
    "info",
    "Process",
    "1; the release, its Python, and what the process works on.",
    ("version", "python", "group", "prefix", "delivery"),
)
UP = Metric(
    "itemstream_process_up",
    "gauge",
    "Process",
    "1 for a process of `worker --processes` that answers, 0 for one that does not; by its number.",
    ("process",),
)


def _library(name: str, kind: Kind, help: str, labels: tuple[str, ...] = ()) -> Metric:
    return Metric(name, kind, "Process", help, labels, library=True)


WORKER: tuple[Metric, ...] = (
    CONSUMED, USED, IGNORED, REJECTED, STALE, LOST, OUTPUTS, LATENCY,
    TRANSACTIONS, ABORTED, TRANSACTION_SECONDS, BATCH_RECORDS, PROCESSING_SECONDS, RESTARTS,
    PARTITIONS, LAG, LAG_SECONDS, COMMITTED_OFFSET, STANDSTILL, PROGRESS_LIMIT, READY, REBALANCES,
    SESSIONS, STATE_ENTRIES, CHANGES, RESTORED, RESTORE_SECONDS,
    TOOL_CALLS, TOOL_FAILURES, TOOL_SECONDS, RESPONSES, RESPONSE_WAIT, RESPONSE_FIRST, RESPONSE_SECONDS, TOKENS,
)  # fmt: skip
"""What a worker counts; `BUILD` and the library's beside them."""

LIBRARY: tuple[Metric, ...] = (
    _library("process_cpu_seconds_total", "counter", "CPU time, user and system."),
    _library("process_resident_memory_bytes", "gauge", "Memory that is not swapped out."),
    _library("process_virtual_memory_bytes", "gauge", "Address space."),
    _library("process_start_time_seconds", "gauge", "When the process started, Unix time."),
    _library("process_open_fds", "gauge", "Open files and sockets."),
    _library("process_max_fds", "gauge", "How many there may be."),
)
"""Of every process."""

METRICS: tuple[Metric, ...] = (*WORKER, *COLLECTOR, *HTTP, *RELAY, BUILD, UP, *LIBRARY)
"""In the order of docs/metrics.md."""
