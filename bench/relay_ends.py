"""Both ends of the relay's benchmark, each a process: a provider that answers audio with audio, and callers.

Frames are made once and filled in, their key of masking is zero: the two must cost little, since they share the machine
with what is measured. Each caller sends at its own moments, whether it was answered or not.

Caller and provider each write the time into their frames. On Linux all processes read the same clock, which began with
the machine: what a frame takes each way is known by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from typing import cast

import uvloop

HANDSHAKE = (
    b"GET /v1/realtime?model=bench HTTP/1.1\r\nHost: bench\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
AUDIO_BYTES = 2560
"""40 ms of 24 kHz, 16 bit, in Base64."""
STAMP = 20
UP = (b'{"type":"input_audio_buffer.append","audio":"', b"A" * (AUDIO_BYTES - STAMP) + b'"}')
DOWN = (
    (
        b'{"type":"response.output_audio.delta","event_id":"event_1","response_id":"resp_1","item_id":"item_1",'
        b'"output_index":0,"content_index":0,"delta":"'
    ),
    b"A" * (AUDIO_BYTES - 2 * STAMP) + b'"}',
)
WAYS = ("caller to provider", "provider to caller", "round trip")


def _head(parts: tuple[bytes, bytes], stamps: int, *, masked: bool) -> bytes:
    size = len(parts[0]) + stamps * STAMP + len(parts[1])
    return bytes([0x81, 0x80 * masked | 126]) + size.to_bytes(2) + b"\0\0\0\0" * masked


UP_HEAD, DOWN_HEAD = _head(UP, 1, masked=True) + UP[0], _head(DOWN, 2, masked=False) + DOWN[0]
UP_SIZE, DOWN_SIZE = len(UP_HEAD) + STAMP + len(UP[1]), len(DOWN_HEAD) + 2 * STAMP + len(DOWN[1])


def _stamp() -> bytes:
    return b"%020d" % time.perf_counter_ns()


class _End(asyncio.Protocol):
    """Cuts what comes into the handshake's head and frames of one size."""

    size = 0

    def __init__(self) -> None:
        self.buffer = b""
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        buffer = self.buffer + data if self.buffer else data
        if not self.open:
            head, end, rest = buffer.partition(b"\r\n\r\n")
            if not end:
                self.buffer = buffer
                return
            self.open = True
            buffer = self.opened(head, rest)
        at = 0
        while len(buffer) - at >= self.size:
            self.frame(buffer, at)
            at += self.size
        self.buffer = buffer[at:] if at else buffer

    def opened(self, head: bytes, rest: bytes) -> bytes:
        raise NotImplementedError

    def frame(self, buffer: bytes, at: int) -> None:
        raise NotImplementedError


class Provider(_End):
    """Answers each frame at once."""

    size = UP_SIZE
    sessions = 0

    def opened(self, head: bytes, rest: bytes) -> bytes:
        Provider.sessions += 1
        created = b'{"type":"session.created","event_id":"e","session":{"id":"sess_%06d"}}' % Provider.sessions
        self.transport.write(SWITCHING + bytes([0x81, len(created)]) + created)
        return rest

    def frame(self, buffer: bytes, at: int) -> None:
        stamp = buffer[at + len(UP_HEAD) : at + len(UP_HEAD) + STAMP]
        self.transport.write(b"".join((DOWN_HEAD, stamp, _stamp(), DOWN[1])))


class Caller(_End):
    """Sends a frame every so often, or as soon as one is answered."""

    size = DOWN_SIZE

    def __init__(self) -> None:
        super().__init__()
        self.ready = asyncio.get_running_loop().create_future()
        self.times: list[tuple[int, int, int]] = []
        """When a frame left here, and its answer the provider, and when that came; nanoseconds."""
        self.answered = 0
        self.again = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.write(HANDSHAKE)

    def opened(self, head: bytes, rest: bytes) -> bytes:
        if not head.startswith(b"HTTP/1.1 101"):
            raise SystemExit(head.decode())
        self.created = False
        return self._without_created(rest)

    def _without_created(self, buffer: bytes) -> bytes:
        if not self.created and len(buffer) >= 2 and len(buffer) >= 2 + buffer[1]:
            self.created = True
            self.ready.set_result(None)
            return buffer[2 + buffer[1] :]
        return buffer

    def data_received(self, data: bytes) -> None:
        if self.open and not self.created:
            data, self.buffer = self._without_created(self.buffer + data), b""
        super().data_received(data)

    def frame(self, buffer: bytes, at: int) -> None:
        now = time.perf_counter_ns()
        start = at + len(DOWN_HEAD)
        middle = start + STAMP
        self.times.append((int(buffer[start:middle]), int(buffer[middle : middle + STAMP]), now))
        self.answered += 1
        if self.again:
            self.send()

    def send(self) -> None:
        self.transport.write(b"".join((UP_HEAD, _stamp(), UP[1])))


async def _paced(callers: list[Caller], rate: float, seconds: float) -> None:
    """Each caller at its own moments, spread evenly by chance."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    every = 1 / rate

    def tick(caller: Caller, due: float) -> None:
        caller.send()
        if (due := due + every) < began + seconds:
            loop.call_at(due, tick, caller, due)

    for caller in callers:
        due = began + random.random() * every
        loop.call_at(due, tick, caller, due)
    await asyncio.sleep(seconds + 0.5)


async def _flat_out(callers: list[Caller], seconds: float) -> None:
    """Each caller sends its next frame when one is answered."""
    for caller in callers:
        caller.again = True
        caller.send()
    await asyncio.sleep(seconds)
    for caller in callers:
        caller.again = False
    await asyncio.sleep(0.5)


async def _callers(ports: list[int], connections: int) -> None:
    """Obeys lines on stdin: `paced PORT RATE SECONDS`, `flat PORT SECONDS`; answers each with a line of JSON."""
    loop = asyncio.get_running_loop()
    groups: dict[int, list[Caller]] = {}
    for port in ports:
        groups[port] = [(await loop.create_connection(Caller, "127.0.0.1", port))[1] for _ in range(connections)]
        await asyncio.gather(*(caller.ready for caller in groups[port]))
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        kind, port, *numbers = line.split()
        callers = groups[int(port)]
        if kind == "paced":
            await _paced(callers, *map(float, numbers))
        else:
            await _flat_out(callers, *map(float, numbers))
        times = [one for caller in callers for one in caller.times]
        ways = ([b - a for a, b, _ in times], [c - b for _, b, c in times], [c - a for a, _, c in times])
        ms = {way: [one / 1e6 for one in took] for way, took in zip(WAYS, ways, strict=True)}
        print(json.dumps({"answered": sum(caller.answered for caller in callers), "ms": ms}), flush=True)
        for caller in callers:
            caller.times, caller.answered = [], 0


async def _provide() -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("role", choices=["provider", "callers"])
    options.add_argument("--ports", type=int, nargs="+", default=[])
    options.add_argument("--connections", type=int, default=200)
    given = options.parse_args()
    uvloop.run(_provide() if given.role == "provider" else _callers(given.ports, given.connections))


if __name__ == "__main__":
    main()
