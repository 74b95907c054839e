"""The thin shell of topic administration: reads the state of a cluster, carries out changes. aiokafka lives here."""

# pyright: reportMissingTypeStubs=false
# aiokafka ships without types; `AdminClient` below types what is used of it.

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.admin.new_partitions import NewPartitions
from aiokafka.admin.new_topic import NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from topics.admin.errors import BrokerUnreachableError, RefusedError, TopicsError
from topics.admin.model import (
    AddPartitions,
    Change,
    ClusterState,
    CreateTopic,
    DeployedTopic,
    SetConfig,
    TopicState,
)

REQUEST_TIMEOUT_MS = 15_000
VISIBLE_TIMEOUT_S = 15.0
_POLL_S = 0.1

# Where a setting comes from (KIP-226): 1 is "set on this topic". What else is in force is the broker's or the default.
_SET_ON_TOPIC = 1


class AdminClient(Protocol):
    """What is used of aiokafka's admin client."""

    async def describe_cluster(self) -> dict[str, Any]: ...
    async def describe_topics(self, topics: list[str] | None = None) -> list[dict[str, Any]]: ...
    async def describe_configs(self, config_resources: list[ConfigResource]) -> list[Any]: ...
    async def alter_configs(self, config_resources: list[ConfigResource]) -> list[Any]: ...
    async def create_topics(self, new_topics: list[NewTopic]) -> Any: ...
    async def create_partitions(self, topic_partitions: dict[str, NewPartitions]) -> Any: ...


@asynccontextmanager
async def connect(bootstrap_servers: str, **connection: Any) -> AsyncGenerator[AdminClient]:
    """A started admin client, closed at the end. `connection` goes to aiokafka (security, timeouts)."""
    options: dict[str, Any] = {"request_timeout_ms": REQUEST_TIMEOUT_MS, **connection}
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers, **options)
    try:
        try:
            await client.start()
        except (KafkaError, OSError, TimeoutError) as error:
            text = f"no Kafka broker answers at {bootstrap_servers}; start one or set --bootstrap-servers"
            raise BrokerUnreachableError(text) from error
        yield cast("AdminClient", client)
    finally:
        await client.close()


async def read_state(admin: AdminClient, topics: Iterable[DeployedTopic]) -> ClusterState:
    """How the cluster has `topics`; those it does not have are left out."""
    return await _read_state(admin, {topic.name for topic in topics})


async def read_topic(admin: AdminClient, name: str) -> TopicState | None:
    """How the cluster has the topic of this full name; None where it has none."""
    return (await _read_state(admin, {name})).topics.get(name)


async def _read_state(admin: AdminClient, wanted: Collection[str]) -> ClusterState:
    try:
        brokers = len((await admin.describe_cluster())["brokers"])
        # All topics, not the wanted ones by name: to ask for a name creates it where brokers auto-create topics.
        found = [topic for topic in await admin.describe_topics() if topic["topic"] in wanted]
        configs = await _read_configs(admin, [topic["topic"] for topic in found])
    except (KafkaError, TimeoutError) as error:
        raise RefusedError(f"the cluster does not tell its topics: {_reason(error)}") from error
    return ClusterState(brokers, {topic["topic"]: _topic_state(topic, configs[topic["topic"]]) for topic in found})


def _topic_state(topic: dict[str, Any], config: list[Any]) -> TopicState:
    partitions = topic["partitions"]
    # One row a setting: name, value, read-only, source, sensitive, …
    return TopicState(
        name=topic["topic"],
        partitions=len(partitions),
        replication_factor=min((len(partition["replicas"]) for partition in partitions), default=0),
        config={row[0]: row[1] for row in config},
        own_config={row[0]: row[1] for row in config if row[3] == _SET_ON_TOPIC},
    )


async def _read_configs(admin: AdminClient, names: Sequence[str]) -> dict[str, list[Any]]:
    if not names:
        return {}
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    configs: dict[str, list[Any]] = {}
    for response in await admin.describe_configs(resources):
        for code, message, _, name, rows in response.resources:
            _raise_for(code, f"the settings of topic {name} cannot be read", message)
            configs[name] = rows
    return configs


async def apply_changes(admin: AdminClient, changes: Sequence[Change], state: ClusterState) -> None:
    """Carry out `changes`, planned from `state`, in their order; returns when the cluster shows them.

    Kafka makes no transaction of them: after an error, those made stay, and a new plan shows what is left.
    """
    creates = [change for change in changes if isinstance(change, CreateTopic)]
    grows = [change for change in changes if isinstance(change, AddPartitions)]
    settings = [change for change in changes if isinstance(change, SetConfig)]
    try:
        if creates:
            await _create(admin, creates)
        for change in grows:
            await admin.create_partitions({change.topic: NewPartitions(change.partitions)})
        if settings:
            await _configure(admin, settings, state)
        async with asyncio.timeout(VISIBLE_TIMEOUT_S):
            while not await _visible(admin, creates, grows, settings):  # noqa: ASYNC110 - Kafka calls nobody back
                await asyncio.sleep(_POLL_S)
    except (KafkaError, TimeoutError) as error:
        raise RefusedError(f"the cluster refused a change: {_reason(error)}") from error


async def _create(admin: AdminClient, creates: Sequence[CreateTopic]) -> None:
    new = [NewTopic(c.topic, c.partitions, c.replication_factor, topic_configs=dict(c.config)) for c in creates]
    response = await admin.create_topics(new)
    for name, code, message in response.topic_errors:
        if code != TopicAlreadyExistsError.errno:  # someone else made it in the meantime: what we wanted
            _raise_for(code, f"topic {name} cannot be created", message)


async def _configure(admin: AdminClient, changes: Sequence[SetConfig], state: ClusterState) -> None:
    """Set what changes and keep the rest: Kafka's AlterConfigs, the one aiokafka has, replaces all settings at once."""
    resources: list[ConfigResource] = []
    for change in changes:
        own = state.topics[change.topic].own_config
        if hidden := [key for key, value in own.items() if value is None]:
            text = f"topic {change.topic} has hidden settings ({', '.join(hidden)}); change it with kafka-configs"
            raise TopicsError(text)
        resources.append(ConfigResource(ConfigResourceType.TOPIC, change.topic, {**own, **change.settings}))
    for response in await admin.alter_configs(resources):
        for code, message, _, name in response.resources:
            _raise_for(code, f"the settings of topic {name} cannot be changed", message)


async def _visible(
    admin: AdminClient,
    creates: Sequence[CreateTopic],
    grows: Sequence[AddPartitions],
    settings: Sequence[SetConfig],
) -> bool:
    """A controller answers before every broker knows of a change; whoever asks next should see it."""
    shown = {topic["topic"]: topic["partitions"] for topic in await admin.describe_topics()}
    for change in (*creates, *grows):
        partitions = shown.get(change.topic, [])
        if len(partitions) < change.partitions or any(partition["leader"] < 0 for partition in partitions):
            return False
    wanted = {change.topic: change.config for change in creates} | {c.topic: c.settings for c in settings}
    configs = await _read_configs(admin, [*wanted])
    return all(config.items() <= {row[0]: row[1] for row in configs[topic]}.items() for topic, config in wanted.items())


def _raise_for(code: int, what: str, message: str | None) -> None:
    if code:
        raise RefusedError(f"{what}: {message or for_code(code).__name__}")


def _reason(error: BaseException) -> str:
    return str(error) or type(error).__name__
