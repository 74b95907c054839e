"""A TCP proxy on loopback that can cut, delay and swallow: the network between clients and their brokers."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

HOST = "127.0.0.1"
CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for a close that sends RST."""


POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Weather:
    """What happens to a connection. delay: seconds later in each direction. held: no byte passes. refused: is reset."""

    delay: float = 0.0
    held: bool = False
    refused: bool = False


FINE = Weather()


@dataclass(eq=False)
class _Connection:
    client: str
    """The Kafka client id it told first; empty while unknown."""
    ends: tuple[asyncio.StreamWriter, ...]


class Proxy:
    """One port for each broker, in a thread with a loop of its own, so that a busy test does not slow it down.

    `ports`: by broker, where clients connect. `targets` (broker -> port) may be set any time before the first of them.
    What is done holds for clients whose Kafka client id matches the expression (by default all), for connections they
    have and those they make, until `mend`.
    """

    def __init__(self, brokers: int = 1) -> None:
        self._sockets = {number: socket.create_server((HOST, 0)) for number in range(1, brokers + 1)}
        self.ports = {number: opened.getsockname()[1] for number, opened in self._sockets.items()}
        self.targets: Mapping[int, int] = {}
        self.seen: set[str] = set()
        """Client ids so far."""
        self._weather: dict[str, Weather] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._servers: list[asyncio.Server] = []
        self._open: set[_Connection] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._serve())
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self, clients: str = "", *, refuse: bool = False) -> None:
        """Reset the connections; with `refuse` new ones too, at their first request, until `mend`."""
        if refuse:
            self._weather[clients] = Weather(refused=True)
        self._run(self._cut(clients))

    def hold(self, clients: str = "") -> None:
        """Half-open: connections stay and new ones are taken, and not a byte passes."""
        self._weather[clients] = Weather(held=True)

    def delay(self, seconds: float, clients: str = "") -> None:
        """Every chunk of bytes arrives so much later, in each direction."""
        self._weather[clients] = Weather(delay=seconds)

    def mend(self) -> None:
        """All is as if nothing had been; bytes that were held go on their way."""
        self._weather.clear()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _weather_of(self, client: str) -> Weather:
        for expression, weather in list(self._weather.items()):
            if re.search(expression, client):
                return weather
        return FINE

    async def _serve(self) -> None:
        for number, opened in self._sockets.items():
            self._servers.append(
                await asyncio.start_server(lambda r, w, n=number: self._connected(n, r, w), sock=opened)
            )

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        for connection in self._open:
            _reset(connection)

    async def _cut(self, clients: str) -> None:
        for connection in [one for one in self._open if re.search(clients, one.client)]:
            _reset(connection)

    async def _connected(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection("", (writer,))
        self._open.add(connection)
        try:
            first = await reader.read(CHUNK)
            connection.client = _client_id(first)
            self.seen.add(connection.client)
            await self._while_held(connection)
            if self._weather_of(connection.client).refused:
                return
            there, back = await asyncio.open_connection(HOST, self.targets[number])
            connection.ends = (writer, back)
            await asyncio.gather(
                self._pass(connection, reader, back, first), self._pass(connection, there, writer, b"")
            )
        except (OSError, asyncio.CancelledError):
            pass  # the broker is down, the connection was cut, or the proxy ends
        finally:
            self._open.discard(connection)
            _reset(connection)

    async def _pass(
        self, connection: _Connection, source: asyncio.StreamReader, sink: asyncio.StreamWriter, data: bytes
    ) -> None:
        """Bytes one way, each in time and in order; `data` is what was read already."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sending = asyncio.create_task(self._send(connection, queue, sink))
        try:
            while data or (data := await source.read(CHUNK)):
                queue.put_nowait((self._loop.time() + self._weather_of(connection.client).delay, data))
                data = b""
        finally:
            queue.put_nowait((0.0, b""))
            await sending

    async def _send(
        self, connection: _Connection, queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        while True:
            due, data = await queue.get()
            await self._while_held(connection)
            if not data:
                sink.close()
                return
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            sink.write(data)
            await sink.drain()

    async def _while_held(self, connection: _Connection) -> None:
        while self._weather_of(connection.client).held:  # noqa: ASYNC110 - another thread decides
            await asyncio.sleep(POLL_SECONDS)


def _client_id(request: bytes) -> str:
    """Out of a Kafka request's header: length, API key, version, correlation id, then the client id."""
    if len(request) < 14:
        return ""
    (size,) = struct.unpack_from(">h", request, 12)
    return request[14 : 14 + max(0, size)].decode(errors="replace")


def _reset(connection: _Connection) -> None:
    for end in connection.ends:
        with contextlib.suppress(OSError):
            end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        end.transport.abort()
