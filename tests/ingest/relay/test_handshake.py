"""What an application sees of the handshake is what its provider said, and the other way round."""

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidStatus
from websockets.http11 import Request, Response

from tests.ingest.relay.support import HANDSHAKE, SWITCHING, echo, head, raw_upstream, relaying, websocket_upstream


@contextlib.asynccontextmanager
async def answering(answer: bytes, heard: list[bytes]) -> AsyncGenerator[int]:
    """An upstream that answers anything with these bytes, and closes."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        told = await head(reader)
        if found := re.search(rb"content-length: (\d+)", told, re.IGNORECASE):
            told += await reader.readexactly(int(found[1]))
        heard.append(told)
        writer.write(answer)
        await writer.drain()

    async with raw_upstream(handle) as port:
        yield port


async def ask(relay: Any, request: bytes) -> bytes:
    """All that is answered until the connection is closed."""
    reader, writer = await relay.open()
    writer.write(request)
    answered = await reader.read()
    writer.close()
    return answered


@pytest.mark.parametrize(
    "target",
    [
        "/v1/realtime?model=gpt-realtime",
        "/v1/realtime?call_id=rtc_u1_9c6574da8b8a41a18da9308f4ad974ce",
        "/openai/realtime?api-version=2025-04-01-preview&deployment=my%20model",
        "/openai/v1/realtime?model=d",
        "/voice-live/realtime?api-version=2025-10-01&model=gpt-4o",
        "/v1/realtime/translations?model=x&&y=%2F%2f+z",
        "/",
    ],
)
async def test_target_and_headers_reach_the_provider(target: str) -> None:
    heard: list[bytes] = []
    request = HANDSHAKE.replace(b"/v1/realtime?model=m", target.encode()).replace(
        b"\r\n\r\n",
        b"\r\nAuthorization: Bearer sk-secret\r\nOpenAI-Beta: realtime=v1\r\nx-ODD-Case:  spaced \r\napi-key: k"
        b"\r\nSec-WebSocket-Protocol: realtime, openai-insecure-api-key.sk-1\r\nKeep-Alive: 5"
        b"\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"
        b"\r\nCookie: a=1\r\nCookie: b=2\r\n\r\n",
    )
    async with answering(SWITCHING, heard) as port, relaying(port) as relay:
        assert await ask(relay, request) == SWITCHING
    first, *lines = heard[0].decode().split("\r\n")
    assert first == f"GET {target} HTTP/1.1"
    assert lines[0] == f"Host: 127.0.0.1:{port}"
    for line in (
        "Authorization: Bearer sk-secret",
        "OpenAI-Beta: realtime=v1",
        "x-ODD-Case: spaced",
        "api-key: k",
        "Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.sk-1",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Cookie: a=1",
        "Cookie: b=2",
        "Connection: Upgrade",
        "Upgrade: websocket",
    ):
        assert lines.count(line) == 1, line
    assert not [line for line in lines if line.lower().startswith(("keep-alive", "x-forwarded", "via"))]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
async def test_a_refusal_is_told_as_it_was(status: int) -> None:
    body = json.dumps({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}})

    async def never(_connection: ServerConnection) -> None:
        raise AssertionError

    def refuse(connection: ServerConnection, _request: Request) -> Response:
        response = connection.respond(status, body)
        response.headers["x-request-id"] = "req_1"
        response.headers["Retry-After"] = "7"
        return response

    async with websocket_upstream(never, process_request=refuse) as port, relaying(port) as relay:
        with pytest.raises(InvalidStatus) as refused:
            await relay.connect()
        assert relay.journal.records == []
    response = refused.value.response
    assert (response.status_code, response.body, response.headers["x-request-id"]) == (status, body.encode(), "req_1")
    assert response.headers["Retry-After"] == "7"


async def test_a_chunked_refusal_and_nothing_more_on_that_connection() -> None:
    heard: list[bytes] = []
    answer = b"HTTP/1.1 429 Slow Down\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    async with answering(answer, heard) as port, relaying(port) as relay:
        answered = await ask(relay, HANDSHAKE + b"GET /secret HTTP/1.1\r\nHost: relay\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 429 Slow Down\r\n")
    assert b"\r\nConnection: close\r\n" in answered
    assert answered.endswith(b"5\r\nhello\r\n0\r\n\r\n")
    assert len(heard) == 1


@pytest.mark.parametrize(
    ("location", "told"),
    [
        ("/v2/realtime?model=m", "/v2/realtime?model=m"),
        ("http://127.0.0.1:{port}/v2/realtime?model=m", "/v2/realtime?model=m"),
        ("ws://127.0.0.1:{port}", "/"),
        ("https://elsewhere.example/realtime", "https://elsewhere.example/realtime"),
    ],
)
async def test_redirects_within_the_provider_stay_with_the_relay(location: str, told: str) -> None:
    async def redirect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        port = writer.get_extra_info("sockname")[1]
        writer.write(
            f"HTTP/1.1 307 Elsewhere\r\nLocation: {location.format(port=port)}\r\nContent-Length: 0\r\n\r\n".encode()
        )

    async with raw_upstream(redirect) as port, relaying(port) as relay:
        answered = await ask(relay, HANDSHAKE)
    assert f"\r\nLocation: {told}\r\n" in answered.decode()


@pytest.mark.parametrize("path", ["", "/base", "/base/"])
async def test_plain_requests_on_the_same_base_url_pass(path: str) -> None:
    """`POST /v1/realtime/client_secrets` and the like."""
    heard: list[bytes] = []
    answer = b"HTTP/1.1 201 Created\r\nLocation: /v1/realtime/calls/rtc_1\r\nContent-Length: 6\r\n\r\nv=0\r\n\0"
    request = (
        b"POST /v1/realtime/calls HTTP/1.1\r\nHost: relay\r\nContent-Type: application/sdp\r\nExpect: 100-continue\r\n"
        b"Content-Length: 5\r\n\r\nv=0\r\n"
    )
    async with (
        answering(b"HTTP/1.1 100 Continue\r\n\r\n" + answer, heard) as port,
        relaying(port, url=f"http://127.0.0.1:{port}{path}") as relay,
    ):
        answered = await ask(relay, request)
    assert answered.startswith(b"HTTP/1.1 100 \r\n\r\nHTTP/1.1 201 Created\r\n") or b"201 Created" in answered
    assert answered.endswith(b"\r\n\r\nv=0\r\n\0")
    assert heard[0].startswith(f"POST {path.rstrip('/')}/v1/realtime/calls HTTP/1.1\r\n".encode())
    assert heard[0].endswith(b"\r\n\r\nv=0\r\n")


async def test_an_upstream_that_is_not_there() -> None:
    async with relaying(9, url="ws://127.0.0.1:9") as relay:
        with pytest.raises(InvalidStatus) as refused:
            await relay.connect()
    assert refused.value.response.status_code == 502
    told = json.loads(refused.value.response.body or b"")
    assert "127.0.0.1:9 can't be reached" in told["detail"]


async def test_an_upstream_that_does_not_answer() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with raw_upstream(silent) as port, relaying(port, connect_timeout=0.2) as relay:
        with pytest.raises(InvalidStatus) as refused:
            await relay.connect()
    assert refused.value.response.status_code == 504


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nConte"])
async def test_an_upstream_that_breaks_off(answer: bytes) -> None:
    async with answering(answer, []) as port, relaying(port) as relay:
        assert (await ask(relay, HANDSHAKE)).startswith(b"HTTP/1.1 502 ")


@pytest.mark.parametrize(
    "request_",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"GET http://elsewhere/ HTTP/1.1\r\nHost: a\r\n\r\n",
        b"CONNECT elsewhere:443 HTTP/1.1\r\nHost: elsewhere\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
async def test_what_is_no_request_gets_400_and_goes_nowhere(request_: bytes) -> None:
    heard: list[bytes] = []
    async with answering(SWITCHING, heard) as port, relaying(port) as relay:
        assert (await ask(relay, request_)).startswith(b"HTTP/1.1 400 ")
    assert heard == []


async def test_a_request_framed_in_two_ways_is_told_in_one() -> None:
    """Content-Length beside Transfer-Encoding is how requests are smuggled past a proxy."""
    heard: list[bytes] = []
    request = (
        b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
    )
    async with answering(b"HTTP/1.1 204 No Content\r\n\r\n", heard) as port, relaying(port) as relay:
        answered = await ask(relay, request)
    assert answered.startswith((b"HTTP/1.1 204", b"HTTP/1.1 400"))
    assert not any(b"content-length" in told.lower() for told in heard)


async def test_subprotocols_and_compression_are_between_the_two_ends() -> None:
    async with websocket_upstream(echo, subprotocols=["realtime"]) as port, relaying(port) as relay:
        async with relay.connect(subprotocols=["other", "realtime"]) as client:
            assert client.subprotocol == "realtime"
            assert [one.name for one in client.protocol.extensions] == ["permessage-deflate"]
            for text in ('{"type":"a"}', '{"type":"a"}', "x" * 100_000):
                await client.send(text)
                assert await client.recv() == text
        assert relay.journal.values == [b'{"type":"a"}', b'{"type":"a"}', b"x" * 100_000]
