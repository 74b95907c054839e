"""What a subscription may be told, checked before any broker is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Generic, Literal, TypedDict, TypeVar

from topics.catalogue import DEFAULT_PREFIX

T = TypeVar("T")

DEFAULT_BOOTSTRAP_SERVERS = "127.0.0.1:9092"

Start = Literal["committed", "earliest", "latest"] | datetime | Mapping[tuple[str, int], int]
"""Where to begin; a mapping is from (topic, partition) to offset."""
Until = Literal["now"] | datetime | None
"""Where a bounded read ends."""
OnInvalid = Literal["raise", "skip", "dead-letter"]
OnInvalidInside = Literal["raise", "skip", "dead-letter", "hand-over"]
"""`hand-over`: the error takes the record's place, for subscribers, which have dead letters."""
OneOrMore = str | Collection[str] | None


class SubscribeOptions(TypedDict, Generic[T], total=False):
    """The options of `subscribe`, which documents them."""

    group: str | None
    bootstrap_servers: str | None
    prefix: str | None
    start: Start
    until: Until
    session: OneOrMore
    name: OneOrMore
    role: OneOrMore
    where: Callable[[T], bool] | None
    latest_revision: bool
    final_transcripts: bool
    on_invalid: OnInvalid
    concurrency: int
    commit_interval: float
    order_wait: float
    revoke_wait: float
    client_options: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Options:
    """The same, checked and with the defaults filled in."""

    group: str | None = None
    bootstrap_servers: str | None = None
    prefix: str | None = None
    start: Start = "committed"
    until: Until = None
    session: OneOrMore = None
    name: OneOrMore = None
    role: OneOrMore = None
    where: Callable[[Any], bool] | None = None
    latest_revision: bool = False
    final_transcripts: bool = False
    on_invalid: OnInvalidInside = "raise"
    concurrency: int = 1
    commit_interval: float = 1.0
    order_wait: float = 5.0
    revoke_wait: float = 3.0
    client_options: Mapping[str, Any] | None = field(default=None)

    def __post_init__(self) -> None:
        for name in ("start", "until"):
            value = getattr(self, name)
            if isinstance(value, datetime) and value.tzinfo is None:
                raise ValueError(f"{name} is a time without a zone: write datetime(…, tzinfo=UTC)")
        if isinstance(self.start, str) and self.start not in ("committed", "earliest", "latest"):
            raise ValueError(f"start={self.start!r}: one of 'committed', 'earliest', 'latest', a datetime or offsets")
        if isinstance(self.until, str) and self.until != "now":
            raise ValueError(f"until={self.until!r}: 'now', a datetime or None")
        if self.group == "":
            raise ValueError("group is empty: name the consumer group, or None to read without one")
        if self.concurrency < 1:
            raise ValueError(f"concurrency={self.concurrency}: at least 1")
        if self.on_invalid not in ("raise", "skip", "dead-letter", "hand-over"):
            raise ValueError(f"on_invalid={self.on_invalid!r}: 'raise', 'skip' or 'dead-letter'")
        if self.on_invalid == "dead-letter" and self.group is None:
            raise ValueError(
                'on_invalid="dead-letter" needs a group, whose dead letters they are: subscribe(…, group=…)'
            )

    @property
    def servers(self) -> str:
        return self.bootstrap_servers or os.environ.get("ITEMSTREAM_BOOTSTRAP_SERVERS") or DEFAULT_BOOTSTRAP_SERVERS

    @property
    def topic_prefix(self) -> str:
        return self.prefix or os.environ.get("ITEMSTREAM_PREFIX") or DEFAULT_PREFIX

    @property
    def client(self) -> Mapping[str, Any]:
        return self.client_options or MappingProxyType({})


def chosen(value: OneOrMore) -> frozenset[str] | None:
    """The strings a filter takes; None where it is off."""
    if value is None:
        return None
    return frozenset((value,)) if isinstance(value, str) else frozenset(value)
