"""Reads request bodies within bounds: bytes of one, bytes of all at a time, and time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

from pipeline.ingest.http.problem import Problem

BODY_SECONDS = 30.0
"""A body that takes longer to arrive is given up."""


class Bodies:
    """All bodies of a process that are held at a time."""

    def __init__(self, max_body_bytes: int, max_held_bytes: int) -> None:
        self._max_body = max_body_bytes
        self._max_held = max(max_held_bytes, max_body_bytes)
        self._held = 0

    @asynccontextmanager
    async def of(self, request: Request) -> AsyncGenerator[bytes]:
        """The body, counted as held until the block ends. Raises Problem 408, 413 or 503."""
        self._check(int(length) if (length := request.headers.get("content-length", "0")).isdigit() else 0)
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for chunk in request.stream():
                    size += len(chunk)
                    self._held += len(chunk)
                    chunks.append(chunk)
                    self._check(size, held=self._held)
            yield b"".join(chunks)
        except TimeoutError:
            raise Problem(408, f"the body was not complete within {BODY_SECONDS:g} s") from None
        except ClientDisconnect:
            raise Problem(400, "the request ended before its body was complete") from None
        finally:
            self._held -= size

    def _check(self, size: int, held: int | None = None) -> None:
        if size > self._max_body:
            raise Problem(413, f"the body is larger than {self._max_body} bytes; send it in parts")
        if (self._held + size if held is None else held) > self._max_held:
            raise Problem(503, "too much is being taken at the moment; send it again later", retry_after=1)
