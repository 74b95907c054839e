"""Fields of the records about MCP servers: calls, tool lists, approvals."""

from __future__ import annotations

from typing import Any, cast

from pipeline.core.enrich.calls import arguments_of
from pipeline.core.enrich.values import NO_WARNINGS, NONE, Fields, error_of, raw_and_parsed, span_ms
from pipeline.core.state import Item, Session
from pipeline.core.values import list_or_none, text_or_none


def mcp_call(item: Item, document: dict[str, Any], session: Session) -> Fields:
    """A call that the provider carried out itself, with its result."""
    arguments, warnings = arguments_of(item, document)
    output_raw, output, _ = raw_and_parsed(document.get("output"))
    error = error_of(document.get("error"))
    return (
        {
            "server_label": text_or_none(document.get("server_label")),
            "name": text_or_none(document.get("name")),
            **arguments,
            "output_raw": output_raw,
            "output": output,
            "error": error,
            "outcome": _outcome(error is not None, output_raw is not None, item.mcp_outcome),
            "approval_request_id": text_or_none(document.get("approval_request_id")),
            "duration_ms": span_ms(item.mcp_start_ms, item.mcp_end_ms),
        },
        NONE,
        warnings,
    )


def mcp_tool_list(item: Item, document: dict[str, Any], session: Session) -> Fields:
    """The tools that a server offers."""
    tools = list_or_none(document.get("tools"))
    names = [text_or_none(cast(dict[str, Any], tool).get("name")) for tool in tools or [] if isinstance(tool, dict)]
    failed = error_of(document.get("error")) is not None
    listed = tools is not None and item.final and item.mcp_outcome != "failed"  # an empty list, and not for a failure
    return (
        {
            "server_label": text_or_none(document.get("server_label")),
            "tools": tools,
            "tool_names": [name for name in names if name is not None],
            "outcome": _outcome(failed, bool(tools) or listed, item.mcp_outcome),
        },
        NONE,
        NO_WARNINGS,
    )


def approval_request(item: Item, document: dict[str, Any], session: Session) -> Fields:
    """A call that waits to be approved."""
    arguments, warnings = arguments_of(item, document)
    return (
        {
            "server_label": text_or_none(document.get("server_label")),
            "name": text_or_none(document.get("name")),
            **arguments,
        },
        NONE,
        warnings,
    )


def approval_response(item: Item, document: dict[str, Any], session: Session) -> Fields:
    """The answer to a request, with what it is about joined."""
    request = item.join or {}
    approve = document.get("approve")
    return (
        {
            "approval_request_id": text_or_none(document.get("approval_request_id")),
            "approve": approve if isinstance(approve, bool) else None,
            "reason": text_or_none(document.get("reason")),
            "server_label": request.get("server_label"),
            "name": request.get("name"),
            "latency_ms": span_ms(request.get("ms"), item.opened_ms),
        },
        NONE,
        NO_WARNINGS,
    )


def _outcome(failed: bool, succeeded: bool, told: str | None) -> str:
    """An error beats a result, a result beats what the call's own events told."""
    return "failed" if failed else "succeeded" if succeeded else told or "unknown"
