"""Record of `{prefix}.items.mcp-calls`: a call of a tool on an MCP server."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from topics.models.common import ErrorInfo, ItemRecord, Outcome


class McpError(ErrorInfo):
    """Why an MCP call failed. An error told as a mere string is in `message`."""


class McpCall(ItemRecord):
    """A call of an MCP tool, which the provider itself carries out, with its result.

    Read one with `McpCall.model_validate_json(record.value)`.
    """

    server_label: str | None = Field(description="The MCP server, by the session's label for it.")
    name: str | None = Field(description="The tool's name, verbatim.")
    arguments_raw: str | None = Field(description="The arguments as the model wrote them, verbatim.")
    arguments: Any = Field(description="The arguments parsed as JSON, of any type; null where they do not parse.")
    output_raw: str | None = Field(description="The tool's output, verbatim; null where there is none.")
    output: Any = Field(description="The output parsed as JSON, of any type; null where it does not parse.")
    error: McpError | None = Field(description="Why the call failed; null where it did not.")
    outcome: Outcome = Field(
        description="`failed` where there is an error, `succeeded` where there is an output, else `unknown`."
    )
    approval_request_id: str | None = Field(description="The approval request that allowed the call, verbatim.")
    duration_ms: int | None = Field(
        description="Time from the call's start to its end, in ms, by the collector's clock; null where one of them "
        "was not seen."
    )
