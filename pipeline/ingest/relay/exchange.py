"""One request of a client: told to the upstream, its answer told back; where it is 101, a tunnel."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import h11

from pipeline.ingest.relay.http import (
    HeaderList,
    HttpEnd,
    HttpError,
    end_to_end,
    header_of,
    is_upgrade,
    problem,
)
from pipeline.ingest.relay.link import Link
from pipeline.ingest.relay.upstream import Upstream

_UPGRADE: HeaderList = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
_CLOSE: HeaderList = [(b"Connection", b"close")]


class UpstreamFailed(Exception):
    """The upstream gave no answer; `status` and the message are for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Switched:
    """Both ends speak WebSocket now."""

    upstream: Link
    extensions: str
    """`Sec-WebSocket-Extensions` of the answer."""
    from_client: tuple[bytes, ...]
    from_upstream: tuple[bytes, ...]
    """What each end has said behind its handshake already."""


async def exchange(
    client: HttpEnd, request: h11.Request, target: str, headers: HeaderList, upstream: Upstream, timeout: float
) -> Switched | int:
    """Pass a request on, its body, and the answer back: both ends of a tunnel, or the answer's status.

    target, headers: as the upstream is to be told. timeout: seconds until the connection stands, and, for WebSocket,
    as many until the answer.

    Raises UpstreamFailed where there is no answer, HttpError where the client went away.
    """
    upgrade = is_upgrade(request.headers)
    try:
        async with asyncio.timeout(timeout):
            link = await upstream.connect(Link)
    except TimeoutError as error:
        raise UpstreamFailed(504, f"{upstream.authority} can't be reached within {timeout:g} s") from error
    except OSError as error:
        raise UpstreamFailed(502, f"{upstream.authority} can't be reached: {_said(error)}") from error
    switched = False
    sending: asyncio.Task[None] | None = None
    try:
        server = HttpEnd(link, "client")
        told = h11.Request(
            method=request.method,
            target=upstream.target(target).encode("latin-1"),
            headers=_request_headers(headers, upstream.authority, upgrade=upgrade),
        )
        await server.send(told)
        sending = asyncio.create_task(_send_body(client, server))
        try:
            async with asyncio.timeout(timeout if upgrade else None):
                answer = await _answer(client, server, upstream)
                if answer.status_code == 101:
                    await sending
        except TimeoutError as error:
            raise UpstreamFailed(504, f"{upstream.authority} has not answered within {timeout:g} s") from error
        if answer.status_code == 101:
            switched = True
            await client.send(
                h11.InformationalResponse(status_code=101, headers=answer.headers.raw_items(), reason=answer.reason)
            )
            extensions = header_of(answer.headers, b"sec-websocket-extensions")
            return Switched(link, extensions, tuple(client.switched()), tuple(server.switched()))
        await client.send(_response(answer, upstream))
        await _pass_body(server, client)
        return answer.status_code
    finally:
        if sending is not None:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        if not switched:
            link.close()


async def _send_body(client: HttpEnd, server: HttpEnd) -> None:
    while not isinstance(event := await client.next_event(), h11.EndOfMessage):
        await server.send(event)
    await server.send(event)


async def _pass_body(server: HttpEnd, client: HttpEnd) -> None:
    while True:
        event = await server.next_event()
        await client.send(event)
        if isinstance(event, h11.EndOfMessage):
            return


async def _answer(client: HttpEnd, server: HttpEnd, upstream: Upstream) -> Any:
    """The head of the answer; those that only say to go on are passed on."""
    while True:
        try:
            event = await server.next_event()
        except HttpError as error:
            raise UpstreamFailed(502, f"{upstream.authority} gave no answer: {error}") from error
        if isinstance(event, h11.InformationalResponse) and event.status_code != 101:
            await client.send(event)
            continue
        return event


def _request_headers(headers: HeaderList, authority: str, *, upgrade: bool) -> HeaderList:
    chunked = any(name.lower() == b"transfer-encoding" for name, _ in headers)
    left_out = {b"host", b"content-length"} if chunked else {b"host"}
    rest = [one for one in headers if one[0].lower() not in left_out]
    return [(b"Host", authority.encode()), *rest, *(_UPGRADE if upgrade else _CLOSE)]


def _response(answer: h11.Response, upstream: Upstream) -> h11.Response:
    headers: HeaderList = [
        (name, upstream.local(value.decode("latin-1")).encode("latin-1") if name.lower() == b"location" else value)
        for name, value in end_to_end(answer.headers)
    ]
    return h11.Response(status_code=answer.status_code, headers=[*headers, *_CLOSE], reason=answer.reason)


def _said(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__


async def refuse(client: HttpEnd, status: int, title: str, detail: str, headers: HeaderList | None = None) -> None:
    """Answer without asking the upstream."""
    response, body = problem(status, title, detail, headers)
    await client.send(response)
    await client.send(body)
    await client.send(h11.EndOfMessage())
