"""Bounds of a connection that uvicorn has not."""

import asyncio

import pytest

from pipeline.ingest.http import connection
from tests.ingest.http.support import ITEM_DONE, body, collector, settings

pytestmark = pytest.mark.kafka


async def _sent(port: int, *parts: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_head_without_end(bootstrap_servers: str, topic: str) -> None:
    told = settings(bootstrap_servers, topic)
    async with collector(told):
        start = b"POST / HTTP/1.1\r\nhost: x\r\n"
        one_long = [start + b"a: ", *[b"x" * 1000] * 70]
        many = [start, *[b"a: " + b"x" * 1000 + b"\r\n"] * 70]
        for parts in (one_long, many):
            assert (await _sent(told.ingest_port, *parts))[:12] in (b"HTTP/1.1 431", b"")
        # A body may be longer than a head, and after it the next head is counted anew.
        large = body(pad="x" * 100_000)
        request = (
            f"POST {ITEM_DONE} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            f"content-length: {len(large)}\r\n"
        ).encode()
        last = request + b"connection: close\r\n\r\n" + large
        answer = await _sent(told.ingest_port, request + b"\r\n", large[:70_000], large[70_000:], last)
        assert answer.count(b"HTTP/1.1 200") == 2


async def test_a_head_that_takes_too_long(bootstrap_servers: str, topic: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.1)
    told = settings(bootstrap_servers, topic)
    async with collector(told):
        assert await _sent(told.ingest_port) == b""
        assert await _sent(told.ingest_port, b"POST / HTT") == b""


async def test_too_many_connections(bootstrap_servers: str, topic: str) -> None:
    told = settings(bootstrap_servers, topic, ingest_max_connections=3)
    async with collector(told) as client:
        others = [await asyncio.open_connection("127.0.0.1", told.ingest_port) for _ in range(3)]
        answer = await _sent(told.ingest_port)
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nretry-after: 1\r\n" in answer
        assert b"application/problem+json" in answer
        for _, writer in others:
            writer.close()
            await writer.wait_closed()
        async with asyncio.timeout(10):  # until the server has seen them go
            while True:
                async with client.get("/health") as again:
                    if again.status == 200:
                        break
