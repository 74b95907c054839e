"""Records that could not be used, and sending them again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from pipeline.console.api.console import Here
from pipeline.console.api.guard import Operator, Viewers, WithCsrf
from pipeline.console.api.parameters import Cursor, Limit, Text
from pipeline.console.models import RedriveRequest, RedriveResult, RejectedPage
from pipeline.ingest.http.problem import Problem

router = APIRouter(prefix="/api/rejected", tags=["rejected"], dependencies=[Viewers])


@router.get("")
async def rejected(
    console: Here, reason: Annotated[str | None, Text] = None, cursor: Cursor = None, limit: Limit = 50
) -> RejectedPage:
    """Rejected records, newest first."""
    return await console.dead_letters.page(reason, cursor, limit)


@router.post("/redrive", dependencies=[WithCsrf])
async def redrive(console: Here, caller: Operator, wanted: RedriveRequest) -> RedriveResult:
    """Send rejected records again, each once; or, with `dry_run`, tell what would come of it."""
    if (wanted.ids is None) == (wanted.reason is None):
        raise Problem(422, "say either which records (`ids`) or all of a `reason`", field="ids")
    if wanted.dry_run:
        return await console.dead_letters.redrive(wanted)
    async with console.audit.recorded(caller.name, "redrive", wanted.model_dump(exclude={"dry_run"})) as details:
        result = await console.dead_letters.redrive(wanted)
        details["sent"] = result.sent
        return result
