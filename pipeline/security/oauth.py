"""Tokens for OAUTHBEARER: OAuth 2.0 client credentials (RFC 6749, section 4.4), kept as long as they are good."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError

TIMEOUT_SECONDS = 10.0
LEAST_LEFT_SECONDS = 30.0
"""A token that ends sooner is not used for a new connection; of a short-lived one, the last fifth."""
DEFAULT_LIFE_SECONDS = 300.0
"""Of a token whose endpoint does not say (`expires_in` is optional)."""
MOST_BYTES = 1024 * 1024


class TokenError(KafkaConnectionError):
    """No token was to be had. Kafka's clients take it for a connection that failed, and try again."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class ClientCredentials:
    """Where tokens come from, and for whom. `cafile` of None: the system's authorities."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    cafile: str | None = None


@cache
def token_provider(credentials: ClientCredentials) -> TokenProvider:
    """One a process for the same credentials, so that all connections share a token."""
    return TokenProvider(credentials)


class TokenProvider(AbstractTokenProvider):
    """Asks the endpoint when there is no token that is good for long enough. For any event loop, any thread."""

    def __init__(self, credentials: ClientCredentials) -> None:
        self._credentials = credentials
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    async def token(self) -> str:  # pyright: ignore[reportIncompatibleMethodOverride] (typed as None by mistake)
        """Raises TokenError, one line."""
        return await asyncio.to_thread(self._current)

    def _current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._good_until:
                asked = time.monotonic()
                self._token, life = _ask(self._credentials)
                self._good_until = asked + life - min(LEAST_LEFT_SECONDS, life / 5)
            return self._token


def _ask(credentials: ClientCredentials) -> tuple[str, float]:
    """A token and the seconds it is good for."""
    form = {"grant_type": "client_credentials"} | ({"scope": credentials.scope} if credentials.scope else {})
    # RFC 6749, 2.3.1: both are form-encoded before they become a user and a password.
    user, password = (urllib.parse.quote_plus(part) for part in (credentials.client_id, credentials.client_secret))
    request = urllib.request.Request(
        credentials.token_url,
        urllib.parse.urlencode(form).encode(),
        {
            "Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        },
    )
    where = f"token endpoint {credentials.token_url}"
    try:
        context = ssl.create_default_context(cafile=credentials.cafile)
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS, context=context) as answer:
            told: Any = json.loads(answer.read(MOST_BYTES))
    except urllib.error.HTTPError as error:
        raise TokenError(
            f"{where} refuses client {credentials.client_id} ({error.code} {_told(error)}): check "
            "sasl_oauth_client_id, sasl_oauth_client_secret and sasl_oauth_scope"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise TokenError(
            f"{where} does not answer ({reason}): check sasl_oauth_token_url, sasl_oauth_cafile"
        ) from error
    except ValueError as error:
        raise TokenError(f"{where} did not answer with JSON: check sasl_oauth_token_url") from error
    if not isinstance(told, dict) or not isinstance(token := cast(dict[str, Any], told).get("access_token"), str):
        raise TokenError(f"{where} gave no access_token: check sasl_oauth_token_url")
    life = cast(dict[str, Any], told).get("expires_in")
    return token, float(life) if isinstance(life, int | float | str) and str(life).isdigit() else DEFAULT_LIFE_SECONDS


def _told(error: urllib.error.HTTPError) -> str:
    """The endpoint's own word (RFC 6749, 5.2), else the status's."""
    try:
        return str(json.loads(error.read(MOST_BYTES))["error"])[:100]
    except (ValueError, KeyError, TypeError, OSError):
        return str(error.reason)
