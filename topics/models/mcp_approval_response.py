"""Record of `{prefix}.items.mcp-approval-responses`: the answer to an approval request."""

from __future__ import annotations

from pydantic import Field

from topics.models.common import ItemRecord


class McpApprovalResponse(ItemRecord):
    """The client's answer to an approval request, joined with the request.

    Read one with `McpApprovalResponse.model_validate_json(record.value)`.
    """

    approval_request_id: str | None = Field(description="Item id of the request that is answered, verbatim.")
    approve: bool | None = Field(description="Whether the call is approved; null where the provider told neither.")
    reason: str | None = Field(description="The reason given, verbatim.")
    server_label: str | None = Field(
        description="The MCP server, from the request; null while the request was not seen."
    )
    name: str | None = Field(description="The tool's name, from the request; null while the request was not seen.")
    latency_ms: int | None = Field(
        description="Time from the request to the answer, in ms, by the collector's clock; null where one of them "
        "was not seen."
    )
