"""Connections that a framework opens where nobody can reach them: all of this process that go to a Realtime address."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection as AsyncConnection
from websockets.sync.client import ClientConnection as ThreadConnection

from pipeline.ingest.tap.observing import wrapped

CLASSES: tuple[Any, ...] = (AsyncConnection, ThreadConnection)


def is_realtime(path: str) -> bool:
    """Whether a request target is one of the Realtime API."""
    return "realtime" in urlsplit(path).path.split("/")


@contextmanager
def watched(received: Callable[[Any, str | bytes], None]) -> Generator[None]:
    """Meanwhile `received` is called with each message of `websockets`' client connections, and the connection."""

    def tell(arguments: tuple[Any, ...], message: str | bytes) -> None:
        connection = arguments[0]
        if is_realtime(connection.request.path):
            received(connection, message)

    originals = [(one, one.recv) for one in CLASSES]
    for one, method in originals:
        one.recv = wrapped(method, tell)
    try:
        yield
    finally:
        for one, method in originals:
            one.recv = method
