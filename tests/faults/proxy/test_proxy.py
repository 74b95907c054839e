"""The proxy does what it says."""

import asyncio
import contextlib
import struct
import time
from collections.abc import AsyncGenerator, Iterator

import pytest

from tests.faults.proxy.proxy import HOST, Proxy


@pytest.fixture
async def echo() -> AsyncGenerator[int]:
    """The port of a server that sends back what it is sent."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionResetError):
            while data := await reader.read(1000):
                writer.write(data)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
def proxy(echo: int) -> Iterator[Proxy]:
    with Proxy() as made:
        made.targets = {1: echo}
        yield made


async def _connect(proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection(HOST, proxy.ports[1])


async def _told(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: bytes) -> bytes:
    writer.write(text)
    return await asyncio.wait_for(reader.readexactly(len(text)), 5)


async def test_it_passes_bytes(proxy: Proxy) -> None:
    assert await _told(*await _connect(proxy), b"hello") == b"hello"


async def test_cut_resets_and_refuses_until_mended(proxy: Proxy) -> None:
    reader, writer = await _connect(proxy)
    await _told(reader, writer, b"hello")
    await asyncio.to_thread(proxy.cut, refuse=True)
    with pytest.raises(ConnectionResetError):
        await reader.read(1)
    with pytest.raises(ConnectionResetError):
        await _told(*await _connect(proxy), b"hello")
    proxy.mend()
    assert await _told(*await _connect(proxy), b"again") == b"again"


async def test_held_bytes_arrive_once_mended(proxy: Proxy) -> None:
    reader, writer = await _connect(proxy)
    await _told(reader, writer, b"hello")
    proxy.hold()
    writer.write(b"late")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1), 0.2)
    proxy.mend()
    assert await asyncio.wait_for(reader.readexactly(4), 5) == b"late"


async def test_delay_holds_for_both_directions_and_keeps_the_order(proxy: Proxy) -> None:
    reader, writer = await _connect(proxy)
    proxy.delay(0.1)
    started = time.monotonic()
    assert await _told(reader, writer, b"1234") == b"1234"
    assert 0.2 <= time.monotonic() - started < 2


async def test_what_is_done_to_one_client_is_not_done_to_others(proxy: Proxy) -> None:
    def request(client: bytes) -> bytes:
        return struct.pack(">ihhih", 10 + len(client), 3, 5, 1, len(client)) + client

    proxy.cut("-12$", refuse=True)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await _told(*await _connect(proxy), request(b"group-12"))
    assert await _told(*await _connect(proxy), request(b"group-123")) == request(b"group-123")
    assert proxy.seen == {"group-12", "group-123"}
