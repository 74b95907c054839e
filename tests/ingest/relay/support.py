"""Upstreams of the tests' own, and a relay in front of one."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from pipeline.core import Output
from pipeline.ingest.access import Access
from pipeline.ingest.limits import Limits
from pipeline.ingest.relay.recorded import unpacked
from pipeline.ingest.relay.recorder import RecordingRules
from pipeline.ingest.relay.server import Relay, RelayRules
from pipeline.ingest.relay.upstream import upstream_at

TOPIC = "events"
PATH = "/v1/realtime?model=gpt-realtime"
HANDSHAKE = (
    b"GET /v1/realtime?model=m HTTP/1.1\r\nHost: relay\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)


@dataclass
class MemoryJournal:
    """Takes up to `room` records."""

    room: int = 1_000_000
    records: list[bytes] = field(default_factory=list[bytes])

    @property
    def full(self) -> bool:
        return len(self.records) >= self.room

    def append(self, record: bytes) -> bool:
        if self.full:
            return False
        self.records.append(record)
        return True

    @property
    def outputs(self) -> list[Output]:
        return [unpacked(record) for record in self.records]

    @property
    def values(self) -> list[bytes]:
        return [output.value or b"" for output in self.outputs]


@dataclass
class Running:
    """A relay that listens."""

    relay: Relay
    journal: MemoryJournal
    port: int

    def connect(self, path: str = PATH, **options: Any) -> connect:
        """A WebSocket client of the tests' own, no proxy, no limits."""
        scheme = "wss" if "ssl" in options else "ws"
        url = f"{scheme}://127.0.0.1:{self.port}{path}"
        all_options: dict[str, Any] = {"proxy": None, "max_size": None, "open_timeout": 20, **options}
        return connect(url, **all_options)

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)


@contextlib.asynccontextmanager
async def relaying(
    port: int,
    *,
    journal: MemoryJournal | None = None,
    access: Access | None = None,
    url: str | None = None,
    recording: RecordingRules | None = None,
    cafile: str | None = None,
    provider: str | None = None,
    tls: Any = None,
    patience: float = 0.0,
    **rules: Any,
) -> AsyncGenerator[Running]:
    """A relay in front of the upstream on this port."""
    journal = journal or MemoryJournal()
    all_rules = RelayRules(
        upstream_at(url or f"ws://127.0.0.1:{port}", provider, cafile), recording or RecordingRules(TOPIC)
    )
    relay = Relay(replace(all_rules, **rules), journal, access or Access(None, Limits()))
    listens = await relay.listen("127.0.0.1", 0, tls)
    try:
        yield Running(relay, journal, listens)
    finally:
        await relay.close(patience)


Handler = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def websocket_upstream(handler: Handler, **options: Any) -> AsyncGenerator[int]:
    """A WebSocket server; its port."""
    all_options: dict[str, Any] = {"max_size": None, **options}
    async with serve(handler, "127.0.0.1", 0, **all_options) as server:
        yield next(iter(server.sockets)).getsockname()[1]


RawHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def raw_upstream(handler: RawHandler, **options: Any) -> AsyncGenerator[int]:
    """A TCP server that is told what to say, byte by byte; its port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handler(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, **options)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def echo(connection: ServerConnection) -> None:
    """Says what it is told."""
    async for message in connection:
        await connection.send(message)


async def head(reader: asyncio.StreamReader) -> bytes:
    """An HTTP head with its empty line."""
    return await reader.readuntil(b"\r\n\r\n")
