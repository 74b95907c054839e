"""What a subscriber with retries or transactions adds to the reading of its topics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import TopicPartition

from topics.subscriptions.decode import Decode
from topics.subscriptions.received import Received

Offsets = Mapping[TopicPartition, int]


class Transactions(Protocol):
    """Commits offsets together with records."""

    async def fence(self, lane: int) -> None:
        """Become the only one who commits for this lane."""
        ...

    async def commit(self, offsets: Offsets) -> Offsets:
        """Commit at most `offsets`; what was committed."""
        ...

    async def lost(self) -> None:
        """All lanes are gone."""
        ...


class Grave(Protocol):
    """Takes records that no model reads."""

    async def put(self, received: Received[Any]) -> None:
        """Returns when it is kept for good."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Extras:
    """first: the topic that comes before all others of its lane, and how it is decoded.
    lost: called when all partitions are gone.
    """

    first: str
    decode: Decode
    transactions: Transactions | None
    lost: Callable[[], Awaitable[None]]
