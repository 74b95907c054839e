"""What forgetting needs of Kafka, and whether it has it: asked before anything is written."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from aiokafka import errors as kafka
from aiokafka.client import AIOKafkaClient, CoordinationType

from pipeline.errors import ItemstreamError
from pipeline.settings import Settings
from pipeline.worker.rights import OPERATIONS, Right, TopicRights, topic_rights
from topics.admin import DeployedTopic
from topics.admin.model import Role

NEEDED: Mapping[Role, Right] = MappingProxyType(
    {
        # For how long it keeps what is in it.
        "input": Right.DESCRIBE | Right.DESCRIBE_CONFIGS,
        "output": Right.DESCRIBE | Right.DESCRIBE_CONFIGS,
        "changelog": Right.READ | Right.WRITE | Right.DESCRIBE_CONFIGS,
    }
)
"""Of the topics of each role."""
NEEDED_OF_LIST = Right.WRITE | Right.DESCRIBE_CONFIGS
"""Of the list of erased sessions; Create beside, until it is there."""

HINT = " (itemstream topics acls forget prints all that is needed)"


async def ask_rights(settings: Settings, topics: Iterable[str]) -> dict[str, TopicRights]:
    """What this client may do with topics; creates none. Raises ItemstreamError where Kafka does not say."""
    async with _connected(settings) as client:
        return await topic_rights(client, topics)


async def check_rights(
    settings: Settings, topics: Sequence[DeployedTopic], the_list: str, transactional_ids: Iterable[str]
) -> None:
    """Raises ItemstreamError naming the first right that is missing."""
    needed = {topic.name: NEEDED[topic.role] for topic in topics} | {the_list: NEEDED_OF_LIST}
    async with _connected(settings) as client:
        found = await topic_rights(client, needed)
        for missing in _missing(needed, found):
            raise ItemstreamError(missing + HINT)
        for name in transactional_ids:
            try:
                # Describe is all that can be asked without fencing a worker; Write shows in the first transaction.
                await client.coordinator_lookup(CoordinationType.TRANSACTION, name)
            except kafka.TransactionalIdAuthorizationFailed as error:
                raise ItemstreamError(f"no right to use transactional id {name}: grant Write{HINT}") from error
            except kafka.KafkaError as error:
                if not error.retriable:
                    raise


def _missing(needed: Mapping[str, Right], found: Mapping[str, TopicRights]) -> Iterator[str]:
    for name, rights in needed.items():
        has = found[name]
        if has.hidden:
            # Every other right but DescribeConfigs lets it be seen.
            seen_by = [OPERATIONS[right] for right in rights if right is not Right.DESCRIBE_CONFIGS]
            yield f"no right to see topic {name}: grant {' and '.join(seen_by)}"
        elif has.partitions:
            for right in rights & ~has.rights:
                yield f"no right to {OPERATIONS[right]} topic {name}: grant {OPERATIONS[right]}"


@contextlib.asynccontextmanager
async def _connected(settings: Settings) -> AsyncGenerator[Any]:
    """A client, as long as the context lasts; what Kafka says no to becomes one line."""
    client: Any = AIOKafkaClient(bootstrap_servers=settings.bootstrap_servers, **settings.connection())
    try:
        await client.bootstrap()
        yield client
    except (kafka.KafkaError, OSError, TimeoutError) as error:
        raise ItemstreamError(
            f"Kafka at {settings.bootstrap_servers} does not say what this client may do: {error!r}"
        ) from error
    finally:
        await client.close()
