"""How large a record the topics take, and what that means for the worker: nothing larger is ever sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from aiokafka import errors as kafka
from aiokafka.protocol.admin import DescribeConfigsRequest

from pipeline.core import CoreSettings
from pipeline.streaming import StreamConfig
from topics.catalogue import CATALOGUE, REJECTED, changelog_topic

MAX_MESSAGE_BYTES = "max.message.bytes"
HEADROOM = 4_096
"""What Kafka's batch around a record and the headers of fixed size take, and more."""
LEAST = 16_384
"""With less a topic has no room for a record's own fields."""

_TOPIC = 2  # ConfigResource.Type.TOPIC


async def topic_limits(client: Any, topics: Iterable[str]) -> dict[str, int]:
    """`max.message.bytes` by topic, asked of a started AIOKafkaClient; topics that may not be asked about are missing.

    Kafka asks for the right DescribeConfigs here; a worker does not start without it.
    """
    resources = [(_TOPIC, name, [MAX_MESSAGE_BYTES]) for name in topics]
    response = await client.send(client.get_random_node(), DescribeConfigsRequest(resources))
    limits: dict[str, int] = {}
    for code, _, _, name, rows in response.resources:
        error = kafka.for_code(code)
        if error is kafka.NoError:
            limits[name] = int(next(row[1] for row in rows if row[0] == MAX_MESSAGE_BYTES))
        elif error is not kafka.TopicAuthorizationFailedError:
            raise error(name)
    return limits


def within(core: CoreSettings, limits: Mapping[str, int], group: str) -> CoreSettings:
    """The core's bounds, lowered to what fits into the topics."""
    outputs = (spec.full_name(core.prefix) for spec in CATALOGUE if spec is not REJECTED)
    return replace(
        core,
        max_output_bytes=min([core.max_output_bytes, *_room(limits, outputs)]),
        max_rejected_bytes=min([core.max_rejected_bytes, *_room(limits, [REJECTED.full_name(core.prefix)])]),
        max_state_bytes=min([core.max_state_bytes, *_room(limits, [changelog_topic(group)])]),
    )


def batches_within(config: StreamConfig, limits: Mapping[str, int]) -> StreamConfig:
    """The sizes of record batches, lowered to what the topics take."""
    return replace(
        config,
        produce_batch_bytes=min([config.produce_batch_bytes, *_room(limits, limits)]),
        state_batch_bytes=min([config.state_batch_bytes, *_room(limits, [config.changelog_topic])]),
    )


def _room(limits: Mapping[str, int], topics: Iterable[str]) -> list[int]:
    return [limits[name] - HEADROOM for name in topics if name in limits]
