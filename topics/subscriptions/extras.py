"""What a subscriber with retries or transactions adds to the reading of its topics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from aiokafka import TopicPartition

from topics.subscriptions.decode import Decode

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


@dataclass(frozen=True, slots=True)
class Extras:
    """first: the topic that comes before all others of its lane, and how it is decoded.
    lost: called when all partitions are gone.
    """

    first: str
    decode: Decode
    transactions: Transactions | None
    lost: Callable[[], Awaitable[None]]
