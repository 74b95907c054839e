"""Bearer keys of tenants: a file that holds their hashes, read again when it changes."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from pipeline.errors import UsageError
from pipeline.ingest.limits import Limits
from pipeline.token_file import TokenFile, Watched, hash_of, new_token

log = logging.getLogger(__name__)

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
    """Knows whose a key is."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        """Raises ItemstreamError where the file is missing or can't be used."""
        self._clock = clock
        self._by_hash: dict[str, Key] = {}
        self._by_id: dict[str, Key] = {}
        self._tenants: dict[str, Limits] = {}
        self._watched = Watched(_file(path), self._use)

    def caller(self, token: str) -> Caller | None:
        """Whose key it is; None for one that does not exist, has expired or was revoked."""
        self._watched.refresh()
        key = self._by_hash.get(hash_of(token))
        if key is None or not self._stands(key):
            return None
        return Caller(key.tenant, key.id, self._tenants.get(key.tenant) or Limits())

    def in_force(self, key_id: str) -> bool:
        """Whether the key of that id still stands: it was neither revoked nor has it expired."""
        self._watched.refresh()
        key = self._by_id.get(key_id)
        return key is not None and self._stands(key)

    def _stands(self, key: Key) -> bool:
        return key.expires is None or key.expires.timestamp() > self._clock()

    def _use(self, file: KeyFile) -> None:
        self._by_hash = {key.sha256: key for key in file.keys}
        self._by_id = {key.id: key for key in file.keys}
        self._tenants = file.tenants
        log.info("keys read: %d", len(self._by_hash))


def read_keys(path: Path) -> KeyFile:
    """The file as it is. Raises ItemstreamError that names what is wrong with it."""
    return _file(path).read()


def add_key(path: Path, tenant: str, *, expires_in: timedelta | None = None) -> tuple[str, Key]:
    """A new key for `tenant`, and its entry; makes the file where there is none. The key itself is kept nowhere."""
    with _file(path).changing() as change:
        token, key = _made(tenant, expires_in)
        change.file = _with(change.file, keys=(*change.file.keys, key))
        return token, key


def revoke_key(path: Path, key_id: str) -> Key:
    """Takes a key away at once. Raises UsageError where there is none of that id."""
    with _file(path).changing(must_exist=True) as change:
        key = _of_id(change.file, key_id)
        change.file = _with(change.file, keys=tuple(one for one in change.file.keys if one.id != key_id))
        return key


def rotate_key(path: Path, key_id: str, grace: timedelta) -> tuple[str, Key]:
    """A new key for the tenant of `key_id`, which itself stays good for `grace`. Raises UsageError as `revoke_key`."""
    with _file(path).changing(must_exist=True) as change:
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
    with _file(path).changing(must_exist=True) as change:
        change.file = _with(change.file, tenants={**change.file.tenants, tenant: limits})


def _made(tenant: str, expires_in: timedelta | None) -> tuple[str, Key]:
    _check_tenant(tenant)
    key_id, token = new_token()
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


def _file(path: Path) -> TokenFile[KeyFile]:
    return TokenFile(path, KeyFile, "key file", "itemstream ingest keys add TENANT")
