"""The ASGI application: routes, and every error as problem details."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from traceback import format_tb
from typing import Any, NamedTuple

import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from pipeline.ingest.access import AccessDenied
from pipeline.ingest.http.attributes import of_request
from pipeline.ingest.http.body import Bodies
from pipeline.ingest.http.collector import BatchRefused, Collector, Line
from pipeline.ingest.http.counts import Counts
from pipeline.ingest.http.models import TYPE_PATTERN
from pipeline.ingest.http.modes import BATCH, ONE, Found, Reader, reader_of
from pipeline.ingest.http.openapi import document
from pipeline.ingest.http.page import page
from pipeline.ingest.http.problem import Problem
from pipeline.ingest.limits import TooManyConnections

log = logging.getLogger(__name__)

PATH = "/v1/realtime/server-events"

Endpoint = Callable[[Request], Awaitable[Response]]


class Bounds(NamedTuple):
    """Of the process. Bytes and events of one request, bytes of all at a time, seconds until Kafka counts as stuck."""

    max_body_bytes: int
    max_held_bytes: int
    max_batch_events: int
    stuck_seconds: float


def build_app(collector: Collector, bounds: Bounds) -> Starlette:
    """The application; `collector.writer` is started and closed by whoever serves it."""
    endpoints = _Endpoints(collector, bounds)
    return Starlette(
        routes=[
            Route(f"{PATH}/{{event_type}}", _counted(endpoints.one, collector.counts), methods=["POST"]),
            Route(PATH, _counted(endpoints.batch, collector.counts), methods=["POST"]),
            Route("/health", endpoints.health, methods=["GET"]),
            Route("/openapi.json", endpoints.openapi, methods=["GET"]),
            Route("/docs", endpoints.docs, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _http_error},
    )


def _counted(endpoint: Endpoint, counts: Counts) -> Endpoint:
    """The endpoint, its problems answered, each answer counted."""

    async def answered(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except Problem as problem:
            response = problem.response()
        counts.requests[response.status_code] += 1
        return response

    return answered


class _Endpoints:
    def __init__(self, collector: Collector, bounds: Bounds) -> None:
        self._collector = collector
        self._bounds = bounds
        self._bodies = Bodies(bounds.max_body_bytes, bounds.max_held_bytes)
        described = document(bounds.max_batch_events)
        self._openapi = orjson.dumps(described)
        self._page = page(described)

    async def one(self, request: Request) -> Response:
        """POST …/{event_type}: one event."""
        event_type: str = request.path_params["event_type"]
        if not re.fullmatch(TYPE_PATTERN[1:-1], event_type):
            detail = "the path's event type: letters, digits, dots, dashes and underscores, 200 at most"
            raise Problem(400, detail, field="event_type")

        def refused(lines: Sequence[Problem | None]) -> Problem:
            return next(line for line in lines if line is not None)

        try:
            (line,) = await self._taken(request, ONE, event_type)
        except BatchRefused as error:
            raise refused(error.lines) from None
        if line.problem is not None:
            raise line.problem
        return _json({"event_id": line.id, "type": event_type})

    async def batch(self, request: Request) -> Response:
        """POST …: many events, answered line by line; none is written where one can't be taken."""
        try:
            lines = await self._taken(request, BATCH, None)
        except BatchRefused as error:
            return _refused_batch(error.lines)
        problems = [line.problem for line in lines if line.problem is not None]
        told = [line.members() for line in lines]
        if not problems:
            return _json({"lines": told})
        worst = max(problems, key=lambda problem: problem.status)
        done = len(lines) - len(problems)
        return Problem(
            worst.status, f"{done} of {len(lines)} events are in Kafka: {worst.detail}", retry_after=worst.retry_after
        ).response(lines=told)

    async def health(self, request: Request) -> Response:
        """GET /health: 503 while Kafka does not acknowledge."""
        writer = self._collector.writer
        stuck = writer.oldest_seconds > self._bounds.stuck_seconds
        return _json(
            {
                "status": "stuck" if stuck else "ok",
                "unacknowledged_bytes": writer.waiting_bytes,
                "oldest_unacknowledged_seconds": round(writer.oldest_seconds, 3),
            },
            503 if stuck else 200,
        )

    async def openapi(self, request: Request) -> Response:
        return Response(self._openapi, media_type="application/json")

    async def docs(self, request: Request) -> Response:
        return HTMLResponse(self._page)

    async def _taken(self, request: Request, readers: dict[str, Reader], event_type: str | None) -> list[Line]:
        collector = self._collector
        headers = request.headers
        try:
            caller = collector.access.caller(headers.get("authorization"))
        except AccessDenied as error:
            raise Problem(401, str(error), field="authorization") from None
        try:
            with collector.access.connection(caller):
                read = reader_of(headers.get("content-type"), readers, headers.get("content-encoding"))
                attributes = of_request(headers.get, request.query_params.multi_items())
                async with self._bodies.of(request) as body:
                    found = self._bounded(read(body, attributes))
                    if event_type is not None and headers.get("ce-type", event_type) != event_type:
                        raise Problem(409, "ce-type and the path are not the same", field="ce-type")
                    if event_type is not None and found[0].id is None:
                        found = [found[0]._replace(id=headers.get("ce-id"))]
                    return await collector.write(collector.check(caller, found, event_type))
        except TooManyConnections:
            raise Problem(429, "the tenant has as many requests open as it may", retry_after=1) from None
        except (Problem, BatchRefused):
            raise
        except Exception as error:
            # What the exception says may hold what was sent, which must not come into a log: where it was is enough.
            log.error("a request failed: %s\n%s", type(error).__name__, "".join(format_tb(error.__traceback__)))
            raise Problem(500, "a mistake of the collector; whether the event is in Kafka is not known") from None

    def _bounded(self, found: list[Found]) -> list[Found]:
        if not found:
            raise Problem(400, "the batch is empty")
        if len(found) > self._bounds.max_batch_events:
            raise Problem(413, f"the batch has {len(found)} events; at most {self._bounds.max_batch_events} are taken")
        return found


def _refused_batch(lines: Sequence[Problem | None]) -> Response:
    problems = [problem for problem in lines if problem is not None]
    statuses = {problem.status for problem in problems}
    index = next(number for number, problem in enumerate(lines) if problem is not None)
    whole = Problem(
        statuses.pop() if len(statuses) == 1 else 400,
        f"nothing was written: {len(problems)} of {len(lines)} events can't be taken, the first is number {index}",
        field=f"{index}.{problems[0].field}" if problems[0].field else str(index),
    )
    not_tried = Problem(424, "not written, since others of the batch can't be taken")
    return whole.response(lines=[(problem or not_tried).members() for problem in lines])


def _json(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    details = {404: "there is nothing at this path; /docs says what there is", 405: "this path takes another method"}
    answer = Problem(error.status_code, details.get(error.status_code, error.detail)).response()
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer
