"""A Kafka as operations run it: TLS, every way to log in, and an authorizer that forbids what nobody allowed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest

from pipeline.acls import Acl
from pipeline.kafka import EmbeddedKafka
from pipeline.kafka.artifacts import kafka_jars
from pipeline.kafka.config import Property
from pipeline.kafka.java import find_java
from pipeline.kafka.probe import free_ports
from tests.security.certificates import HOST, Certificates

PASSWORD = "correct-horse-battery"
USERS = (
    "worker",
    "fleeting-worker",
    "ingest",
    "topics",
    "subscriber",
    "handler",
    "redrive",
    "replay",
    "replay-in-place",
    "export",
    "import",
    "forget",
    "console",
    "autoscaling",
    "relay",
)
LOGIN_LASTS_MS = 3_000
"""By the door `fleeting`."""

_KIND = {"topic": 2, "group": 3, "transactional-id": 5}
_OPERATION = {
    "Read": 3, "Write": 4, "Create": 5, "Delete": 6, "Alter": 7, "Describe": 8, "DescribeConfigs": 10,
    "AlterConfigs": 11,
}  # fmt: skip
_ALLOW, _LITERAL, _PREFIXED = 3, 3, 4


@dataclass(frozen=True)
class SecuredKafka:
    """The broker. Doors for clients: `sasl`, `fleeting` and `mtls`; `bootstrap_servers` is the administrator's."""

    kafka: EmbeddedKafka
    certificates: Certificates
    sasl: str
    fleeting: str
    mtls: str

    @property
    def bootstrap_servers(self) -> str:
        return self.kafka.bootstrap_servers

    def login(self, user: str, mechanism: str = "SCRAM-SHA-512", **changes: object) -> dict[str, Any]:
        """Settings of a user who comes in over TLS and logs in."""
        return {
            "bootstrap_servers": self.sasl,
            "security_protocol": "SASL_SSL",
            "ssl_cafile": str(self.certificates.cafile),
            "sasl_mechanism": mechanism,
            "sasl_username": user,
            "sasl_password": PASSWORD,
            **changes,
        }

    def run_tool(self, arguments: Sequence[str], folder: Path) -> str:
        """One of the printed `kafka-acls` commands, by Kafka's own class, in a folder; its output."""
        name, *rest = arguments
        assert name == "kafka-acls"
        java = find_java()
        run = [str(java), "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", f"{kafka_jars(java)}/*"]
        done = subprocess.run(
            [*run, "org.apache.kafka.tools.AclCommand", *rest],
            cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def start_secured_kafka(folder: Path, jwks: Path, issuer: str) -> SecuredKafka:
    """jwks: the file of the keys that sign tokens; issuer: who must have issued them."""
    certificates = Certificates(folder)
    port, controller, sasl, fleeting, mtls = free_ports(5)
    doors = {"PLAINTEXT": "PLAINTEXT", "LOGIN": "SASL_SSL", "FLEETING": "SASL_SSL", "CERT": "SSL"}
    ports = {"PLAINTEXT": port, "LOGIN": sasl, "FLEETING": fleeting, "CERT": mtls}
    listeners = ",".join(f"{name}://{HOST}:{number}" for name, number in ports.items())
    keystore = certificates.keystore("broker")
    known = " ".join(f'user_{user}="{PASSWORD}"' for user in USERS)
    properties: dict[str, Property] = {
        "listeners": f"{listeners},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": listeners,
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "listener.security.protocol.map": ",".join(
            [*(f"{name}:{protocol}" for name, protocol in doors.items()), "CONTROLLER:PLAINTEXT"]
        ),
        "inter.broker.listener.name": "PLAINTEXT",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        # Who comes in by the door without a lock is the administrator, here and nowhere else.
        "super.users": "User:ANONYMOUS",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.cafile),
        "listener.name.cert.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": r"RULE:^.*CN=([a-z-]+).*$/$1/,DEFAULT",
        "listener.name.fleeting.connections.max.reauth.ms": str(LOGIN_LASTS_MS),
        **_logins("login", jwks, issuer, known),
        **_logins("fleeting", jwks, issuer, known),
    }
    scrams = [
        word
        for user in USERS
        for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        for word in ("--add-scram", f'{mechanism}=[name="{user}",password="{PASSWORD}"]')
    ]
    allowed = f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={jwks.as_uri()}"
    kafka = EmbeddedKafka(port, properties=properties, format_options=scrams, jvm=[allowed]).start()
    return SecuredKafka(kafka, certificates, *(f"{HOST}:{number}" for number in (sasl, fleeting, mtls)))


def _logins(door: str, jwks: Path, issuer: str, known: str) -> dict[str, Property]:
    """Every way to log in, by a listener."""
    security = "org.apache.kafka.common.security"
    scram = f"{security}.scram.ScramLoginModule required;"
    properties: dict[str, Property] = {
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
        "plain.sasl.jaas.config": f"{security}.plain.PlainLoginModule required {known};",
        "scram-sha-256.sasl.jaas.config": scram,
        "scram-sha-512.sasl.jaas.config": scram,
        "oauthbearer.sasl.jaas.config": f"{security}.oauthbearer.OAuthBearerLoginModule required;",
        "oauthbearer.sasl.server.callback.handler.class": f"{security}.oauthbearer.OAuthBearerValidatorCallbackHandler",
        "oauthbearer.sasl.oauthbearer.jwks.endpoint.url": jwks.as_uri(),
        "oauthbearer.sasl.oauthbearer.expected.issuer": issuer,
        "oauthbearer.sasl.oauthbearer.expected.audience": "kafka",
    }
    return {f"listener.name.{door}.{name}": value for name, value in properties.items()}


class Rights:
    """The rules in force, changed over the administrator's connection."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    async def of(cls, secured: SecuredKafka) -> Rights:
        client = AIOKafkaClient(bootstrap_servers=secured.bootstrap_servers)
        await client.bootstrap()
        return cls(client)

    async def close(self) -> None:
        await self._client.close()

    async def allow(self, acls: Iterable[Acl], principal: str) -> None:
        for acl in acls:
            request = CreateAclsRequest(*_resource(acl), principal, "*", _OPERATION[acl.operation], _ALLOW)
            response = await self._client.send(self._client.get_random_node(), request)
            assert [code for code, *_ in response.creation_responses] == [0], response

    async def remove(self, acl: Acl, principal: str) -> None:
        request = DeleteAclsRequest(*_resource(acl), principal, "*", _OPERATION[acl.operation], _ALLOW)
        response = await self._client.send(self._client.get_random_node(), request)
        ((code, _, matching),) = response.filter_responses
        assert (code, len(matching)) == (0, 1), response

    async def count(self, principal: str) -> int:
        """How many rules are for somebody."""
        any_one: Any = None
        request = DescribeAclsRequest(1, any_one, 1, principal, any_one, 1, 1)
        response = await self._client.send(self._client.get_random_node(), request)
        return sum(len(resource[-1]) for resource in response.resources)


def _resource(acl: Acl) -> tuple[int, str, int]:
    return _KIND[acl.kind], acl.name, _PREFIXED if acl.prefixed else _LITERAL
