"""Record of `{prefix}.items.mcp-tool-lists`: the tools an MCP server offers."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from topics.models.common import ItemRecord, Outcome


class McpToolList(ItemRecord):
    """The tools that an MCP server listed to the session.

    Read one with `McpToolList.model_validate_json(record.value)`.
    """

    server_label: str | None = Field(description="The MCP server, by the session's label for it.")
    tools: list[Any] | None = Field(
        description="The tools as the server described them, verbatim; null where there is no list."
    )
    tool_names: list[str] = Field(
        description="The tools' names, in the order of `tools`; empty where there is no list.",
        examples=[["search", "fetch"]],
    )
    outcome: Outcome = Field(
        description="`failed` where the listing failed, `succeeded` where there is a list, else `unknown`."
    )
