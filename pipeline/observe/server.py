"""uvicorn in the process's own loop: a server that answers only while the loop turns."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Generator

import uvicorn
from starlette.types import ASGIApp

STOP_SECONDS = 3


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Signals are the process's."""
        yield


@contextlib.asynccontextmanager
async def served(app: ASGIApp, sock: socket.socket) -> AsyncGenerator[None]:
    """Serve `app` on a listening socket as long as the context lasts; the socket is closed then."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", server_header=False, proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS, timeout_keep_alive=75,
    )  # fmt: skip
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({task})
        sock.close()
