"""One TCP or TLS connection of the relay: read by a coroutine at first, then joined to another one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from typing import cast

MAX_UNREAD = 256 * 1024
"""Bytes that wait for `read`; more are left to the network."""

Observe = Callable[[bytes], None]


class Link(asyncio.Protocol):
    """Bytes in, bytes out.

    Until `join` what arrives waits for `read`. From then on every byte goes to the other link as it comes, before
    anything else is done with it, and an end that writes slower than the other reads makes the other wait.
    """

    def __init__(self, opened: Callable[[Link], None] | None = None) -> None:
        self._opened = opened
        self._transport: asyncio.Transport | None = None
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._ended = False
        self._said_all = False
        self._readable = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._peer: Link | None = None
        self._observe: Observe | None = None
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the connection is gone."""

    async def read(self) -> bytes:
        """The next bytes; none at the end. Only before `join`."""
        while not self._unread and not self._ended:
            self._readable.clear()
            await self._readable.wait()
        if not self._unread:
            return b""
        data = self._unread.popleft()
        self._unread_bytes -= len(data)
        if self._unread_bytes < MAX_UNREAD and not self._ended:
            self._of_transport().resume_reading()
        return data

    def write(self, data: bytes) -> None:
        """Send; nothing happens where the connection is gone."""
        if not self.closing and not self._said_all:
            self._of_transport().write(data)

    async def drain(self) -> None:
        """Wait until more may be written."""
        await self._writable.wait()

    def join(self, peer: Link, observe: Observe | None = None) -> None:
        """From now on what arrives here goes to `peer`, and is then shown to `observe`; what waits for `read` too."""
        self._peer, self._observe = peer, observe
        unread, self._unread = self._unread, deque()
        for data in unread:
            self._pass_on(data)
        if self._ended:
            peer.end()
        elif peer._writable.is_set():
            self._of_transport().resume_reading()
        else:
            self._of_transport().pause_reading()

    @property
    def closing(self) -> bool:
        """Whether nothing can be written any more."""
        return self._transport is None or self._transport.is_closing()

    def end(self) -> None:
        """Send what waits, then say that nothing follows."""
        transport = self._transport
        if transport is None or transport.is_closing() or self._said_all:
            return
        self._said_all = True
        if transport.can_write_eof() and not self._ended:
            transport.write_eof()
        else:
            transport.close()

    def close(self) -> None:
        """Send what waits, then close."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self._transport is not None:
            self._transport.abort()

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        opened: socket.socket | None = transport.get_extra_info("socket")
        if opened is not None:
            with contextlib.suppress(OSError):
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if self._opened is not None:
            self._opened(self)

    def data_received(self, data: bytes) -> None:
        if self._peer is not None:
            self._pass_on(data)
            return
        self._unread.append(data)
        self._unread_bytes += len(data)
        if self._unread_bytes >= MAX_UNREAD:
            self._of_transport().pause_reading()
        self._readable.set()

    def eof_received(self) -> bool:
        self._ended = True
        self._readable.set()
        if self._peer is not None:
            self._peer.end()
        # Kept open for what is yet to be said; under TLS there is no half of a connection.
        return not self._said_all and self._of_transport().can_write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._readable.set()
        self._writable.set()
        if self._peer is not None:
            self._peer.close()
        # So that it goes with its last user: garbage of circles stays for long in a process that rarely looks for it.
        self._peer = self._observe = self._transport = None
        if not self.lost.done():
            self.lost.set_result(None)

    def pause_writing(self) -> None:
        self._writable.clear()
        if self._peer is not None:
            self._peer.hold()

    def resume_writing(self) -> None:
        self._writable.set()
        if self._peer is not None:
            self._peer.go_on()

    def hold(self) -> None:
        """Read nothing for now."""
        if not self.closing:
            self._of_transport().pause_reading()

    def go_on(self) -> None:
        """Read again."""
        if not self.closing:
            self._of_transport().resume_reading()

    def _pass_on(self, data: bytes) -> None:
        peer = self._peer
        assert peer is not None
        peer.write(data)
        if self._observe is not None:
            self._observe(data)

    def _of_transport(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport
