"""Browsers that are logged in, in the memory of this process: they are not beyond it, their time, or logging out."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import NamedTuple

SESSION_SECONDS = 12 * 3600
"""How long a browser stays logged in."""
MOST_OF_A_TOKEN = 100
"""Sessions begun with one token; of more the oldest end."""


class _Session(NamedTuple):
    token_id: str
    expires: float


class BrowserSessions:
    """Which session was begun with which token. Only hashes of the cookies are kept."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """clock: seconds."""
        self._clock = clock
        self._sessions: dict[bytes, _Session] = {}

    def begin(self, token_id: str) -> str:
        """A new session's cookie: 256 random bits."""
        self._forget_ended()
        of_token = [name for name, session in self._sessions.items() if session.token_id == token_id]
        for name in of_token[: max(0, len(of_token) - MOST_OF_A_TOKEN + 1)]:
            del self._sessions[name]
        cookie = secrets.token_urlsafe(32)
        self._sessions[_name(cookie)] = _Session(token_id, self._clock() + SESSION_SECONDS)
        return cookie

    def token_of(self, cookie: str) -> str | None:
        """The token that the session of a cookie was begun with; None where there is no such session any more."""
        session = self._sessions.get(_name(cookie))
        return session.token_id if session is not None and session.expires > self._clock() else None

    def end(self, cookie: str) -> None:
        """Log out: the cookie is worth nothing from now on, whoever has a copy of it."""
        self._sessions.pop(_name(cookie), None)

    def _forget_ended(self) -> None:
        now = self._clock()
        self._sessions = {name: session for name, session in self._sessions.items() if session.expires > now}


def _name(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()
