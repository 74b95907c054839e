"""Whether the console works."""

from __future__ import annotations

from fastapi import APIRouter, Response

from pipeline.console.api.console import Here
from pipeline.console.models import Health

router = APIRouter(tags=["health"])


@router.get("/live")
async def live() -> Health:
    """That the process answers."""
    return Health(status="ok", problems=[])


@router.get("/ready", responses={503: {"model": Health}})
async def ready(console: Here, response: Response) -> Health:
    """Whether the store has all that is on the topics, more or less; 503 with the reasons where not."""
    problems = console.problems()
    if problems:
        response.status_code = 503
    return Health(status="not_ready" if problems else "ok", problems=problems)
