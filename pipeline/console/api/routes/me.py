"""Who asks; logging in and out."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from pipeline import __version__
from pipeline.console.api.console import Here
from pipeline.console.api.guard import Caller, WithCsrf
from pipeline.console.models import Login, Me
from pipeline.ingest.http.problem import Problem

router = APIRouter(prefix="/api", tags=["access"])


@router.get("/me")
async def me(console: Here, caller: Caller) -> Me:
    """Who you are to this console, and what you may do."""
    return Me(
        name=caller.name,
        role=caller.role,
        via=caller.via,
        csrf_token=console.access.csrf_token(caller),
        version=__version__,
        prefix=console.prefix,
        features=console.features,
    )


@router.post("/login", status_code=204)
async def login(console: Here, request: Request, response: Response, given: Login) -> None:
    """Give a token, get a session cookie."""
    cookie = console.access.log_in(given.token)
    if cookie is None:
        raise Problem(401, "the token is not known, was revoked or has expired")
    console.access.set_cookie(request, response, cookie)


@router.post("/logout", status_code=204, dependencies=[WithCsrf])
async def logout(console: Here, request: Request, response: Response) -> None:
    """End the session of the cookie: no copy of it is good any more."""
    console.access.log_out(request)
    console.access.delete_cookie(request, response)
