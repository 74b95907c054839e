"""From an item as it came to the fields of its record, one builder an item type.

A builder returns two objects of fields and warnings: the record's own content, which decides whether there is a new
revision, and what is filled in as known at the time without ever making one (contract of revisions: `declared`, a
transcript that is merely awaited).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.core.enrich.calls import function_call, function_call_output
from pipeline.core.enrich.mcp import approval_request, approval_response, mcp_call, mcp_tool_list
from pipeline.core.enrich.message import message
from pipeline.core.enrich.values import NO_WARNINGS, NONE, Fields
from pipeline.core.state import Item, Session

Builder = Callable[[Item, dict[str, Any], Session], Fields]

BUILDERS: dict[str, Builder] = {
    "message": message,
    "function_call": function_call,
    "function_call_output": function_call_output,
    "mcp_call": mcp_call,
    "mcp_list_tools": mcp_tool_list,
    "mcp_approval_request": approval_request,
    "mcp_approval_response": approval_response,
}
"""By item type. A type that is not in here has the common fields only."""

NO_FIELDS: Fields = ({}, NONE, NO_WARNINGS)

__all__ = ["BUILDERS", "NO_FIELDS", "Builder", "Fields"]
