"""Why no broker could be talked to: aiokafka logs the reason and raises something that leaves it out."""

from __future__ import annotations

import ssl
from typing import Any, NamedTuple

from aiokafka import conn
from aiokafka import errors as kafka

from pipeline.security.oauth import TokenError
from pipeline.settings import Settings

_aiokafka: Any = conn
CERTIFICATE_HINT = ", and does it want a certificate of the client (ssl_certfile, ssl_keyfile)"


class Refusal(NamedTuple):
    """Why, in one line; `lasting`: the next try would end the same way until somebody acts."""

    why: str
    lasting: bool


async def refusal(settings: Settings, timeout_ms: int) -> Refusal | None:
    """Why the brokers refuse this client; None where they don't, or just don't answer."""
    for host, port, _ in _aiokafka.collect_hosts(settings.bootstrap_servers, randomize=False):
        try:
            opened = await _aiokafka.create_conn(host, port, request_timeout_ms=timeout_ms, **settings.connection())
        except Exception as error:
            if (why := explain(error, settings, f"{host}:{port}")) is not None:
                return why
        else:
            opened.close()
            return None
    return None


def explain(error: BaseException, settings: Settings, broker: str) -> Refusal | None:
    """What an error of a connection means; None for a broker that does not answer."""
    protocol, mechanism = settings.security_protocol, settings.sasl_mechanism
    who = f"client {settings.sasl_oauth_client_id}" if mechanism == "OAUTHBEARER" else f"user {settings.sasl_username}"
    match error:
        case TokenError():
            return Refusal(str(error), lasting=False)
        case ssl.SSLCertVerificationError():
            return Refusal(
                f"the certificate of broker {broker} is not to be trusted ({error.verify_message}): set ssl_cafile to "
                "the authority that signed it, and bootstrap_servers to a name that is in it",
                lasting=True,
            )
        case kafka.SaslAuthenticationFailed() | kafka.AuthenticationFailedError():
            return Refusal(
                f"broker {broker} does not let {who} log in with {mechanism} "
                f"({' '.join(map(str, error.args)) or 'no reason given'}): check the user and the secret",
                lasting=True,
            )
        case kafka.UnsupportedSaslMechanismError() | kafka.IllegalSaslStateError():
            return Refusal(
                f"broker {broker} does not offer {mechanism}: set sasl_mechanism to one that it offers", lasting=True
            )
        case ssl.SSLError() | ConnectionResetError() | kafka.KafkaConnectionError():
            # Or something in between that has lost its broker: it may come back.
            return Refusal(
                f"broker {broker} takes a connection and ends it: is that a listener for security_protocol {protocol}"
                f"{CERTIFICATE_HINT if protocol.endswith('SSL') and not settings.ssl_certfile else ''}?",
                lasting=False,
            )
        case _:
            return None
