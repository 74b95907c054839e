"""A subscriber's own topics are made when they are missing."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka.admin import NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from topics.admin import connect
from topics.subscribers.names import subscriber_specs
from topics.subscriptions.clients import connection_of, partitions_of
from topics.subscriptions.errors import RefusedError
from topics.subscriptions.options import Options


async def ensure_topics(options: Options, sources: Sequence[str]) -> None:
    """Make retry topic and dead letters, with as many partitions and copies as the topics that are read.

    Raises SubscriptionError.
    """
    partitions = max((await partitions_of(options, sources)).values())
    assert options.group is not None
    wanted = subscriber_specs(options.group, options.topic_prefix, partitions)
    async with connect(options.servers, **connection_of(options)) as admin:
        try:
            found = {one["topic"]: one for one in await admin.describe_topics()}
            copies = min(len(one["replicas"]) for one in found[sources[0]]["partitions"])
            missing = [spec for spec in wanted if spec.name not in found]
            if not missing:
                return
            response = await admin.create_topics(
                [NewTopic(spec.name, spec.partitions, copies, topic_configs=spec.config()) for spec in missing]
            )
        except KafkaError as error:
            raise RefusedError(_text([spec.name for spec in wanted], partitions, repr(error))) from error
        for name, code, message in response.topic_errors:
            if code not in (0, TopicAlreadyExistsError.errno):
                raise RefusedError(_text([name], partitions, message or for_code(code).__name__))


def _text(names: Sequence[str], partitions: int, why: str) -> str:
    return f"topic {' and '.join(names)} can't be made ({why}); make it with {partitions} partitions, then start again"
