"""Kafka's access control: a right denied and given back."""

from __future__ import annotations

from typing import Any

from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import CreateAclsRequest, DeleteAclsRequest

GUARDED = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": True,
}
"""Properties of a broker on which everything is allowed that is not denied."""

EVERYBODY, ANY_HOST = "User:*", "*"
_TOPIC, _LITERAL, _DENY, _ALLOW, _ALL, _WRITE = 2, 3, 2, 3, 2, 4


async def deny_write(bootstrap_servers: str, topic: str) -> None:
    """Nobody may write to the topic; all else stays allowed, which has to be said as soon as there is one rule."""
    await _change(
        bootstrap_servers,
        CreateAclsRequest(_TOPIC, topic, _LITERAL, EVERYBODY, ANY_HOST, _ALL, _ALLOW),
        CreateAclsRequest(_TOPIC, topic, _LITERAL, EVERYBODY, ANY_HOST, _WRITE, _DENY),
    )


async def allow_write(bootstrap_servers: str, topic: str) -> None:
    """Take the denial back."""
    await _change(bootstrap_servers, DeleteAclsRequest(_TOPIC, topic, _LITERAL, EVERYBODY, ANY_HOST, _WRITE, _DENY))


async def _change(bootstrap_servers: str, *requests: Any) -> None:
    client: Any = AIOKafkaClient(bootstrap_servers=bootstrap_servers)
    await client.bootstrap()
    try:
        for request in requests:
            response = await client.send(client.get_random_node(), request)
            answers = getattr(response, "creation_responses", None) or response.filter_responses
            assert all(answer[0] == 0 for answer in answers), response
    finally:
        await client.close()
