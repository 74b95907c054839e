"""Who asks: by bearer token, a trusted proxy's header, the cookie of a session, or as whoever is on this machine."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from pipeline.console.access.sessions import SESSION_SECONDS, BrowserSessions
from pipeline.console.access.tokens import Token, TokenStore
from pipeline.console.models import Role, Via

LOCAL = "local"
"""The name of who needs none: the console is open to this machine alone."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, and what they may do."""

    name: str
    role: Role
    via: Via


@dataclass(frozen=True, slots=True)
class Proxy:
    """A reverse proxy that says who asks. Its header counts only in requests that come from one of its addresses."""

    header: str
    addresses: Sequence[Network]
    operators: Collection[str]
    """Names that are operators; all others are viewers."""


class Access:
    """Tells who asks. Where there are neither tokens nor a proxy, everyone is `local`, and has that one's role."""

    def __init__(
        self,
        tokens: TokenStore | None,
        proxy: Proxy | None,
        local: Role = "viewer",
        *,
        cookie: str = "itemstream_console",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """cookie: its name; browsers keep cookies apart by host and not by port."""
        self._tokens = tokens
        self._proxy = proxy
        self._local: Role = local
        self._cookie = cookie
        self._sessions = BrowserSessions(clock)
        # Of this process: nothing that lies on a disk can make a page's token.
        self._secret = secrets.token_bytes(32)

    @property
    def is_open(self) -> bool:
        """Whether nobody is asked who they are."""
        return self._tokens is None and self._proxy is None

    @property
    def has_operators(self) -> bool:
        """Whether anybody can be one."""
        if self.is_open:
            return self._local == "operator"
        return self._tokens is not None or bool(self._proxy and self._proxy.operators)

    def identify(self, request: HTTPConnection) -> Identity | None:
        """Who it is; None for somebody unknown. A token that is given must be right, whatever else is there."""
        authorization = request.headers.get("authorization")
        if authorization is not None and self._tokens is not None:
            scheme, _, token = authorization.partition(" ")
            found = self._tokens.find(token.strip()) if scheme.lower() == "bearer" else None
            return None if found is None else Identity(found.name, found.role, "token")
        if self._proxy is not None and (name := self._told_by_proxy(self._proxy, request)):
            return Identity(name, "operator" if name in self._proxy.operators else "viewer", "proxy")
        if self._tokens is not None:
            found = self._of_cookie(request.cookies.get(self._cookie, ""))
            return None if found is None else Identity(found.name, found.role, "cookie")
        return Identity(LOCAL, self._local, "local") if self.is_open else None

    def csrf_token(self, caller: Identity) -> str:
        """What a page of ours sends back with every POST; another site's can't know it."""
        return self._signed("csrf", caller.via, caller.name)

    def is_csrf_token(self, caller: Identity, token: str) -> bool:
        """Whether it is the caller's."""
        return hmac.compare_digest(self.csrf_token(caller).encode(), token.encode("utf-8", "replace"))

    def log_in(self, token: str) -> str | None:
        """The cookie for who has this token; None where there is no such token."""
        found = self._tokens.find(token) if self._tokens is not None else None
        return None if found is None else self._sessions.begin(found.id)

    def log_out(self, request: HTTPConnection) -> None:
        """End the session of the request's cookie, for whoever has it."""
        self._sessions.end(request.cookies.get(self._cookie, ""))

    def set_cookie(self, request: Request, response: Response, value: str) -> None:
        """For this browser only, not for its scripts, and never with a request that another site began."""
        response.set_cookie(
            self._cookie,
            value,
            max_age=SESSION_SECONDS,
            path="/",
            secure=self._is_encrypted(request),
            httponly=True,
            samesite="strict",
        )

    def delete_cookie(self, request: Request, response: Response) -> None:
        """The browser forgets its session."""
        response.delete_cookie(
            self._cookie, path="/", secure=self._is_encrypted(request), httponly=True, samesite="strict"
        )

    def _told_by_proxy(self, proxy: Proxy, request: HTTPConnection) -> str | None:
        if not self._from_proxy(proxy, request):
            return None
        names = request.headers.getlist(proxy.header)
        # Two of them: one is not the proxy's.
        return names[0].strip()[:200] if len(names) == 1 else None

    def _from_proxy(self, proxy: Proxy, request: HTTPConnection) -> bool:
        try:
            peer = ipaddress.ip_address(request.client.host if request.client else "")
        except ValueError:
            return False
        return any(peer in network for network in proxy.addresses)

    def _is_encrypted(self, request: Request) -> bool:
        told = request.headers.get("x-forwarded-proto", "") if self._behind_proxy(request) else ""
        return request.url.scheme == "https" or told == "https"

    def _behind_proxy(self, request: Request) -> bool:
        return self._proxy is not None and self._from_proxy(self._proxy, request)

    def _of_cookie(self, value: str) -> Token | None:
        token_id = self._sessions.token_of(value)
        # The token itself may have been revoked since.
        return self._tokens.by_id(token_id) if self._tokens is not None and token_id is not None else None

    def _signed(self, *parts: str) -> str:
        return hmac.new(self._secret, "\x1f".join(parts).encode("utf-8", "replace"), hashlib.sha256).hexdigest()
