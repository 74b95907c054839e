"""What the docs say that no model or topic setting tells: when records and their revisions come, headers, reasons."""

from __future__ import annotations

from typing import NamedTuple


class Header(NamedTuple):
    """A record header: its name, what is in it, and whether every record has it."""

    name: str
    text: str
    always: bool = True
    binary: bool = False
    """Not text: AsyncAPI then makes no claim about the value."""


FIRST_REVISION = (
    "Revision 1 comes at the item's `conversation.item.done`, at once. Where a server sends none for an item, it comes "
    "at the item's `response.output_item.done`, else at the next `response.done` of the session unless the item is "
    "still in progress, else when the session goes idle. A transcript never holds it back."
)

FURTHER_REVISIONS = (
    "A further revision comes only when an event changes the content of the record. Content is every field but `id`, "
    "`revision`, `cause`, `session_sequence`, `source` and `done_at`, and what is the session's rather than the item's "
    "(`conversation_id`, `provider_session_id`, `model`, `declared`, and a transcript's `pending` against `disabled`). "
    "An event that is repeated makes none. The highest revision of an item is the truth: to keep the newest, keep the "
    "one with the highest `revision` per `session_id` and `item_id`."
)

REVISIONS: dict[str, tuple[str, ...]] = {
    "items.messages": (
        "`transcription`: the transcript of its input audio was completed or failed after it. The last one wins.",
        "`truncated`: the user cut in, and the message was cut to what was heard: `interrupted`, `heard_ms`.",
        "`joined`: its predecessor, its response, its place in the input audio, or words of a part were told apart.",
    ),
    "items.function-calls": ("`joined`: its predecessor, its response or its arguments were told apart.",),
    "items.function-call-outputs": (
        "`joined`: its call came after it: `name`, `call_item_id`, `latency_ms` and `orphan` change.",
        "`joined`: its predecessor was told apart.",
    ),
    "items.mcp-calls": ("`joined`: its start, its end or its arguments were told apart: `outcome`, `duration_ms`.",),
    "items.mcp-tool-lists": ("`joined`: the end of the listing was told apart: `outcome`.",),
    "items.mcp-approval-requests": ("`joined`: its predecessor or its response was told apart.",),
    "items.mcp-approval-responses": (
        "`joined`: its request came after it: `server_label`, `name` and `latency_ms` change.",
        "`joined`: its predecessor was told apart.",
    ),
    "items.other": ("`joined`: its predecessor or its response was told apart.",),
}
"""Causes of further revisions beside those of every item."""

EVERY_ITEM = (
    "`deleted`: the item was deleted from the conversation.",
    "`item_done`, `output_item_done`, `response_done`, `item_retrieved`: one more event brought the item, with more.",
    "`replayed`: a replay wrote the record anew.",
)

ONCE: dict[str, str] = {
    "responses": "A response comes out once, at its first `response.done`. It has no revisions.",
    "rejected": "One record for every input record that cannot be used, when it is read. It has no revisions.",
    "realtime.server-events": "One record a server event, in the order in which the connection brought them.",
}

OUTPUT_HEADERS = (
    Header("ce_specversion", "`1.0`: CloudEvents, binary mode."),
    Header("ce_id", "The record's `id`."),
    Header("ce_source", "`/realtime/{provider}/{session}`."),
    Header("ce_type", "The record type, see above."),
    Header("ce_time", "RFC 3339 time of the event that made the record."),
    Header("content-type", "`application/json`."),
    Header("traceparent", "W3C trace context of the event.", always=False),
)

INPUT_HEADERS = (
    Header("ce_sessionid", "The session's id; wins over the key.", always=False),
    Header("ce_sequence", "Decimal, rising per connection; else the record's offset counts.", always=False),
    Header(
        "ce_time", "RFC 3339 time the collector received the event; else the record's timestamp counts.", always=False
    ),
    Header(
        "ce_provider",
        "`openai`, `azure-openai`, `azure-voice-live`, `yandex`, `xai` or any other string.",
        always=False,
    ),
    Header("ce_tenant", "Free string, copied to every output.", always=False),
    Header("ce_id", "The event's id; else read from the JSON.", always=False),
    Header("ce_type", "The event's type; lets the worker skip an event without parsing it.", always=False),
    Header("ce_source", "`/realtime/{provider}/{session}`.", always=False),
    Header("ce_specversion", "`1.0`.", always=False),
    Header("traceparent", "W3C trace context, carried to the outputs.", always=False),
)

REJECTED_HEADERS = (
    Header("kafka_dlt-original-topic", "Topic the record was read from, text."),
    Header("kafka_dlt-original-partition", "Its partition, 4 bytes big-endian.", binary=True),
    Header("kafka_dlt-original-offset", "Its offset, 8 bytes big-endian.", binary=True),
    Header("kafka_dlt-original-timestamp", "Its timestamp in ms, 8 bytes big-endian.", binary=True),
    Header("kafka_dlt-original-timestamp-type", "`CreateTime` or `LogAppendTime`, text."),
    Header("kafka_dlt-exception-fqcn", "Kind of error, text."),
    Header("kafka_dlt-exception-message", "What is wrong and where, for people."),
    Header("itemstream-reject-reason", "Why, as a code; see below."),
    Header("itemstream-version", "Version of itemstream that rejected it."),
)

REJECT_REASONS: dict[str, str] = {
    "empty": "The value is null or empty.",
    "not_json": "The value is not JSON.",
    "not_object": "The value is JSON, but no object.",
    "type_missing": "The event has no `type`, or it is no string.",
    "item_missing": "The event is about an item and has none.",
    "item_invalid": "The event's item cannot be read as one.",
    "too_large": "The event, or the record it would make, is larger than the limits allow.",
    "internal_error": "itemstream failed on the record: a bug, please report it with the record.",
}
