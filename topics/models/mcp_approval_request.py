"""Record of `{prefix}.items.mcp-approval-requests`: the model asks leave to call an MCP tool."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from topics.models.common import ItemRecord


class McpApprovalRequest(ItemRecord):
    """A request to approve a call of an MCP tool.

    Read one with `McpApprovalRequest.model_validate_json(record.value)`.
    """

    server_label: str | None = Field(description="The MCP server, by the session's label for it.")
    name: str | None = Field(description="The tool's name, verbatim.")
    arguments_raw: str | None = Field(description="The arguments the call is to have, verbatim.")
    arguments: Any = Field(description="The arguments parsed as JSON, of any type; null where they do not parse.")
