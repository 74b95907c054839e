"""Tokens of the people and programs that use a console: a file that holds their hashes, read again when it changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from pipeline.console.models import Role
from pipeline.errors import UsageError
from pipeline.token_file import TokenFile, Watched, hash_of, new_token

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@+-]{1,200}$")]


class Token(BaseModel):
    """One token, as the file keeps it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    name: Name
    role: Role
    sha256: str
    created: AwareDatetime
    expires: AwareDatetime | None = None


class Tokens(BaseModel):
    """The file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    tokens: tuple[Token, ...] = ()


class TokenStore:
    """Knows whose a token is."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Raises ItemstreamError where the file is missing or can't be used."""
        self._clock = clock
        self._by_hash: dict[str, Token] = {}
        self._by_id: dict[str, Token] = {}
        self._watched = Watched(_file(path), self._use)

    def find(self, token: str) -> Token | None:
        """The token's entry; None for one that does not exist, has expired or was revoked."""
        self._watched.refresh()
        return self._in_force(self._by_hash.get(hash_of(token)))

    def by_id(self, token_id: str) -> Token | None:
        """The same of a token that was shown before."""
        self._watched.refresh()
        return self._in_force(self._by_id.get(token_id))

    def _in_force(self, token: Token | None) -> Token | None:
        expires = None if token is None else token.expires
        return token if expires is None or expires.timestamp() > self._clock() else None

    def _use(self, file: Tokens) -> None:
        self._by_hash = {token.sha256: token for token in file.tokens}
        self._by_id = {token.id: token for token in file.tokens}


def read_tokens(path: Path) -> tuple[Token, ...]:
    """Those in the file. Raises ItemstreamError that names what is wrong with it."""
    return _file(path).read().tokens


def add_token(path: Path, name: str, role: Role, *, expires_in: timedelta | None = None) -> tuple[str, Token]:
    """A new token, and its entry; makes the file where there is none. The token itself is kept nowhere."""
    token_id, token = new_token()
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        entry = Token(
            id=token_id,
            name=name,
            role=role,
            sha256=hash_of(token),
            created=now,
            expires=None if expires_in is None else now + expires_in,
        )
    except ValidationError:
        raise UsageError(f"name {name!r}: 1 to 200 letters, digits and any of . _ @ + -") from None
    with _file(path).changing() as change:
        change.file = Tokens(tokens=(*change.file.tokens, entry))
    return token, entry


def revoke_token(path: Path, token_id: str) -> Token:
    """Takes a token away at once, and the sessions begun with it. Raises UsageError where there is none of that id."""
    with _file(path).changing(must_exist=True) as change:
        found = [token for token in change.file.tokens if token.id == token_id]
        if not found:
            raise UsageError(f"there is no token {token_id}; see: itemstream console tokens list")
        change.file = Tokens(tokens=tuple(token for token in change.file.tokens if token.id != token_id))
        return found[0]


def _file(path: Path) -> TokenFile[Tokens]:
    return TokenFile(path, Tokens, "token file", "itemstream console tokens add NAME")
