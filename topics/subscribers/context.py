"""What a handler gets beside the record: the idempotency key, the number of the try, a way to write records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

import orjson
from pydantic import BaseModel

from topics.dead_letters import Headers
from topics.subscriptions.received import Received

T = TypeVar("T")


class Outgoing(NamedTuple):
    """A record to be written. `partition` None: by the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None
    timestamp: int | None = None


class Context(Generic[T]):
    """Of one try of one record.

    `attempt` counts from 1. `received` has topic, partition, offset, headers and bytes of the record.
    """

    __slots__ = ("attempt", "outgoing", "received")

    def __init__(self, received: Received[T], attempt: int) -> None:
        self.received = received
        self.attempt = attempt
        self.outgoing: list[Outgoing] = []

    @property
    def idempotency_key(self) -> str:
        """The record's `id`: the same at every try and every repeat, so that an effect can be made once."""
        record: Any = self.received.record
        return record.id

    def send(
        self,
        topic: str,
        value: bytes | str | BaseModel | dict[str, Any] | list[Any] | None,
        *,
        key: bytes | str | None = None,
        headers: Sequence[tuple[str, bytes | None]] = (),
        partition: int | None = None,
    ) -> None:
        """Write a record when the handler has returned; nothing is written where it fails.

        With `transactional=True` it becomes visible together with the commit of what was read: exactly once.
        key: default the key of the record being handled, which is its session id. value: models and JSON become JSON.
        """
        key = self.received.key if key is None else key.encode() if isinstance(key, str) else key
        self.outgoing.append(Outgoing(topic, key, _bytes(value), list(headers), partition))


def _bytes(value: bytes | str | BaseModel | dict[str, Any] | list[Any] | None) -> bytes | None:
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, BaseModel):
        return value.model_dump_json().encode()
    return orjson.dumps(value)
