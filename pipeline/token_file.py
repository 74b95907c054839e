"""A file of bearer tokens' hashes: read again when it changes, written as a whole.

A token is 256 random bits, so one round of SHA-256 keeps it: there is nothing to guess. The file is put in place by a
rename; a reader sees the old or the new one. While a new file can't be read, the last one stands.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import secrets
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.durable import put
from pipeline.errors import ItemstreamError

log = logging.getLogger(__name__)

TOKEN_PREFIX = "itemstream"
"""Of every token, so that scanners for leaked secrets can know one."""

F = TypeVar("F", bound=BaseModel)


def hash_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def new_token() -> tuple[str, str]:
    """An id, and a token that begins with it. The token itself is to be kept nowhere."""
    token_id = secrets.token_hex(4)
    return token_id, f"{TOKEN_PREFIX}_{token_id}_{secrets.token_urlsafe(32)}"


class TokenFile(Generic[F]):
    """A file of one kind."""

    def __init__(self, path: Path, model: type[F], what: str, making: str) -> None:
        """what: how the file is called, such as `key file`; making: the command that makes one."""
        self._path = path
        self._model = model
        self._what = what
        self._making = making

    def read(self) -> F:
        """The file as it is. Raises ItemstreamError that names what is wrong with it."""
        try:
            return self._model.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            raise ItemstreamError(f"there is no {self._what} {self._path}; make one with: {self._making}") from None
        except OSError as error:
            raise ItemstreamError(f"the {self._what} {self._path} can't be read: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the file"
            raise ItemstreamError(f"the {self._what} {self._path} can't be used: {where}: {first['msg']}") from None

    @contextmanager
    def changing(self, *, must_exist: bool = False) -> Generator[Change[F]]:
        """The file to change, written when the block ends well. Two that change it at once wait for one another."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            change = Change(self.read() if must_exist or self._path.exists() else self._model())
            yield change
            put(self._path, change.file.model_dump_json(indent=1, exclude_none=True).encode() + b"\n")
        finally:
            os.close(folder)

    def state(self) -> tuple[int, int, int] | None:
        """Differs when the file has changed; None where there is none."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino


class Change(Generic[F]):
    """What the file is, and is to be."""

    def __init__(self, file: F) -> None:
        self.file = file


class Watched(Generic[F]):
    """The contents of a file, looked at anew when they are asked for, which costs a microsecond or two."""

    def __init__(self, file: TokenFile[F], use: Callable[[F], None]) -> None:
        """use: is given the contents now, and whenever they change. Raises ItemstreamError as `TokenFile.read`."""
        self._file = file
        self._use = use
        self._seen = file.state()
        use(file.read())

    def refresh(self) -> None:
        """Read the file again where it has changed. Never raises."""
        state = self._file.state()
        if state == self._seen:
            return
        self._seen = state
        try:
            self._use(self._file.read())
        except ItemstreamError as error:
            log.error("the keys read before stay in force: %s", error)
