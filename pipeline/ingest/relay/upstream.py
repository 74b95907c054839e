"""Where the relay connects to: the provider's address, its name, and how a request's target is told there."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from pipeline.errors import UsageError
from pipeline.ingest.providers import provider_at

_TLS = {"ws": False, "http": False, "wss": True, "https": True}

P = TypeVar("P", bound=asyncio.Protocol)


@dataclass(frozen=True, slots=True)
class Upstream:
    """A provider's address."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    path: str
    """Put before the path of every request; empty for most."""
    provider: str | None = None
    """Told by setting; None: known by the host."""

    @property
    def authority(self) -> str:
        """For the header `Host`: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.tls is not None) else f"{host}:{self.port}"

    def target(self, target: str) -> str:
        """The request target (path and query) as the upstream is asked for it."""
        return self.path + target

    def local(self, location: str) -> str:
        """A redirect's `Location` as the client is told it: to the upstream itself is to the relay, others as it is."""
        parts = urlsplit(location)
        if not parts.netloc or parts.scheme not in _TLS:
            return location
        tls = _TLS[parts.scheme]
        if (parts.hostname, parts.port or _default_port(tls), tls) != (self.host, self.port, self.tls is not None):
            return location
        path = parts.path.removeprefix(self.path) if parts.path.startswith(self.path + "/") else parts.path
        return parts._replace(scheme="", netloc="", path=path or "/").geturl()

    def provider_of(self, target: str) -> str:
        """`ce_provider` of a connection to this target: the setting, else by the host, else the host's name."""
        return self.provider or provider_at(self.host, target)

    async def connect(self, protocol: Callable[[], P]) -> P:
        """A connection with the protocol on it. Raises OSError (and ssl.SSLError, which is one)."""
        loop = asyncio.get_running_loop()
        _, connected = await loop.create_connection(
            protocol, self.host, self.port, ssl=self.tls, server_hostname=self.host if self.tls else None
        )
        return connected


def upstream_at(url: str, provider: str | None = None, cafile: str | None = None) -> Upstream:
    """The upstream of an address such as `wss://api.openai.com`; `cafile`: who signed its certificate, for one's own.

    Raises UsageError.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise UsageError(f"--upstream {url}: {error}") from error
    if parts.scheme not in _TLS or not parts.hostname:
        raise UsageError(f"--upstream {url}: give the provider's address, such as wss://api.openai.com")
    if parts.query or parts.fragment or parts.username:
        raise UsageError("--upstream takes scheme, host, port and path; query and credentials come from the client")
    tls = _TLS[parts.scheme]
    return Upstream(
        host=parts.hostname,
        port=port or _default_port(tls),
        tls=_tls(cafile) if tls else None,
        path=parts.path.rstrip("/"),
        provider=provider,
    )


def _default_port(tls: bool) -> int:
    return 443 if tls else 80


def _tls(cafile: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=cafile)
    except OSError as error:
        raise UsageError(f"upstream_cafile {cafile}: {error.strerror or error}") from error
    # WebSocket needs HTTP/1.1; a server that prefers HTTP/2 must not choose it.
    context.set_alpn_protocols(["http/1.1"])
    return context
