"""What a request must have before a route sees it: somebody known, the role it takes, and the page's own token."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Request

from pipeline.console.access.identity import Identity
from pipeline.console.api.console import Here
from pipeline.ingest.http.problem import Problem

CSRF_HEADER = "X-CSRF-Token"


def _caller(request: Request, console: Here) -> Identity:
    found = console.access.identify(request)
    if found is None:
        raise Problem(401, "who are you? Log in with a token, or send it: Authorization: Bearer …")
    return found


Caller = Annotated[Identity, Depends(_caller)]
Viewers = Depends(_caller)


def _operator(caller: Caller) -> Identity:
    if caller.role != "operator":
        raise Problem(
            403, f"{caller.name} may look and not act: this takes the role operator, see docs/console-running.md"
        )
    return caller


Operator = Annotated[Identity, Depends(_operator)]


def _csrf(
    console: Here,
    caller: Caller,
    token: Annotated[str, Header(alias=CSRF_HEADER, max_length=200, description="`csrf_token` of `/api/me`.")] = "",
) -> None:
    if not console.access.is_csrf_token(caller, token):
        raise Problem(403, f"header {CSRF_HEADER} is missing or old: take csrf_token from /api/me", field=CSRF_HEADER)


WithCsrf = Depends(_csrf)
