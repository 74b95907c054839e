"""Around every request: names this console answers to, where a change may come from, how much it may bring, and what
browsers are told."""

from __future__ import annotations

from collections.abc import Collection
from types import MappingProxyType
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.ingest.http.problem import Problem

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
MOST_BODY_BYTES = 1024 * 1024
"""Of a request. It is read before anybody is asked who they are."""
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

HEADERS = MappingProxyType(
    {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        # Of what is no page; a page brings its own.
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cache-control": "no-store",
    }
)
"""Set where an answer does not say otherwise itself."""


class Guarded:
    """ASGI middleware.

    names: hosts a request may name; None: any. On loopback this keeps out a site that has its own name lead to this
    machine (DNS rebinding), for which the browser would take this console.
    """

    def __init__(self, app: ASGIApp, names: Collection[str] | None) -> None:
        self._app = app
        self._names = None if names is None else frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        problem = self._problem(scope["method"], Headers(scope=scope))
        await (self._app if problem is None else problem.response())(scope, _bounded(receive), told)

    def _problem(self, method: str, headers: Headers) -> Problem | None:
        host = headers.get("host", "")
        if self._names is not None and _without_port(host).lower() not in self._names:
            return Problem(
                421, "this console does not answer to that host name: see setting console_hosts", field="Host"
            )
        if method not in SAFE_METHODS and not _is_same_origin(headers, host):
            return Problem(403, "another site's page may not do that", field="Origin")
        return None


def _bounded(receive: Receive) -> Receive:
    size = 0

    async def received() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > MOST_BODY_BYTES:
            raise HTTPException(413, f"the body has more than {MOST_BODY_BYTES:,} bytes")
        return message

    return received


def _is_same_origin(headers: Headers, host: str) -> bool:
    """Whether a page of ours sent it, or no page at all."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == host.lower()


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
