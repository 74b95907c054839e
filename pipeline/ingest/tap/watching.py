"""Connections that a framework opens where nobody can reach them: all of this process that go to a Realtime address."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import aiohttp

from pipeline.ingest.tap.observing import address_of, wrapped


def is_realtime(target: str) -> bool:
    """Whether a request target, path and query, is one of the Realtime API."""
    return "realtime" in target.partition("?")[0].split("/")


@contextmanager
def watched(received: Callable[[Any, str | bytes], None]) -> Generator[None]:
    """Meanwhile `received` is called with each message of client connections of `websockets` and aiohttp, and the
    connection."""

    def tell(arguments: tuple[Any, ...], message: str | bytes) -> None:
        connection = arguments[0]
        address = address_of(connection)
        if address is not None and is_realtime(address.target):
            received(connection, message)

    originals = [(one, name, getattr(one, name)) for one, name in _methods()]
    for one, name, method in originals:
        setattr(one, name, wrapped(method, tell))
    try:
        yield
    finally:
        for one, name, method in originals:
            setattr(one, name, method)


def _methods() -> list[tuple[Any, str]]:
    """How messages are received, class and method. An application need not have `websockets`."""
    methods: list[tuple[Any, str]] = [(aiohttp.ClientWebSocketResponse, "receive")]
    try:
        from websockets.asyncio.client import ClientConnection
        from websockets.sync.client import ClientConnection as ThreadConnection
    except ImportError:
        return methods
    return [*methods, (ClientConnection, "recv"), (ThreadConnection, "recv")]
