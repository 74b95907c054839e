"""The web endpoints of workers and collectors: `/metrics`, `/live`, `/ready`, `/status`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipeline.observe.health import Health

Endpoint = Callable[[Request], Awaitable[Response]]


def web_app(
    metrics: Callable[[str], Awaitable[tuple[bytes, str]]],
    live: Callable[[], Awaitable[Health]],
    ready: Callable[[], Awaitable[Health]],
    status: Callable[[], Awaitable[Mapping[str, Any]]],
) -> Starlette:
    """The ASGI application.

    metrics: takes the request's Accept header, gives body and content type. A no of `live` or `ready` is a 503.
    """

    async def metrics_page(request: Request) -> Response:
        body, content_type = await metrics(request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    def health_page(ask: Callable[[], Awaitable[Health]]) -> Endpoint:
        async def page(_: Request) -> Response:
            health = await ask()
            return _json(health.body(), 200 if health.good else 503)

        return page

    async def status_page(_: Request) -> Response:
        return _json(await status())

    return Starlette(
        routes=[
            Route("/metrics", metrics_page),
            Route("/live", health_page(live)),
            Route("/ready", health_page(ready)),
            Route("/status", status_page),
        ]
    )


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """The registry's metrics in the format that `accept` asks for, and its content type."""
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


def _json(body: Mapping[str, Any], status: int = 200) -> Response:
    encoded = orjson.dumps(body, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return Response(encoded, status, media_type="application/json", headers={"cache-control": "no-store"})
