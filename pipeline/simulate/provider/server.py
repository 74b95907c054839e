"""The stand-in on a port: each connection to an address a provider's client uses is a session of its own."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Self
from urllib.parse import parse_qs, urlsplit

import orjson
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from pipeline.errors import ItemstreamError
from pipeline.simulate.dialect import DIALECTS
from pipeline.simulate.provider.client_events import receive
from pipeline.simulate.provider.conversation import Conversation

MAX_EVENT_BYTES = 16 * 1024 * 1024
"""The largest a provider takes."""
SUBPROTOCOL = Subprotocol("realtime")

BY_PATH = (("/voice-live/", "azure-voice-live"), ("/realtime/openai", "yandex"), ("/openai/", "azure-openai"))
BY_MODEL = (("grok", "xai"), ("gpt://", "yandex"), ("speech-realtime", "yandex"))
BETA = ("openai-beta", "realtime=v1")


def dialect_of(path: str, model: str | None, beta: str | None) -> str:
    """The dialect of whoever has such an address: by its path, the model asked for, and the header `OpenAI-Beta`."""
    for part, name in BY_PATH:
        if part in path:
            return name
    for beginning, name in BY_MODEL:
        if (model or "").startswith(beginning):
            return name
    return "openai-beta" if beta == BETA[1] else "openai"


class StandIn:
    """A provider on this machine. An asynchronous context manager; `url` is what a client connects to.

    port: 0 takes a free one. dialect: of every session; None: as the address says. speed: how fast time passes, 1 as
    it does for people, None as fast as it goes. ended: told of each session when its connection is over.
    now: the time the sessions begin at, in ms. Raises ItemstreamError where the port can't be had.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        dialect: str | None = None,
        seed: int = 1,
        speed: float | None = 1.0,
        tls: ssl.SSLContext | None = None,
        ended: Callable[[Conversation], None] = lambda _: None,
        now: Callable[[], float] = lambda: time.time() * 1000,
    ) -> None:
        self._host, self._port = host, port
        self._dialect = dialect
        self._seed = seed
        self._speed = speed
        self._tls = tls
        self._ended = ended
        self._now = now
        self._server: Server | None = None
        self.sessions = 0
        """Begun so far."""

    async def __aenter__(self) -> Self:
        try:
            self._server = await serve(
                self._converse,
                self._host,
                self._port,
                ssl=self._tls,
                select_subprotocol=_select_subprotocol,
                process_request=_check_address,
                max_size=MAX_EVENT_BYTES,
            )
        except OSError as error:
            raise ItemstreamError(
                f"cannot listen on {self._host}:{self._port} ({error.strerror}): name another --host or --port"
            ) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def port(self) -> int:
        assert self._server is not None
        return next(iter(self._server.sockets)).getsockname()[1]

    @property
    def url(self) -> str:
        """Base URL of WebSocket clients, such as `ws://127.0.0.1:8765/v1`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'ws' if self._tls is None else 'wss'}://{host}:{self.port}/v1"

    async def _converse(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        address = urlsplit(connection.request.path)
        query = parse_qs(address.query)
        model = next(iter(query.get("model") or query.get("deployment") or [None]))
        beta = connection.request.headers.get(BETA[0])
        name = self._dialect or dialect_of(address.path, model, beta)
        self.sessions += 1
        clock = _Clock(int(self._now()), self._speed)
        conversation = Conversation(DIALECTS[name], f"{self._seed}/{self.sessions}", model, clock.now())
        wake = asyncio.Event()
        speaker = asyncio.create_task(_speak(connection, conversation, clock, wake))
        try:
            async for message in connection:
                receive(conversation, message, clock.now())
                wake.set()
        except ConnectionClosed:
            pass  # without a goodbye
        finally:
            speaker.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                await speaker
            self._ended(conversation)


async def _speak(connection: ServerConnection, conversation: Conversation, clock: _Clock, wake: asyncio.Event) -> None:
    """Say what is to be said, each event at its time."""
    outbox = conversation.outbox
    while True:
        wake.clear()
        at = outbox.next_at
        seconds = None if at is None else clock.seconds_until(at)
        if seconds is None or seconds > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await wake.wait()
            continue
        said = outbox.take()
        clock.reached(said.at)
        # Before it is sent: the client may answer at once.
        conversation.said(said)
        await connection.send(orjson.dumps(said.event).decode())


class _Clock:
    """The time in a session, in ms; without a speed, that of the last event."""

    def __init__(self, start_ms: int, speed: float | None) -> None:
        self._start_ms = start_ms
        self._speed = speed
        self._began = time.monotonic()
        self._reached = start_ms

    def now(self) -> int:
        if self._speed is None:
            return self._reached
        return max(self._reached, self._start_ms + int((time.monotonic() - self._began) * 1000 * self._speed))

    def seconds_until(self, at: int) -> float:
        return 0.0 if self._speed is None else (at - self.now()) / 1000 / self._speed

    def reached(self, at: int) -> None:
        self._reached = max(self._reached, at)


def _select_subprotocol(_connection: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    # Browsers also offer their key there; it is no protocol to agree on.
    return SUBPROTOCOL if SUBPROTOCOL in offered else None


def _check_address(connection: ServerConnection, request: Request) -> Response | None:
    if "realtime" in urlsplit(request.path).path.split("/"):
        return None
    return connection.respond(HTTPStatus.NOT_FOUND, "Connect to …/v1/realtime?model=… (WebSocket).\n")


__all__ = ["StandIn", "dialect_of"]
