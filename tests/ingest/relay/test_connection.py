"""A WebSocket connection through the relay: closing, pings, large messages, slow readers, TLS."""

import asyncio
import gc
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, ConnectionClosedError

from pipeline.ingest.relay.link import Link
from pipeline.ingest.relay.messages import MessageReader
from pipeline.ingest.relay.recorder import Recorder
from pipeline.ingest.relay.tunnel import Tunnel
from tests.ingest.relay.support import HANDSHAKE, SWITCHING, echo, head, raw_upstream, relaying, websocket_upstream
from tests.kafka.support import until


@pytest.mark.parametrize(
    ("code", "reason"), [(1000, ""), (1001, "bye"), (1008, "Ende é 終"), (3000, "x" * 123), (4999, "")]
)
async def test_close_codes_of_the_provider(code: int, reason: str) -> None:
    async def close(connection: ServerConnection) -> None:
        await connection.close(code, reason)

    async with websocket_upstream(close) as port, relaying(port) as relay, relay.connect() as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (code, reason)


async def test_close_codes_of_the_application() -> None:
    seen: asyncio.Future[tuple[int | None, str | None]] = asyncio.get_running_loop().create_future()

    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()
        seen.set_result((connection.close_code, connection.close_reason))

    async with websocket_upstream(wait) as port, relaying(port) as relay:
        async with relay.connect() as client:
            await client.close(4001, "enough")
            assert client.close_code == 4001
        assert await seen == (4001, "enough")


async def test_a_provider_that_vanishes_is_seen_to_vanish() -> None:
    async def vanish(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with websocket_upstream(vanish) as port, relaying(port) as relay, relay.connect() as client:
        with pytest.raises(ConnectionClosedError):
            await client.recv()
        assert client.close_code == 1006


async def test_an_application_that_vanishes_is_seen_to_vanish() -> None:
    seen: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def wait(connection: ServerConnection) -> None:
        await connection.wait_closed()
        seen.set_result(connection.close_code)

    async with websocket_upstream(wait) as port, relaying(port) as relay:
        client = await relay.connect()
        client.transport.abort()
        assert await seen == 1006
        await until(lambda: relay.relay.counts.open == 0)


async def test_pings_are_answered_by_the_other_end() -> None:
    pinged = asyncio.Event()

    async def ping(connection: ServerConnection) -> None:
        await (await connection.ping(b"from the provider"))
        pinged.set()
        await connection.wait_closed()

    async with websocket_upstream(ping) as port, relaying(port) as relay, relay.connect() as client:
        await (await client.ping(b"from the application"))
        await asyncio.wait_for(pinged.wait(), 10)


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_messages_of_several_megabytes(compression: str | None) -> None:
    text, audio = '{"type":"response.output_audio.delta","delta":"' + "QUJD" * 2_000_000 + '"}', b"\1\2" * 3_000_000
    async with (
        websocket_upstream(echo, compression=compression) as port,
        relaying(port) as relay,
        relay.connect(compression=compression) as client,
    ):
        for message in (text, audio):
            await client.send(message)
            assert await client.recv() == message
        assert relay.journal.values == [b'{"type":"response.output_audio.delta","delta":""}']
        assert relay.relay.counts.events.binary == 1


async def test_who_does_not_read_makes_the_other_one_wait() -> None:
    """Both ways; what the relay keeps is small, and nothing is lost when reading begins."""
    mebi = 1 << 20
    size = 64 * mebi
    written = {"up": 0, "down": 0}
    go_on = asyncio.Event()

    async def write(writer: asyncio.StreamWriter, way: str) -> None:
        writer.transport.set_write_buffer_limits(0)
        while written[way] < size:
            writer.write(b"\x82" * mebi)
            await writer.drain()
            written[way] += mebi

    async def read(reader: asyncio.StreamReader) -> None:
        await go_on.wait()
        await reader.readexactly(size)

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(SWITCHING)
        await asyncio.gather(write(writer, "down"), read(reader))

    async with raw_upstream(upstream) as port, relaying(port) as relay:
        reader, writer = await relay.open()
        writer.write(HANDSHAKE)
        await head(reader)
        both = asyncio.gather(write(writer, "up"), read(reader))
        before = {"up": -1, "down": -1}
        while before != written:
            before = dict(written)
            await asyncio.sleep(0.2)
        assert 0 < max(written.values()) < 32 * mebi, "the sockets' own buffers, and little more"
        go_on.set()
        await asyncio.wait_for(both, 30)
        writer.close()
    assert written == {"up": size, "down": size}


async def test_tls_on_both_sides(certificate: tuple[Path, Path]) -> None:
    cert, key = certificate
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(cert, key)
    client_side = ssl.create_default_context(cafile=str(cert))
    async with websocket_upstream(echo, ssl=server) as port:
        url = f"wss://localhost:{port}"
        async with (
            relaying(port, url=url, cafile=str(cert), tls=server) as relay,
            relay.connect(ssl=client_side, server_hostname="localhost") as client,
        ):
            for message in ("hello", b"\0" * 3_000_000):
                await client.send(message)
                assert await client.recv() == message
            await client.close(4000, "done")
            assert client.close_code == 4000
        async with relaying(port, url=url) as relay:
            reader, writer = await relay.open()
            writer.write(HANDSHAKE)
            assert b" 502 " in await reader.readline(), "its certificate is not known"
            writer.close()


async def test_the_end_of_the_relay_is_told_with_1001_between_frames() -> None:
    async def upstream(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()

    async with websocket_upstream(upstream) as port, relaying(port) as relay:
        client = await relay.connect()
        assert await client.recv() == "hello"
        await relay.relay.close(0)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        assert (client.close_code, client.close_reason) == (1001, "the relay is shut down")


async def test_calls_may_end_before_the_relay_does() -> None:
    async with websocket_upstream(echo) as port, relaying(port) as relay:
        client = await relay.connect()
        closing = asyncio.create_task(relay.relay.close(20))
        await asyncio.sleep(0)
        await client.send("still here")
        assert await client.recv() == "still here"
        await client.close()
        await asyncio.wait_for(closing, 5)


async def test_a_connection_that_is_gone_leaves_nothing_to_the_garbage_collector() -> None:
    """It runs rarely, so that no call has to wait for it: memory of calls that ended would pile up till then."""

    kinds = (Link, Tunnel, Recorder, MessageReader)

    def left() -> list[object]:
        return [one for one in gc.get_objects() if type(one) in kinds]

    async with websocket_upstream(echo) as port, relaying(port) as relay:
        gc.collect()
        gc.disable()
        try:
            async with relay.connect() as client:
                await client.send('{"type":"a"}')
                await client.recv()
                assert len(left()) >= 5
            await until(lambda: not left())
        finally:
            gc.enable()
