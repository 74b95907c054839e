"""How the messages of a connection are come by, for the connections there are: its own method of receiving is wrapped.

Nothing else about it changes: the caller gets what it would have got, when it would have got it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import UsageError
from pipeline.ingest.providers import provider_at

Received = Callable[[str | bytes], None]

METHODS = ("recv_bytes", "recv", "receive")
"""Of openai's connections; of those of `websockets`, asyncio's and threads'; of aiohttp's."""


def observe(connection: Any, received: Received) -> None:
    """Call `received` with every message that is received on the connection from now on. Raises UsageError."""
    for name in METHODS:
        method = getattr(connection, name, None)
        if callable(method):
            setattr(connection, name, wrapped(method, lambda _, message: received(message)))
            return
    raise UsageError(
        f"tap does not know how {type(connection).__qualname__} receives: use tap.session().received(message) where "
        "the program has a message in hand"
    )


def provider_of(connection: Any) -> str | None:
    """By the address it goes to; None where the connection does not tell it."""
    request: Any = getattr(connection, "request", None)  # those of `websockets`
    if request is None:
        return None
    host = request.headers.get("Host")
    # An address of numbers, or of this machine, is no provider's.
    if host is None or not (name := urlsplit(f"//{host}").hostname) or "." not in name or name[-1].isdecimal():
        return None
    return provider_at(name, request.path)


def wrapped(method: Callable[..., Any], received: Callable[[tuple[Any, ...], str | bytes], None]) -> Any:
    """The method; `received` is called with its arguments and what it returned."""

    def tell(arguments: tuple[Any, ...], message: Any) -> None:
        data = getattr(message, "data", message)  # aiohttp's messages carry it
        if isinstance(data, str | bytes):
            received(arguments, data)

    if inspect.iscoroutinefunction(method):

        @wraps(method)
        async def receive(*arguments: Any, **options: Any) -> Any:
            message = await method(*arguments, **options)
            tell(arguments, message)
            return message

        return receive

    @wraps(method)
    def receive_now(*arguments: Any, **options: Any) -> Any:
        message = method(*arguments, **options)
        tell(arguments, message)
        return message

    return receive_now
