"""Sums over sessions: tools, tokens and what they cost."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from pipeline.console.models.base import Model
from topics.models.common import Rfc3339

ToolKind = Literal["function", "mcp"]


class Tool(Model):
    """One tool, over all its calls. Milliseconds."""

    kind: ToolKind
    server_label: str | None = Field(description="Of the MCP server.")
    name: str
    calls: int
    answered: int
    failed: int
    unanswered: int
    p50_ms: int | None
    p95_ms: int | None
    max_ms: int | None


class ToolPoint(Model):
    """Calls of one tool within one step of time."""

    at: Rfc3339
    kind: ToolKind
    server_label: str | None
    name: str
    calls: int
    failed: int


class Tools(Model):
    """Tools, most called first, and how often they were called over time."""

    tools: list[Tool]
    series: list[ToolPoint]
    step_seconds: int


class UsageRow(Model):
    """Tokens of the responses of one group. A column that is not grouped by is null."""

    day: str | None = Field(description="YYYY-MM-DD, UTC.")
    tenant: str | None
    model: str | None
    responses: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    input_audio_tokens: int
    output_audio_tokens: int
    total_tokens: int
    cost: float | None = Field(description="Null where a model in the group has no price, rather than too low.")
    priced_cost: float | None = Field(description="Of those of its models that have a price; null where none has.")
    unpriced_responses: int = Field(description="Responses of its models that have no price.")


class Usage(Model):
    """Tokens, and what they cost where there is a price list."""

    rows: list[UsageRow]
    currency: str | None
    priced: bool = Field(description="Whether there is a price list (setting `console_prices`).")
    unpriced_models: list[str | None] = Field(
        description="Models that used tokens and are not in the price list; null: responses that tell no model."
    )
