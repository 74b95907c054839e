"""The plain values the generator hands out: events as a collector would see them, and what must come of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.ledger import Expected

Json = dict[str, Any]


class SimulatedEvent(NamedTuple):
    """One server event as a collector received it.

    `value` is the provider's JSON, compact, as bytes (or a broken value, or None, where the generator was asked to
    break records; then `whole` is false). `headers` are those of the input record; empty where the collector writes
    none.
    """

    time_ms: int
    session_id: str
    sequence: int
    provider: str | None
    tenant: str | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    whole: bool = True


@dataclass(frozen=True, slots=True)
class SimulatedSession:
    """One session from its first event to its last, and what must come of it.

    `begins_ms`: when its connection began; its first event may be later, where the collector attached late.
    """

    session_id: str
    begins_ms: int
    dialect: str
    scenarios: tuple[str, ...]
    events: list[SimulatedEvent]
    expected: list[Expected]
