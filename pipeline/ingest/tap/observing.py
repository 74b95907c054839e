"""How the messages of a connection are come by, for the connections there are: its own method of receiving is wrapped.

Nothing else about it changes: the caller gets what it would have got, when it would have got it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pipeline.errors import UsageError
from pipeline.ingest.providers import provider_at

Received = Callable[[str | bytes], None]

METHODS = ("recv_bytes", "recv", "receive")
"""Of openai's connections; of those of `websockets`, asyncio's and threads'; of aiohttp's."""


_observers: ContextVar[tuple[object, ...]] = ContextVar("observers", default=())
"""Whom the call of a receiving method, further out, will tell of the message."""


def is_told(observer: object) -> bool:
    """Whether this one hears of what is being received anyway: from a connection around this one, such as openai's."""
    return observer in _observers.get()


def observe(connection: Any, received: Received, observer: object) -> None:
    """Call `received` with every message that is received on the connection from now on, on behalf of `observer`.

    Raises UsageError.
    """
    for name in METHODS:
        method = getattr(connection, name, None)
        if callable(method):
            setattr(connection, name, wrapped(method, lambda _, message: received(message), observer))
            return
    raise UsageError(
        f"tap does not know how {type(connection).__qualname__} receives: use tap.session().received(message) where "
        "the program has a message in hand"
    )


class Address(NamedTuple):
    """Where a connection goes: the host, None where it is not told; path and query."""

    host: str | None
    target: str


def address_of(connection: Any) -> Address | None:
    """None for a connection that does not say; those of `websockets` and aiohttp do."""
    if (request := getattr(connection, "request", None)) is not None:
        return Address(urlsplit(f"//{request.headers.get('Host', '')}").hostname, request.path)
    if (response := getattr(connection, "_response", None)) is not None:
        return Address(response.url.host, response.url.raw_path_qs)
    return None


def provider_of(connection: Any) -> str | None:
    """By the address it goes to; None where that says nothing: an address of numbers, or of this machine."""
    address = address_of(connection)
    if address is None or not (host := address.host) or "." not in host or host[-1].isdecimal():
        return None
    return provider_at(host, address.target)


def wrapped(
    method: Callable[..., Any],
    received: Callable[[tuple[Any, ...], str | bytes], None],
    observer: object | None = None,
) -> Any:
    """The method; `received` is called with its arguments and what it returned. Meanwhile `is_told(observer)`."""

    @contextmanager
    def observed() -> Generator[None]:
        token = _observers.set((*_observers.get(), observer))
        try:
            yield
        finally:
            _observers.reset(token)

    def tell(arguments: tuple[Any, ...], message: Any) -> None:
        data = getattr(message, "data", message)  # aiohttp's messages carry it
        if isinstance(data, str | bytes):
            received(arguments, data)

    if inspect.iscoroutinefunction(method):

        @wraps(method)
        async def receive(*arguments: Any, **options: Any) -> Any:
            with observed():
                message = await method(*arguments, **options)
            tell(arguments, message)
            return message

        return receive

    @wraps(method)
    def receive_now(*arguments: Any, **options: Any) -> Any:
        with observed():
            message = method(*arguments, **options)
        tell(arguments, message)
        return message

    return receive_now
