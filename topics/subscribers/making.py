"""A subscriber's own topics are made when they are missing."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.errors import KafkaError

from topics.admin import ClusterState, CreateTopic, TopicsError, apply_changes, connect
from topics.subscribers.names import subscriber_specs
from topics.subscriptions.clients import connection_of, partitions_of
from topics.subscriptions.errors import RefusedError
from topics.subscriptions.options import Options


async def ensure_topics(options: Options, sources: Sequence[str], *, retries: bool = True) -> None:
    """Make retry topic and dead letters, with as many partitions and copies as the topics that are read.

    retries: False makes the dead letters alone. Returns when the brokers show them. Raises SubscriptionError.
    """
    partitions = max((await partitions_of(options, sources)).values())
    assert options.group is not None
    wanted = subscriber_specs(options.group, options.topic_prefix, partitions)[0 if retries else 1 :]
    try:
        async with connect(options.servers, **connection_of(options)) as admin:
            found = {one["topic"]: one for one in await admin.describe_topics()}
            copies = min(len(one["replicas"]) for one in found[sources[0]]["partitions"])
            missing = [
                CreateTopic(spec.name, spec.partitions, copies, spec.config())
                for spec in wanted
                if spec.name not in found
            ]
            if missing:
                await apply_changes(admin, missing, ClusterState(copies, {}))
    except (KafkaError, TopicsError) as error:
        names = " and ".join(spec.name for spec in wanted)
        raise RefusedError(
            f"topic {names} can't be made ({error}); make it with {partitions} partitions, then start again"
        ) from error
