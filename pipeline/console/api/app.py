"""The console as an ASGI application."""

from __future__ import annotations

import logging
from collections.abc import Collection

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from pipeline import __version__
from pipeline.console.api.console import Console
from pipeline.console.api.failures import FAMILIES, problem_of
from pipeline.console.api.headers import HEADERS, Guarded
from pipeline.console.api.openapi import describe
from pipeline.console.api.page import Page
from pipeline.console.api.routes import flow, health, me, rejected, replays, sessions, sums
from pipeline.ingest.http.problem import Problem

log = logging.getLogger(__name__)

ROUTERS = (me.router, sessions.router, sums.router, rejected.router, replays.router, flow.router, health.router)


def build_app(console: Console | None, *, names: Collection[str] | None = None, page: Page | None = None) -> FastAPI:
    """The application. console: None for one that only tells of itself. names: see `Guarded`."""
    # No pages of its own for the documentation: they would load scripts from elsewhere.
    app = FastAPI(
        title="itemstream console", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.console = console
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    app.add_exception_handler(Problem, _problem)
    for family in FAMILIES:
        app.add_exception_handler(family, _failure)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)
    app.add_route("/api/{rest:path}", _unknown, include_in_schema=False)
    app.add_route("/{path:path}", (page or Page()).answer, methods=["GET"], include_in_schema=False)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(Guarded, names=names)
    return app


async def _unknown(request: Request) -> Response:
    return Problem(404, "there is no such address: see /api/openapi.json").response()


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _failure(_: Request, error: Exception) -> Response:
    problem = problem_of(error)
    if problem.status >= 500:
        log.warning("a request failed: %s", problem.detail)
    return problem.response()


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    field = ".".join(str(part) for part in first["loc"][1:])
    return Problem(422, f"{field or 'the body'}: {first['msg']}", field=field or None).response()


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = Problem(error.status_code, str(error.detail)).response()
    answer.headers.update(error.headers or {})
    return answer


async def _unexpected(_: Request, error: Exception) -> Response:
    # What went wrong is in the log; the answer tells a stranger nothing of it.
    answer = Problem(500, "the console failed on this request; its log says why").response()
    answer.headers.update(HEADERS)  # it is made outside of what sets them for all others
    return answer
