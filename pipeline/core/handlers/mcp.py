"""Events about MCP: when a call ran and how it ended, whether tools could be listed."""

from __future__ import annotations

from typing import Any

from pipeline.core.publish import revise
from pipeline.core.step import Step


def call_started(step: Step, body: dict[str, Any]) -> None:
    """`response.mcp_call.in_progress`: the provider calls the tool."""
    item = step.item(body.get("item_id"))
    if item is not None and item.mcp_start_ms is None:
        item.mcp_start_ms = step.told.ms
        revise(step, item, "joined")


def call_completed(step: Step, body: dict[str, Any]) -> None:
    """`response.mcp_call.completed`."""
    _ended(step, body, "succeeded")


def call_failed(step: Step, body: dict[str, Any]) -> None:
    """`response.mcp_call.failed`."""
    _ended(step, body, "failed")


def list_completed(step: Step, body: dict[str, Any]) -> None:
    """`mcp_list_tools.completed`."""
    _ended(step, body, "succeeded")


def list_failed(step: Step, body: dict[str, Any]) -> None:
    """`mcp_list_tools.failed`."""
    _ended(step, body, "failed")


def _ended(step: Step, body: dict[str, Any], outcome: str) -> None:
    item = step.item(body.get("item_id"))
    if item is not None:
        item.mcp_outcome = outcome
        if item.mcp_end_ms is None:
            item.mcp_end_ms = step.told.ms
        revise(step, item, "joined")
