"""Bearer keys of tenants: a file that holds their hashes, read again when it changes.

A key is 256 random bits, so one round of SHA-256 keeps it: there is nothing to guess. The file is written as a whole
and put in place by a rename; a reader sees the old or the new one. While a new file can't be read, the last one stands.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import re
import secrets
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError

from pipeline.errors import ItemstreamError, UsageError
from pipeline.ingest.limits import Limits

log = logging.getLogger(__name__)

TOKEN_PREFIX = "itemstream"
"""Of every key, so that scanners for leaked secrets can know one."""

_TENANT = r"[A-Za-z0-9._-]{1,200}"
TenantName = Annotated[str, StringConstraints(pattern=f"^{_TENANT}$")]


class Key(BaseModel):
    """One key, as the file keeps it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    tenant: TenantName
    sha256: str
    created: AwareDatetime
    expires: AwareDatetime | None = None


class KeyFile(BaseModel):
    """The file: keys, and the limits of tenants that have some of their own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    keys: tuple[Key, ...] = ()
    tenants: dict[TenantName, Limits] = {}


class Caller(NamedTuple):
    """Who a key belongs to."""

    tenant: str | None
    key_id: str | None
    limits: Limits


class KeyStore:
    """Knows whose a key is. Looks at the file's state at each question, which costs a microsecond or two."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Raises ItemstreamError where the file is missing or can't be used."""
        self._path = path
        self._clock = clock
        self._seen = _state(path)
        self._use(read_keys(path))

    def caller(self, token: str) -> Caller | None:
        """Whose key it is; None for one that does not exist, has expired or was revoked."""
        self._refresh()
        key = self._by_hash.get(hash_of(token))
        if key is None or (key.expires is not None and key.expires.timestamp() <= self._clock()):
            return None
        return Caller(key.tenant, key.id, self._tenants.get(key.tenant) or Limits())

    def _refresh(self) -> None:
        state = _state(self._path)
        if state == self._seen:
            return
        self._seen = state
        try:
            self._use(read_keys(self._path))
        except ItemstreamError as error:
            log.error("the keys read before stay in force: %s", error)
        else:
            log.info("keys read again from %s: %d", self._path, len(self._by_hash))

    def _use(self, file: KeyFile) -> None:
        self._by_hash = {key.sha256: key for key in file.keys}
        self._tenants = file.tenants


def hash_of(token: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def read_keys(path: Path) -> KeyFile:
    """The file as it is. Raises ItemstreamError that names what is wrong with it."""
    try:
        return KeyFile.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ItemstreamError(
            f"there is no key file {path}; make one with: itemstream ingest keys add TENANT"
        ) from None
    except OSError as error:
        raise ItemstreamError(f"the key file {path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise ItemstreamError(f"the key file {path} can't be used: {where}: {first['msg']}") from None


def add_key(path: Path, tenant: str, *, expires_in: timedelta | None = None) -> tuple[str, Key]:
    """A new key for `tenant`, and its entry; makes the file where there is none. The key itself is kept nowhere."""
    with _changing(path) as change:
        token, key = _made(tenant, expires_in)
        change.file = _with(change.file, keys=(*change.file.keys, key))
        return token, key


def revoke_key(path: Path, key_id: str) -> Key:
    """Takes a key away at once. Raises UsageError where there is none of that id."""
    with _changing(path, must_exist=True) as change:
        key = _of_id(change.file, key_id)
        change.file = _with(change.file, keys=tuple(one for one in change.file.keys if one.id != key_id))
        return key


def rotate_key(path: Path, key_id: str, grace: timedelta) -> tuple[str, Key]:
    """A new key for the tenant of `key_id`, which itself stays good for `grace`. Raises UsageError as `revoke_key`."""
    with _changing(path, must_exist=True) as change:
        old = _of_id(change.file, key_id)
        token, key = _made(old.tenant, None)
        ends = datetime.now(UTC) + grace
        if old.expires is None or ends < old.expires:
            old = old.model_copy(update={"expires": ends})
        kept = tuple(old if one.id == key_id else one for one in change.file.keys)
        change.file = _with(change.file, keys=(*kept, key))
        return token, key


def set_limits(path: Path, tenant: str, limits: Limits) -> None:
    """The tenant's own limits from now on."""
    _check_tenant(tenant)
    with _changing(path, must_exist=True) as change:
        change.file = _with(change.file, tenants={**change.file.tenants, tenant: limits})


def _made(tenant: str, expires_in: timedelta | None) -> tuple[str, Key]:
    _check_tenant(tenant)
    key_id = secrets.token_hex(4)
    token = f"{TOKEN_PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
    now = datetime.now(UTC).replace(microsecond=0)
    expires = None if expires_in is None else now + expires_in
    return token, Key(id=key_id, tenant=tenant, sha256=hash_of(token), created=now, expires=expires)


def _check_tenant(tenant: str) -> None:
    if not re.fullmatch(_TENANT, tenant):
        raise UsageError(f"tenant {tenant!r}: 1 to 200 letters, digits, dots, dashes and underscores")


def _of_id(file: KeyFile, key_id: str) -> Key:
    for key in file.keys:
        if key.id == key_id:
            return key
    raise UsageError(f"there is no key {key_id}; see: itemstream ingest keys list")


def _with(file: KeyFile, **changes: object) -> KeyFile:
    return KeyFile.model_validate({**vars(file), **changes})


class _Change:
    def __init__(self, file: KeyFile) -> None:
        self.file = file


@contextmanager
def _changing(path: Path, *, must_exist: bool = False) -> Generator[_Change]:
    """The file to change, written when the block ends well. Two that change it at once wait for one another."""
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        change = _Change(read_keys(path) if must_exist or path.exists() else KeyFile())
        yield change
        # Readable by its owner alone, as NamedTemporaryFile makes it.
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as new:
            new.write(change.file.model_dump_json(indent=1, exclude_none=True).encode() + b"\n")
            new.flush()
            os.fsync(new.fileno())
        Path(new.name).replace(path)
        os.fsync(folder)
    finally:
        os.close(folder)


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
