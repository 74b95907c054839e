"""What the cluster lets this client do: topics, partitions and rights in one question (KIP-430).

aiokafka asks Metadata up to version 5; version 8 tells the operations a client is authorized to, so that a missing
right shows before the first record instead of in the first transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntFlag
from types import MappingProxyType
from typing import Any, cast

from aiokafka import errors as kafka
from aiokafka.protocol.admin import DescribeGroupsRequest_v3, DescribeGroupsResponse_v3
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int16, Int32, Schema, String

from topics.admin.model import Role


class Right(IntFlag):
    """Kafka's AclOperation codes as bits of `authorized_operations`."""

    READ = 1 << 3
    WRITE = 1 << 4
    DESCRIBE = 1 << 8
    DESCRIBE_CONFIGS = 1 << 10


NEEDED: Mapping[Role, Right] = MappingProxyType(
    {
        "input": Right.READ,
        # Without the settings of a topic nobody knows which record is too large for it.
        "output": Right.WRITE | Right.DESCRIBE_CONFIGS,
        "changelog": Right.READ | Right.WRITE | Right.DESCRIBE_CONFIGS,
    }
)
"""What a worker does with the topics of each role."""

OPERATIONS: Mapping[Right, str] = MappingProxyType(
    {
        Right.READ: "Read",
        Right.WRITE: "Write",
        Right.DESCRIBE: "Describe",
        Right.DESCRIBE_CONFIGS: "DescribeConfigs",
    }
)
"""Kafka's names, as its tools want them."""


@dataclass(frozen=True, slots=True)
class TopicRights:
    """A topic as this client sees it. `partitions` is 0 where it is missing or hidden."""

    name: str
    partitions: int
    hidden: bool
    rights: Right


class _MetadataResponse(Response):
    API_KEY = 3  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]
    API_VERSION = 8  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            Array(("node_id", Int32), ("host", String("utf-8")), ("port", Int32), ("rack", String("utf-8"))),
        ),
        ("cluster_id", String("utf-8")),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("topic", String("utf-8")),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("cluster_authorized_operations", Int32),
    )


class _MetadataStruct(RequestStruct):
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", Array(String("utf-8"))),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class _MetadataRequest(Request[_MetadataStruct]):
    API_KEY = 3

    def __init__(self, topics: list[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_MetadataStruct]) -> _MetadataStruct:
        return cast(Any, request_struct_class)(self._topics, False, False, True)


class _DescribeGroupsStruct(DescribeGroupsRequest_v3):
    # aiokafka 0.14 names the response of version 2 here, which leaves the rights unread.
    RESPONSE_TYPE = DescribeGroupsResponse_v3


class _DescribeGroupRequest(Request[_DescribeGroupsStruct]):
    API_KEY = 15

    def __init__(self, group: str) -> None:
        self._group = group

    def build(self, request_struct_class: type[_DescribeGroupsStruct]) -> _DescribeGroupsStruct:
        return cast(Any, request_struct_class)([self._group], True)


async def group_rights(client: Any, node: int, group: str) -> Right:
    """Ask the coordinator `node` what this client may do with `group`. Raises a KafkaError where it can't tell."""
    response = await client.send(node, _DescribeGroupRequest(group))
    ((error_code, *_, operations),) = response.groups
    error = kafka.for_code(error_code)
    if error is kafka.GroupAuthorizationFailedError:
        return Right(0)
    if error_code:
        raise error
    return _rights(operations)


def _rights(operations: int) -> Right:
    # A broker without an authorizer may leave the bits out (the smallest int32): then all is allowed.
    return Right(0xFFFF) if operations == -(2**31) else Right(operations & 0xFFFF)


async def topic_rights(client: Any, topics: Iterable[str]) -> dict[str, TopicRights]:
    """Ask a started AIOKafkaClient for `topics`; creates none."""
    response = await client.send(client.get_random_node(), _MetadataRequest(sorted(set(topics))))
    found: dict[str, TopicRights] = {}
    for error_code, name, _, partitions, operations in response.topics:
        error = kafka.for_code(error_code)
        hidden = error is kafka.TopicAuthorizationFailedError
        rights = Right(0) if error_code else _rights(operations)
        found[name] = TopicRights(name, 0 if error_code else len(partitions), hidden, rights)
    return found
