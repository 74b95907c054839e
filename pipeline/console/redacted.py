"""A record without what the console's rules take out; of one that a rule fails on, what it is and where it stands."""

from __future__ import annotations

from typing import Any, cast

import orjson

from pipeline.ingest.redact import Redaction, RedactionFailed

Json = dict[str, Any]

_KEPT = (
    *("schema_version", "id", "revision", "cause", "session_sequence", "session_id", "conversation_id", "provider"),
    *("tenant", "provider_session_id", "item_id", "item_type", "status", "previous_item_id", "previous_item_source"),
    *("response_id", "output_index", "model", "opened_at", "done_at", "deleted", "source", "role", "call_id"),
    "item_ids",
)
"""What is kept of a record that could not be redacted: nothing of what was said."""
WITHHELD = "redaction_failed"
"""The one warning of a record of which only that is kept."""


def redacted(redaction: Redaction, record: Json, value: bytes) -> tuple[Json, bytes]:
    """A record, and the same as bytes, as they may be shown. Never raises."""
    try:
        value = redaction.apply(value)
    except RedactionFailed:
        return withheld(record)
    return cast(Json, orjson.loads(value)), value


def withheld(record: Json) -> tuple[Json, bytes]:
    """What may be shown of a record in any case."""
    kept: Json = {name: record[name] for name in _KEPT if name in record} | {"warnings": [WITHHELD]}
    return kept, orjson.dumps(kept)


def is_withheld(record: Json) -> bool:
    """Whether a record is what `withheld` makes."""
    return record.get("warnings") == [WITHHELD]
