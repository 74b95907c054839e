"""Sums over sessions."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from pipeline.console.api.console import Here, ask
from pipeline.console.api.guard import Viewers
from pipeline.console.api.parameters import Filtered
from pipeline.console.models import Tools, Usage
from pipeline.console.prices import priced

router = APIRouter(prefix="/api", tags=["sums"], dependencies=[Viewers])

Groups = Annotated[tuple[Literal["day", "tenant", "model"], ...], Query(max_length=3)]


@router.get("/tools")
async def tools(console: Here, filters: Filtered) -> Tools:
    """Calls, failures and latency by tool."""
    return await ask(console.queries.tools, filters)


@router.get("/usage")
async def usage(console: Here, filters: Filtered, by: Groups = ("day",)) -> Usage:
    """Tokens of responses, and what they cost where there is a price list."""
    sums = await ask(console.queries.usage, filters, [one for one in ("day", "tenant") if one in by])
    return priced(sums, console.prices, by_model="model" in by)
