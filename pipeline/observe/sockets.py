"""Sockets that web endpoints listen on."""

from __future__ import annotations

import socket

from pipeline.errors import ItemstreamError

LOOPBACK = "127.0.0.1"


def listening(host: str, port: int, advice: str = "set web_host and web_port, or web_port 0 for none") -> socket.socket:
    """A socket that listens; port 0: any free one. Raises ItemstreamError with the advice where it can't."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(address[:2], family=family, reuse_port=False)
    except OSError as error:
        raise ItemstreamError(
            f"the web server can't listen on {host}:{port}: {error.strerror or error}; {advice}"
        ) from error
