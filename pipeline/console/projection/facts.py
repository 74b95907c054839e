"""What the console keeps of one record, beside the record itself. Pure; what it reads may be of any shape."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

from pipeline.console.store.schema import FUNCTION, MCP, TOKENS
from pipeline.core.rfc3339 import milliseconds

MAX_TEXT = 20_000
"""Characters of a record that can be searched for."""
PREVIEW = 200
LONGEST_LABEL = 150
"""Characters of an id or a name. PostgreSQL's indexes take 2.7 kB a row, with up to three of them in it."""

HOUR_MS = 3_600_000

Json = dict[str, Any]
UsageKey = tuple[int, str, str, str]
"""Hour (ms), provider, tenant, model."""

NOT_JSON = "arguments_not_json"


@dataclass(frozen=True, slots=True)
class Call:
    """A call, or what the answer to one tells of it. item: the call's item id."""

    item: str
    kind: int
    server_label: str | None
    name: str | None
    at: int
    seen: bool
    answered: bool
    failed: bool
    latency_ms: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """counts: by columns of sessions. tool: the name called. usage: by columns of `usage`. text: to search in."""

    counts: dict[str, int]
    text: str
    tool: str | None = None
    usage: tuple[UsageKey, dict[str, int]] | None = None


def text(value: Any) -> str | None:
    """A text that any database takes; None where it is none, or empty."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) and value else None


def label(value: Any) -> str | None:
    """A text that can be a key in any database: a very long one is cut, and a digest tells it from others."""
    if value.__class__ is str and 0 < len(value) <= LONGEST_LABEL and "\x00" not in value:
        return value  # nearly all are
    told = text(value)
    if told is None or len(told) <= LONGEST_LABEL:
        return told
    return f"{told[:LONGEST_LABEL]}…{blake2b(told.encode(), digest_size=16).hexdigest()}"


def number(value: Any) -> int:
    """A whole number that any database takes; 0 where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**62 else 0


def moment(*told: Any) -> int | None:
    """The first of these that is a time, in ms."""
    for one in told:
        if isinstance(one, str) and (ms := milliseconds(one.encode(errors="replace"))) is not None:
            return ms
    return None


def object_of(value: Any) -> Json:
    """The object, or an empty one."""
    return cast(Json, value) if isinstance(value, dict) else {}


def facts_of(record_type: str, record: Json) -> Facts:
    """Of an item record or a response."""
    if record_type == "response":
        return _response(record)
    counts = {"items": 1}
    tool = None
    if record_type == "message":
        counts["messages"] = 1
        if record.get("interrupted") is True:
            counts["interrupted"] = 1
        if object_of(record.get("transcript")).get("state") == "failed":
            counts["failed_transcripts"] = 1
    elif record_type in ("function_call", "mcp_call"):
        tool = label(record.get("name"))
        counts["tool_calls"] = 1
        if _failed(record):
            counts["tool_failures"] = 1
    return Facts(counts, searchable(record_type, record), tool)


def _failed(record: Json) -> bool:
    """As the metrics of a worker count it: an MCP call that failed, and arguments that are no JSON."""
    warnings = record.get("warnings")
    return record.get("outcome") == "failed" or (isinstance(warnings, list) and NOT_JSON in warnings)


def _response(record: Json) -> Facts:
    told = object_of(record.get("usage"))
    tokens = {name: number(told.get(name)) for name in TOKENS}
    counts = {"responses": 1} | {name: tokens[name] for name in ("input_tokens", "output_tokens", "total_tokens")}
    if record.get("status") == "failed":
        counts["failed_responses"] = 1
    received = moment(object_of(record.get("source")).get("received_at")) or 0
    key = (
        received - received % HOUR_MS,
        label(record.get("provider")) or "",
        label(record.get("tenant")) or "",
        label(record.get("model")) or "",
    )
    return Facts(counts, searchable("response", record), usage=(key, {"responses": 1, **tokens}))


def call_of(record_type: str, record: Json) -> Call | None:
    """What the record tells of a call; None where it is no call, or of one that is not known."""
    source_at = moment(object_of(record.get("source")).get("received_at")) or 0
    name, server = label(record.get("name")), label(record.get("server_label"))
    item = label(record.get("item_id"))
    if record_type == "function_call" and item:
        at = moment(record.get("done_at"), record.get("opened_at")) or source_at
        return Call(item, FUNCTION, None, name, at, True, False, _failed(record), None)
    if record_type == "mcp_call" and item:
        at = moment(record.get("opened_at"), record.get("done_at")) or source_at
        answered = record.get("outcome") in ("succeeded", "failed")
        return Call(item, MCP, server, name, at, True, answered, _failed(record), _latency(record.get("duration_ms")))
    if record_type == "function_call_output" and (item := label(record.get("call_item_id"))):
        at = moment(record.get("opened_at"), record.get("done_at")) or source_at
        return Call(item, FUNCTION, None, name, at, False, True, False, _latency(record.get("latency_ms")))
    return None


def _latency(value: Any) -> int | None:
    return None if value is None else max(0, number(value))


_SEARCHED: dict[str, tuple[str, ...]] = {
    "message": ("text",),
    "function_call": ("name", "arguments_raw"),
    "function_call_output": ("name", "output_raw"),
    "mcp_call": ("server_label", "name", "arguments_raw", "output_raw", "error"),
    "mcp_tool_list": ("server_label", "tool_names"),
    "mcp_approval_request": ("server_label", "name", "arguments_raw"),
    "mcp_approval_response": ("server_label", "name", "reason"),
    "response": ("error", "status_reason"),
    "other_item": ("item",),
}
"""Fields with texts one may search for, by record type."""


def searchable(record_type: str, record: Json) -> str:
    """All texts of the record one may search for, a line each."""
    found: list[str] = []
    left = MAX_TEXT
    pending = [record.get(field) for field in reversed(_SEARCHED.get(record_type, ()))]
    while pending and left > 0:
        value: Any = pending.pop()
        if isinstance(value, str):
            if value:
                found.append(value[:left])
                left -= len(value) + 1
        elif isinstance(value, dict):
            pending.extend(reversed(list(cast(Json, value).values())))
        elif isinstance(value, list):
            pending.extend(reversed(cast(list[Any], value)))
    return "\n".join(found).translate(_UNSEARCHABLE)


# What no database takes, and what stands around matches.
_UNSEARCHABLE: dict[int, str | int | None] = dict.fromkeys((0, 1, 2), " ")


def preview_of(record: Json, sequence: int) -> tuple[int, str] | None:
    """What a message offers to be shown of its session, and its rank: the lowest is shown. The first that the user
    said, else the first that anybody did."""
    said = text(record.get("text"))
    if said is None or not said.strip():
        return None
    return sequence + (0 if record.get("role") == "user" else 2**40), " ".join(said[: 2 * PREVIEW].split())[:PREVIEW]
