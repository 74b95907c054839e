"""A TCP proxy on loopback that can cut, delay and swallow: the network between one client and its brokers."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Any, Self

HOST = "127.0.0.1"
CHUNK = 65_536
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for a close that sends RST."""


class Proxy:
    """One port for each broker, in a thread with a loop of its own, so that a busy test does not slow it down.

    `ports`: by broker, where clients connect. `targets` (broker -> port) may be set any time before the first of them.
    What is done to it holds for all of its connections, those of the future included, until `mend`.
    """

    def __init__(self, brokers: int = 1) -> None:
        self._sockets = {number: socket.create_server((HOST, 0)) for number in range(1, brokers + 1)}
        self.ports = {number: opened.getsockname()[1] for number, opened in self._sockets.items()}
        self.targets: Mapping[int, int] = {}
        self.connections = 0
        """Made so far."""
        self._delay = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._passing = asyncio.Event()
        self._refusing = False
        self._open: set[asyncio.StreamWriter] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._serve())
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self, *, refuse: bool = False) -> None:
        """Reset every connection; with `refuse` also each new one, at once, until `mend`."""
        self._run(self._cut(refuse))

    def hold(self) -> None:
        """Half-open: connections stay and new ones are taken, and not a byte passes, until `mend` or `cut`."""
        self._loop.call_soon_threadsafe(self._passing.clear)

    def delay(self, seconds: float) -> None:
        """Every chunk of bytes arrives so much later, in each direction."""
        self._delay = seconds

    def mend(self) -> None:
        """All is as if nothing had been; bytes that were held go on their way."""
        self._delay, self._refusing = 0.0, False
        self._loop.call_soon_threadsafe(self._passing.set)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _serve(self) -> None:
        self._passing.set()
        for number, opened in self._sockets.items():
            await asyncio.start_server(lambda r, w, n=number: self._connected(n, r, w), sock=opened)

    async def _close(self) -> None:
        await self._cut(refuse=True)
        for opened in self._sockets.values():
            opened.close()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _cut(self, refuse: bool) -> None:
        self._refusing = refuse
        for writer in list(self._open):
            _reset(writer)

    async def _connected(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._refusing:
            _reset(writer)
            return
        self._open.add(writer)
        try:
            await self._passing.wait()
            there, back = await asyncio.open_connection(HOST, self.targets[number])
        except OSError:  # the broker is down
            self._open.discard(writer)
            _reset(writer)
            return
        self._open.add(back)
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        for end in (writer, back):
            self._open.discard(end)
            end.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Bytes one way, each in time and in order."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        sending = asyncio.create_task(self._send(queue, sink))
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                queue.put_nowait((self._loop.time() + self._delay, data))
        queue.put_nowait((0.0, b""))
        with contextlib.suppress(OSError):
            await sending

    async def _send(self, queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter) -> None:
        while True:
            due, data = await queue.get()
            if not data:
                sink.close()
                return
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            await self._passing.wait()
            sink.write(data)
            await sink.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    opened = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
