"""Every way to come in: by password, by token, by certificate; and what is said where the door stays shut."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import NewTopic

from pipeline.acls import PARTS, Acl
from pipeline.settings import Settings
from pipeline.worker.preflight import PreflightError, UnreachableError, preflight
from tests.security.broker import Rights, SecuredKafka
from tests.security.test_worker_rights import NAMES
from tests.security.tokens import SECRET, Issuer
from topics.admin import apply_changes, connect, deployment, make_plan, read_state

pytestmark = pytest.mark.kafka


@pytest.fixture(scope="module")
def token_url(secured: SecuredKafka, issuer: Issuer) -> Iterator[str]:
    with issuer.serving(secured.certificates) as url:
        yield url


def oauth(secured: SecuredKafka, token_url: str, **changes: object) -> dict[str, Any]:
    return {
        "bootstrap_servers": secured.sasl,
        "security_protocol": "SASL_SSL",
        "ssl_cafile": str(secured.certificates.cafile),
        "sasl_mechanism": "OAUTHBEARER",
        "sasl_oauth_token_url": token_url,
        "sasl_oauth_client_id": "topics",
        "sasl_oauth_client_secret": SECRET,
        "sasl_oauth_scope": "kafka",
        "sasl_oauth_cafile": str(secured.certificates.cafile),
        **changes,
    }


def certificate(secured: SecuredKafka, password: str | None = None) -> dict[str, Any]:
    certfile, keyfile = secured.certificates.issue("topics", password=password)
    return {
        "bootstrap_servers": secured.mtls,
        "security_protocol": "SSL",
        "ssl_cafile": str(secured.certificates.cafile),
        "ssl_certfile": str(certfile),
        "ssl_keyfile": str(keyfile),
        **({"ssl_keypassword": password} if password else {}),
    }


@pytest.mark.parametrize("how", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER", "mTLS", "mTLS, key locked"])
async def test_the_topic_job_makes_the_topics_with_its_rights(
    secured: SecuredKafka, token_url: str, rights: Rights, unique: str, how: str
) -> None:
    ways = {
        "OAUTHBEARER": lambda: oauth(secured, token_url),
        "mTLS": lambda: certificate(secured),
        "mTLS, key locked": lambda: certificate(secured, "sesame"),
    }
    values = ways[how]() if how in ways else secured.login("topics", how)
    names = {"prefix": f"p-{unique}", "group": f"g-{unique}", "input_topic": f"e-{unique}"}
    settings = Settings.model_validate(values | names)
    needed = PARTS["topics"].acls(type(NAMES)(**names, subscriber="s", reads=(), replay_to="r"))
    await rights.allow(needed, "User:topics")
    topics = deployment(settings.prefix, settings.group, settings.input_topic)
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        for partitions in (1, 2):
            state = await read_state(admin, topics)
            plan = make_plan(topics, state, partitions=partitions, replication_factor=1)
            await apply_changes(admin, plan.changes, state)
        made = (await read_state(admin, topics)).topics
    assert {found.partitions for found in made.values()} == {2}
    assert len(made) == len(topics)


async def test_connections_share_a_token(secured: SecuredKafka, token_url: str, issuer: Issuer) -> None:
    settings = Settings.model_validate(oauth(secured, token_url, sasl_oauth_client_id="shared"))
    before = issuer.issued
    for _ in range(3):
        async with AIOKafkaProducer(bootstrap_servers=settings.bootstrap_servers, **settings.connection()):
            pass
    assert issuer.issued == before + 1
    assert issuer.asked[-1] == {"grant_type": "client_credentials", "scope": "kafka"}


async def told(values: dict[str, Any], *, lasting: bool = True) -> str:
    """The one line; `lasting`: a supervisor does not try again."""
    with pytest.raises(PreflightError if lasting else UnreachableError) as raised:
        await preflight(Settings.model_validate(values))
    assert "\n" not in str(raised.value)
    return str(raised.value)


async def test_a_wrong_password(secured: SecuredKafka) -> None:
    said = await told(secured.login("worker", sasl_password="mine"))
    assert f"broker {secured.sasl} does not let user worker log in with SCRAM-SHA-512" in said
    assert "mine" not in said


async def test_no_certificate_where_one_is_wanted(secured: SecuredKafka) -> None:
    values = secured.login("worker") | {"bootstrap_servers": secured.mtls, "security_protocol": "SSL"}
    said = await told(values, lasting=False)
    assert said.startswith(f"broker {secured.mtls} takes a connection and ends it: is that a listener for")
    assert said.endswith("and does it want a certificate of the client (ssl_certfile, ssl_keyfile)?")


async def test_an_authority_that_did_not_sign_the_broker(secured: SecuredKafka) -> None:
    said = await told(secured.login("worker", ssl_cafile=str(secured.certificates.other_cafile)))
    assert f"the certificate of broker {secured.sasl} is not to be trusted" in said
    assert "set ssl_cafile" in said


async def test_tls_where_the_broker_speaks_plainly(secured: SecuredKafka) -> None:
    values = secured.login("worker") | {"bootstrap_servers": secured.bootstrap_servers}
    said = await told(values, lasting=False)
    assert said.startswith(f"broker {secured.bootstrap_servers} takes a connection and ends it: is that a listener for")


async def test_plain_where_the_broker_wants_tls(secured: SecuredKafka) -> None:
    said = await told({"bootstrap_servers": secured.mtls}, lasting=False)
    assert said == (
        f"broker {secured.mtls} takes a connection and ends it: is that a listener for security_protocol PLAINTEXT?"
    )


async def test_a_wrong_client_secret(secured: SecuredKafka, token_url: str) -> None:
    said = await told(oauth(secured, token_url, sasl_oauth_client_secret="mine"), lasting=False)
    assert f"token endpoint {token_url} refuses client topics (401 invalid_client)" in said


async def test_a_token_for_somebody_else(
    secured: SecuredKafka, token_url: str, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(issuer, "audience", "billing")
    said = await told(oauth(secured, token_url, sasl_oauth_client_id="stranger"))
    assert f"broker {secured.sasl} does not let client stranger log in with OAUTHBEARER" in said


async def test_no_broker_is_no_refusal(secured: SecuredKafka) -> None:
    with pytest.raises(UnreachableError, match=r"no Kafka broker answers at 127\.0\.0\.1:1;"):
        await preflight(Settings.model_validate(secured.login("worker") | {"bootstrap_servers": "127.0.0.1:1"}))


async def test_a_connection_ends_at_once_though_an_answer_is_outstanding(secured: SecuredKafka, rights: Rights) -> None:
    topic = TopicPartition("ends-at-once", 0)
    await rights.allow([Acl("topic", topic.topic, operation, "") for operation in ("Create", "Read")], "User:topics")
    settings = Settings.model_validate(secured.login("topics"))
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        await admin.create_topics([NewTopic(topic.topic, 1, 1)])
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=settings.bootstrap_servers, fetch_max_wait_ms=20_000, **settings.connection()
    )
    await consumer.start()
    consumer.assign([topic])
    await consumer.seek_to_beginning(topic)
    await consumer.getmany(topic, timeout_ms=100)
    async with asyncio.timeout(10):
        await consumer.stop()
