"""Sessions: the list, a conversation, what is behind it."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse

from pipeline.console.api.console import Here, ask
from pipeline.console.api.guard import Viewers
from pipeline.console.api.parameters import Cursor, Filtered, Limit, Text
from pipeline.console.models import Facets, RawEvents, Revisions, SessionDetail, SessionPage, Timeline
from pipeline.console.queries import SessionFilters
from pipeline.console.services import NotFoundError
from pipeline.ingest.http.problem import Problem

router = APIRouter(prefix="/api", tags=["sessions"], dependencies=[Viewers])

SessionId = Annotated[str, Path(max_length=1000)]
ItemId = Annotated[str, Path(max_length=1000)]
T = TypeVar("T")


class JsonLines(StreamingResponse):
    """Text for `itemstream process`."""

    media_type = "text/plain"


@router.get("/facets")
async def facets(console: Here) -> Facets:
    """Values there are to filter by."""
    return await ask(console.queries.facets)


@router.get("/sessions")
async def sessions(
    console: Here,
    filters: Filtered,
    tool: Annotated[str | None, Text] = None,
    error: Annotated[bool, Query(description="Only where a tool, a response or a transcript failed.")] = False,
    interrupted: Annotated[bool, Query(description="Only where the user interrupted.")] = False,
    q: Annotated[str | None, Query(max_length=1000, description="Words to search for.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> SessionPage:
    """Sessions, newest activity first."""
    wanted = SessionFilters(
        from_ms=filters.from_ms,
        to_ms=filters.to_ms,
        provider=filters.provider,
        tenant=filters.tenant,
        tool=tool,
        error=error,
        interrupted=interrupted,
        q=q,
    )
    return await ask(console.queries.sessions, wanted, cursor, limit)


@router.get("/sessions/{session_id:path}/timeline")
async def timeline(
    console: Here,
    session_id: SessionId,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    item: Annotated[
        str | None, Query(max_length=1000, description="In place of `offset`: the stretch with this item or response.")
    ] = None,
) -> Timeline:
    """A stretch of the conversation, in its order: the latest revision of each item and response."""
    if item is not None:
        found = await ask(console.queries.entries, session_id, [("item", item), ("response", item)])
        if not found:
            raise NotFoundError(f"there is no item or response {item} in session {session_id}")
        offset = found[0].position // limit * limit
    return _there(await ask(console.queries.timeline, session_id, offset, limit), session_id)


@router.get("/sessions/{session_id:path}/items/{item_id:path}/revisions")
async def revisions(console: Here, session_id: SessionId, item_id: ItemId) -> Revisions:
    """Every record of an item, ascending."""
    found = await ask(console.queries.revisions, session_id, item_id)
    if not found:
        raise NotFoundError(f"there is no item {item_id} in session {session_id}")
    return Revisions(revisions=found)


@router.get("/sessions/{session_id:path}/events")
async def events(
    console: Here,
    session_id: SessionId,
    item_id: Annotated[str | None, Query(max_length=1000, description="Only those behind this item.")] = None,
) -> RawEvents:
    """The provider's events, read from Kafka now."""
    _check_raw(console)
    return await console.events.events(session_id, item_id)


@router.get(
    "/sessions/{session_id:path}/fixture",
    response_class=JsonLines,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def fixture(console: Here, session_id: SessionId) -> JsonLines:
    """The session's events as JSON lines; `itemstream process` makes of them what is on the topics."""
    _check_raw(console)
    lines = console.events.fixture(session_id)
    # What is wrong comes out with the first line, while an error can still be answered.
    first = await anext(lines, b"")

    async def body():  # noqa: ANN202
        yield first
        async for line in lines:
            yield line

    return JsonLines(body())


@router.get("/sessions/{session_id:path}")
async def session(console: Here, session_id: SessionId) -> SessionDetail:
    """One session."""
    return _there(await ask(console.queries.session, session_id), session_id)


def _check_raw(console: Here) -> None:
    if not console.features.raw_events:
        raise Problem(403, "this console does not show the provider's events (setting console_raw_events)")


def _there(found: T | None, session_id: str) -> T:
    if found is None:
        raise NotFoundError(f"there is no session {session_id} in the console's store")
    return found
