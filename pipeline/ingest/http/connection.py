"""uvicorn's HTTP connection with bounds it has not: size and time of a request's head, connections at a time."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from pipeline.ingest.http.counts import Counts
from pipeline.ingest.http.problem import MEDIA_TYPE, Problem

MAX_HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 10.0


class BoundedConnection(HttpToolsProtocol):
    """Closed when a head is too long or takes too long; answered 503 at once where there are too many."""

    max_connections = 1000
    """Of the process."""
    counts = Counts()
    """Where those turned away are counted."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._head_bytes: int | None = 0
        """Of the head that is being read; None while a body is."""
        self._head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            self._answer(Problem(503, "too many connections; try again later", retry_after=1))
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_read()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        if self._head_bytes is not None:
            # The head's size is seen with what follows it in the same piece, so pieces of a body may count: they are
            # at most as long as one read from the socket, and the head must go on beyond the bound to be refused.
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes is not None and self._head_bytes > MAX_HEAD_BYTES:
            self._answer(Problem(431, f"the head of the request is longer than {MAX_HEAD_BYTES} bytes"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._head_read()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head_bytes = 0

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _head_read(self) -> None:
        self._head_bytes = None
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _answer(self, problem: Problem) -> None:
        self.counts.requests[problem.status] += 1
        body = orjson.dumps(problem.members())
        retry = f"retry-after: {round(problem.retry_after)}\r\n" if problem.retry_after else ""
        self.transport.write(
            f"HTTP/1.1 {problem.status} {problem.members()['title']}\r\ncontent-type: {MEDIA_TYPE}\r\n{retry}"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
            + body
        )
        self.transport.close()
