"""HTTP/1.1 on a link, by h11: heads are read and written here, and nothing else of the relay knows their form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol, cast

import h11
import orjson

from pipeline.ingest.relay.link import Link

HeaderList = list[tuple[bytes, bytes]]
MAX_HEAD_BYTES = 64 * 1024

# RFC 9110, section 7.6.1; `Connection` and what it names are for one connection only.
_HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"upgrade",
    }
)


class RawHeaders(Protocol):
    """h11's headers, which keep the names as they were written; it does not export their type."""

    def raw_items(self) -> HeaderList: ...


class HttpError(Exception):
    """The other end does not speak HTTP, or went away in the middle of it."""


class HttpEnd:
    """One end of an HTTP exchange: events of h11 out of a link and into it."""

    def __init__(self, link: Link, role: Literal["server", "client"]) -> None:
        self.link = link
        self._http = h11.Connection(
            h11.SERVER if role == "server" else h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES
        )

    async def next_event(self) -> Any:
        """The next event of the other end: a head, a part of the body, its end, or h11.PAUSED.

        Raises HttpError.
        """
        while True:
            try:
                event = self._http.next_event()
                if event is h11.NEED_DATA:
                    self._http.receive_data(await self.link.read())
                    continue
            except h11.RemoteProtocolError as error:
                raise HttpError(str(error)) from error
            if isinstance(event, h11.ConnectionClosed):
                raise HttpError("the connection was closed")
            return event

    async def send(self, event: Any) -> None:
        """Write an event to the other end. Raises HttpError where it may not come now."""
        try:
            data = cast(bytes | None, self._http.send(event))
        except h11.LocalProtocolError as error:
            raise HttpError(str(error)) from error
        if data:
            self.link.write(data)
            await self.link.drain()

    def switched(self) -> Sequence[bytes]:
        """After an upgrade: what the other end has said in the new protocol already."""
        data: bytes = self._http.trailing_data[0]
        return (data,) if data else ()


def end_to_end(headers: RawHeaders) -> HeaderList:
    """The headers with their names as they were written, less those of the one connection they came on."""
    named = {
        name.strip().lower() for _, value in _of(headers.raw_items(), b"connection") for name in value.split(b",")
    } | _HOP_BY_HOP
    return [(name, value) for name, value in headers.raw_items() if name.lower() not in named]


def is_upgrade(headers: RawHeaders) -> bool:
    """Whether WebSocket is asked for, or answered with."""
    return any(value.strip().lower() == b"websocket" for _, value in _of(headers.raw_items(), b"upgrade"))


def header_of(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """The value of a header, several joined as HTTP allows; empty where there is none."""
    return b", ".join(value for _, value in _of(headers, name)).decode("latin-1")


def problem(status: int, title: str, detail: str, headers: HeaderList | None = None) -> tuple[h11.Response, h11.Data]:
    """An answer of the relay's own, RFC 9457."""
    body = orjson.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail})
    return answer(status, body, b"application/problem+json", headers)


def answer(
    status: int, body: bytes, content_type: bytes, headers: HeaderList | None = None
) -> tuple[h11.Response, h11.Data]:
    """A whole answer."""
    all_headers: HeaderList = [
        (b"Content-Type", content_type),
        (b"Content-Length", b"%d" % len(body)),
        (b"Connection", b"close"),
        *(headers or []),
    ]
    return h11.Response(status_code=status, headers=all_headers), h11.Data(data=body)


def _of(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[tuple[bytes, bytes]]:
    return [one for one in headers if one[0].lower() == name]
