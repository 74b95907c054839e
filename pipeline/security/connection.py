"""From the settings to the arguments of aiokafka's clients: encryption and login."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from pipeline.errors import UsageError
from pipeline.security.oauth import ClientCredentials, token_provider
from pipeline.settings import Settings, variable_of
from pipeline.streaming import aiokafka_fixes

_NEEDED = {
    "PLAIN": ("sasl_username", "sasl_password"),
    "SCRAM-SHA-256": ("sasl_username", "sasl_password"),
    "SCRAM-SHA-512": ("sasl_username", "sasl_password"),
    "OAUTHBEARER": ("sasl_oauth_token_url", "sasl_oauth_client_id", "sasl_oauth_client_secret"),
}
"""The settings that a way to log in can't do without."""


def connection(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for any aiokafka client. Raises UsageError naming the setting that is missing or wrong."""
    aiokafka_fixes.apply()  # two of them are for TLS and for tokens
    options: dict[str, Any] = {"security_protocol": settings.security_protocol}
    if settings.security_protocol.endswith("SSL"):
        options["ssl_context"] = _client_context(settings)
    if settings.security_protocol.startswith("SASL"):
        options |= _login(settings)
    return options


def _login(settings: Settings) -> dict[str, Any]:
    mechanism = settings.sasl_mechanism
    if missing := [name for name in _NEEDED[mechanism] if not getattr(settings, name)]:
        raise UsageError(
            f"{settings.security_protocol} with {mechanism} needs the setting "
            f"{' and '.join(missing)}: set {' and '.join(map(variable_of, missing))}"
        )
    if mechanism != "OAUTHBEARER":
        return {
            "sasl_mechanism": mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": _clear(settings.sasl_password),
        }
    credentials = ClientCredentials(
        token_url=settings.sasl_oauth_token_url or "",
        client_id=settings.sasl_oauth_client_id or "",
        client_secret=_clear(settings.sasl_oauth_client_secret) or "",
        scope=settings.sasl_oauth_scope,
        cafile=settings.sasl_oauth_cafile,
    )
    if credentials.cafile:
        trusting("sasl_oauth_cafile", credentials.cafile)  # what is wrong shows now, not at the first token
    return {"sasl_mechanism": mechanism, "sasl_oauth_token_provider": token_provider(credentials)}


def _client_context(settings: Settings) -> ssl.SSLContext:
    """Brokers' names and certificates are always checked: there is no setting that leaves it out."""
    context = trusting("ssl_cafile", settings.ssl_cafile)
    if settings.ssl_certfile is None:
        if settings.ssl_keyfile is not None:
            raise UsageError("setting ssl_keyfile is of no use without ssl_certfile: set ITEMSTREAM_SSL_CERTFILE")
        return context
    for name in ("ssl_certfile", "ssl_keyfile"):
        _check_file(name, getattr(settings, name))
    try:
        # Never a prompt: without a password an encrypted key is an error.
        context.load_cert_chain(
            settings.ssl_certfile, settings.ssl_keyfile, password=_clear(settings.ssl_keypassword) or ""
        )
    except (ssl.SSLError, OSError, ValueError) as error:
        raise UsageError(
            f"settings ssl_certfile = {settings.ssl_certfile} and ssl_keyfile = {settings.ssl_keyfile} can't be used: "
            f"{_reason(error)}; give a PEM certificate and its key, and ITEMSTREAM_SSL_KEYPASSWORD where it has one"
        ) from error
    return context


def trusting(name: str, cafile: str | None) -> ssl.SSLContext:
    """A context that trusts what `cafile` signed, the system's authorities where it is None; `name`: its setting."""
    _check_file(name, cafile)
    try:
        return ssl.create_default_context(cafile=cafile)
    except (ssl.SSLError, OSError) as error:
        raise UsageError(f"setting {name} = {cafile} is no file of PEM certificates: {_reason(error)}") from error


def _check_file(name: str, file: str | None) -> None:
    if file is not None and not Path(file).is_file():
        raise UsageError(f"setting {name}: there is no file {file}")


def _reason(error: Exception) -> str:
    return getattr(error, "reason", None) or str(error)


def _clear(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
