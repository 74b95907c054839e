"""Every topic of itemstream as data.

The route table of the core, topic administration, the JSON Schemas, AsyncAPI, the drawing of the topology and the
tables in the docs are all made from `CATALOGUE`; nothing about a topic is written down a second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypedDict, Unpack

from pydantic import BaseModel

from topics.models import (
    FunctionCall,
    FunctionCallOutput,
    McpApprovalRequest,
    McpApprovalResponse,
    McpCall,
    McpToolList,
    Message,
    OtherItem,
    Response,
)

CleanupPolicy = Literal["delete", "compact"]

DEFAULT_PARTITIONS = 6
DEFAULT_PREFIX = "realtime"

_MINUTE_MS = 60 * 1000
_DAY_MS = 24 * 60 * 60 * 1000
_LARGE_RECORD = 16 * 1024 * 1024
_SESSION_KEY = "the session id (the item id where there is no session)"


class Kept(TypedDict, total=False):
    """How Kafka keeps a topic: the fields of `TopicSpec` that say so."""

    partitions: int
    retention_ms: int | None
    cleanup_policy: CleanupPolicy
    max_message_bytes: int | None
    extra_config: Mapping[str, str]


@dataclass(frozen=True)
class TopicSpec:
    """One topic: what is in it and how Kafka keeps it.

    `name` is without the prefix, except where `fixed_name` is set: then it is the full name. `retention_ms` and
    `max_message_bytes` of None leave the broker's default in force.
    """

    name: str
    record_type: str
    """The CloudEvents type of its records (header `ce_type`); empty for topics whose records have none of ours."""
    item_type: str | None
    """The provider's item type that goes here; None where that is not how records are routed."""
    model: type[BaseModel] | None
    """The record's model; None where the value is not ours to describe."""
    key: str
    description: str
    """One sentence."""
    partitions: int = DEFAULT_PARTITIONS
    retention_ms: int | None = 7 * _DAY_MS
    cleanup_policy: CleanupPolicy = "delete"
    max_message_bytes: int | None = _LARGE_RECORD
    fixed_name: bool = False
    extra_config: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Further topic settings, by Kafka's names."""

    def full_name(self, prefix: str) -> str:
        """The topic's name in Kafka under `prefix`."""
        return self.name if self.fixed_name else f"{prefix}.{self.name}"

    def config(self) -> dict[str, str]:
        """The topic's settings by Kafka's names: only what the catalogue has an opinion on."""
        settings = {"cleanup.policy": self.cleanup_policy}
        if self.retention_ms is not None:
            settings["retention.ms"] = str(self.retention_ms)
        if self.max_message_bytes is not None:
            settings["max.message.bytes"] = str(self.max_message_bytes)
        return settings | dict(self.extra_config)


def own_topic(name: str, key: str, description: str, **kept: Unpack[Kept]) -> TopicSpec:
    """A topic of itemstream's own beside those of the catalogue, by its full name; kept for ever unless told."""
    kept.setdefault("retention_ms", None)
    return TopicSpec(
        name=name, record_type="", item_type=None, model=None, key=key, description=description, fixed_name=True, **kept
    )


def _items(name: str, record: str, item_type: str | None, model: type[BaseModel], description: str) -> TopicSpec:
    return TopicSpec(
        name=f"items.{name}",
        record_type=f"itemstream.{record}.v1",
        item_type=item_type,
        model=model,
        key=_SESSION_KEY,
        description=description,
    )


INPUT_TOPIC = TopicSpec(
    name="realtime.server-events",
    record_type="",
    item_type=None,
    model=None,
    key="the session id; null where the event belongs to no session",
    description="The server events of Realtime sessions as the provider sent them, one record an event.",
    max_message_bytes=None,
    fixed_name=True,
)
"""The input. Its full name does not depend on the prefix; a deployment may name another (`--input-topic`)."""

OTHER_ITEMS = _items(
    "other", "other_item", None, OtherItem, "Every conversation item of a type without a topic of its own."
)

RESPONSES = TopicSpec(
    name="responses",
    record_type="itemstream.response.v1",
    item_type=None,
    model=Response,
    key=_SESSION_KEY,
    description="Every finished response: status, items, usage and timing.",
)

REJECTED = TopicSpec(
    name="rejected",
    record_type="itemstream.rejected.v1",
    item_type=None,
    model=None,
    key="the input record's key, unchanged",
    description="Every input record that cannot be used, its bytes unchanged, with the reason in headers.",
    retention_ms=30 * _DAY_MS,
)

CATALOGUE: tuple[TopicSpec, ...] = (
    _items("messages", "message", "message", Message, "What was said or written: user, assistant and system messages."),
    _items("function-calls", "function_call", "function_call", FunctionCall, "The function calls a model made."),
    _items(
        "function-call-outputs",
        "function_call_output",
        "function_call_output",
        FunctionCallOutput,
        "The results of function calls, joined with the name and the time of their calls.",
    ),
    _items("mcp-calls", "mcp_call", "mcp_call", McpCall, "The calls of tools on MCP servers, with result or error."),
    _items("mcp-tool-lists", "mcp_tool_list", "mcp_list_tools", McpToolList, "The tools that MCP servers listed."),
    _items(
        "mcp-approval-requests",
        "mcp_approval_request",
        "mcp_approval_request",
        McpApprovalRequest,
        "The requests to approve a call of an MCP tool.",
    ),
    _items(
        "mcp-approval-responses",
        "mcp_approval_response",
        "mcp_approval_response",
        McpApprovalResponse,
        "The answers to approval requests, joined with what they approve or refuse.",
    ),
    OTHER_ITEMS,
    RESPONSES,
    REJECTED,
)
"""The output topics, in the order the docs list them."""

ITEM_TOPICS: Mapping[str, TopicSpec] = MappingProxyType(
    {spec.item_type: spec for spec in CATALOGUE if spec.item_type is not None}
)
"""The provider's item type -> its topic. An item type that is not in here goes to `OTHER_ITEMS`."""


_CHANGELOG_CONFIG: Mapping[str, str] = MappingProxyType(
    {
        # A restart reads the whole topic, so that what is overwritten or deleted has to go soon. The active segment is
        # never compacted: as small as a segment may be that takes the largest batch.
        "segment.bytes": str(_LARGE_RECORD),
        "min.cleanable.dirty.ratio": "0.2",
        # Of a group with little traffic too.
        "max.compaction.lag.ms": str(10 * _MINUTE_MS),
        # Deletions, of which every session that ends leaves one a key. Kafka keeps them for a day by default; a restore
        # must have read on from a record to its deletion within this time.
        "delete.retention.ms": str(10 * _MINUTE_MS),
    }
)


def changelog_topic(group: str) -> str:
    """The full name of the topic that holds the session state of consumer group `group`."""
    return f"{group}-sessions-changelog"


def changelog_spec(group: str) -> TopicSpec:
    """The topic that holds the session state of `group`: internal, compacted, partitioned as the input."""
    return own_topic(
        changelog_topic(group),
        "internal",
        "The session state of the worker group: internal, read by its workers alone.",
        cleanup_policy="compact",
        extra_config=_CHANGELOG_CONFIG,
    )
