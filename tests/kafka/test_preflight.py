"""A worker that can't run says why in one line, exits with 1 and touches nothing."""

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import CreateAclsRequest

from pipeline.kafka import EmbeddedKafka
from pipeline.worker.preflight import PreflightError, preflight
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.test_worker import arguments

pytestmark = pytest.mark.kafka

TOPIC, GROUP, TRANSACTIONAL_ID = 2, 3, 5
READ, WRITE, DESCRIBE, ALL = 3, 4, 8, 2


def refusal(deployed: Deployed) -> str:
    """What the command prints; exactly one line."""
    done = subprocess.run(arguments(deployed), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert done.stdout == ""
    return line


def test_no_broker() -> None:
    line = refusal(Deployed("127.0.0.1:1", "p", "g", "i"))
    assert line.startswith("itemstream: no Kafka broker answers at 127.0.0.1:1;")


def test_missing_topics(bootstrap_servers: str, unique: str) -> None:
    line = refusal(Deployed(bootstrap_servers, unique, unique, unique))
    assert line.startswith("itemstream: missing topics ")
    assert line.endswith("create with: itemstream topics apply")


async def test_partition_counts_that_differ(bootstrap_servers: str, deployed: Deployed) -> None:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    await admin.create_partitions({deployed.messages: NewPartitions(7)})
    await admin.close()
    line = refusal(deployed)
    assert f"topic {deployed.messages} has 7 partitions, the input {deployed.input_topic} 6" in line


async def test_all_is_well(deployed: Deployed) -> None:
    await preflight(deployed.settings())


@pytest.fixture(scope="module")
def guarded_kafka() -> Iterator[EmbeddedKafka]:
    """A broker with access control, on which everything is allowed that is not denied."""
    properties = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": True,
    }
    with EmbeddedKafka(properties=properties) as broker:
        yield broker


@asynccontextmanager
async def denied(broker: EmbeddedKafka, kind: int, name: str, operation: int) -> AsyncGenerator[None]:
    client: Any = AIOKafkaClient(bootstrap_servers=broker.bootstrap_servers)
    await client.bootstrap()
    try:
        # Where a name has a rule, what no rule allows is forbidden: so all is allowed, then one thing denied.
        literal, deny, allow = 3, 2, 3
        for what, permission in ((ALL, allow), (operation, deny)):
            request = CreateAclsRequest(kind, name, literal, "User:ANONYMOUS", "*", what, permission)
            response = await client.send(client.get_random_node(), request)
            assert [code for code, *_ in response.creation_responses] == [0], response
        yield
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("kind", "which", "operation", "told"),
    [
        (TOPIC, "events-{}", READ, "no right to READ topic events-{}"),
        (TOPIC, "test-{}.items.messages", WRITE, "no right to WRITE topic test-{}.items.messages"),
        (TOPIC, "group-{}-sessions-changelog", READ, "no right to READ topic group-{}-sessions-changelog"),
        (TOPIC, "test-{}.responses", DESCRIBE, "no right to see topic test-{}.responses"),
        (GROUP, "group-{}", READ, "no right to use consumer group group-{}"),
        (GROUP, "group-{}", ALL, "no right to use consumer group group-{}"),
        (TRANSACTIONAL_ID, "group-{0}-events-{0}-0", ALL, "no right to use transactional id group-{0}-events-{0}-0"),
    ],
)
async def test_no_rights(
    guarded_kafka: EmbeddedKafka, unique: str, kind: int, which: str, operation: int, told: str
) -> None:
    deployed = await deploy(guarded_kafka.bootstrap_servers, unique, 2)
    await preflight(deployed.settings())
    async with denied(guarded_kafka, kind, which.format(unique), operation):
        refused = await until_refused(deployed)
    assert told.format(unique) in refused
    assert "\n" not in refused


async def until_refused(deployed: Deployed) -> str:
    """A rule takes a moment to reach the broker."""
    async with asyncio.timeout(15):
        while True:
            try:
                await preflight(deployed.settings())
            except PreflightError as error:
                return str(error)
            await asyncio.sleep(0.2)
