"""Who may send, as whom, and how much: bearer keys and accounts together, the same for every collector."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager

from pipeline.ingest.keys import Caller, KeyStore
from pipeline.ingest.limits import Account, Limits

ANONYMOUS = Caller(None, None, Limits())
"""Where no keys are asked for."""


class AccessDenied(Exception):
    """No key, or none that is in force. The message is for the sender and holds nothing of the key."""


class Access:
    """Keys, where there is a file of them, and the account of each tenant."""

    def __init__(self, keys: KeyStore | None, defaults: Limits) -> None:
        """defaults: for tenants (and anonymous senders) that have no limits of their own."""
        self._keys = keys
        self._defaults = defaults
        self._accounts: dict[str | None, Account] = {}

    def caller(self, authorization: str | None) -> Caller:
        """Whose the header `Authorization: Bearer …` is, limits filled in. Raises AccessDenied."""
        if self._keys is None:
            return ANONYMOUS._replace(limits=self._defaults)
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise AccessDenied("a bearer key is needed: Authorization: Bearer itemstream_…")
        caller = self._keys.caller(token.strip())
        if caller is None:
            raise AccessDenied("the bearer key is not known, was revoked or has expired")
        return caller._replace(limits=caller.limits.over(self._defaults))

    def in_force(self, key_id: str | None) -> bool:
        """Whether a caller's key still stands: it was neither revoked nor has it expired. None: it needed none."""
        return self._keys is None or key_id is None or self._keys.in_force(key_id)

    def admit(self, caller: Caller, *, events: int, size: int) -> float:
        """0 where the caller's tenant may send so many events of so many bytes now, else seconds until to try again."""
        return self._account(caller).admit(caller.limits, time.monotonic(), events=events, size=size)

    def connection(self, caller: Caller) -> AbstractContextManager[None]:
        """Counts one connection of the tenant while it is open. Entering raises TooManyConnections."""
        return self._account(caller).connection(caller.limits)

    def _account(self, caller: Caller) -> Account:
        account = self._accounts.get(caller.tenant)
        if account is None:
            account = self._accounts[caller.tenant] = Account()
        return account
