"""The pipeline as it runs now, what operators did, and everything as it happens."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from pipeline.console.api.console import Here
from pipeline.console.api.guard import Viewers
from pipeline.console.api.parameters import Cursor, Limit
from pipeline.console.models import Audit, Pipeline

router = APIRouter(prefix="/api", tags=["pipeline"], dependencies=[Viewers])


@router.get("/pipeline")
async def pipeline(console: Here) -> Pipeline:
    """Topics, workers, rates and lag."""
    return await console.pipeline.now()


@router.get("/audit")
async def audit(console: Here, cursor: Cursor = None, limit: Limit = 50) -> Audit:
    """What operators did, newest first."""
    return await console.audit.page(cursor, limit)


@router.get("/stream", response_class=EventSourceResponse)
async def stream(
    request: Request,
    console: Here,
    session: Annotated[str | None, Query(max_length=1000, description="Also the entries of this session.")] = None,
    last_event_id: Annotated[str | None, Header(max_length=100)] = None,
) -> AsyncIterable[ServerSentEvent]:
    """Server-sent events as things happen.

    `session` (SessionSummary), `entry` (Entry, with `session`), `rejected` (RejectedCount), `replay` (Job), `pipeline`
    (Pipeline, once a second), `forgotten` ({session_id}), and `gap` where not all that happened is told, be it since
    `Last-Event-ID` or because it was too much at once: ask anew then. It ends when the caller may not look any more.
    """
    async for event in console.live.events(
        session, last_event_id, lambda: console.access.identify(request) is not None
    ):
        yield event
