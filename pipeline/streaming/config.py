"""What the transactional stream can be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

DeliveryMode = Literal["exactly-once", "at-least-once"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamConfig:
    """One stream: where it reads, where it keeps its state, how long it may take. Sizes in bytes."""

    bootstrap_servers: str
    group: str
    input_topic: str
    changelog_topic: str
    output_topics: tuple[str, ...] = ()
    """Full names. Their metadata is fetched before the first record flows, so that no batch waits for it."""

    delivery: DeliveryMode = "exactly-once"
    client_id: str = "itemstream"
    client_options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Passed to every aiokafka client: security_protocol, ssl_context, sasl_…"""

    session_timeout_ms: int = 10_000
    heartbeat_interval_ms: int = 3_000
    transaction_timeout_ms: int = 60_000
    """The broker aborts a transaction that is open for longer; the worker gives it up after the same time."""

    fetch_partition_bytes: int = 2_097_152
    fetch_max_bytes: int = 8_388_608
    """Of one fetch from a broker, over all partitions: as records its bytes take three to ten times as much memory."""
    max_batch_records: int = 5_000
    """Records of one transaction; a larger fetch is cut."""

    produce_batch_bytes: int = 1_000_000
    """A record batch sent to a topic. A single larger record goes alone. Below Kafka's default `max.message.bytes`."""

    state_batch_bytes: int = 15_000_000
    """At least once, all state of a batch goes to the changelog as one record batch of at most this size."""

    restore_fetch_bytes: int = 8_388_608
    rebuild_reach_ms: int | None = None
    """State that can't be read is made anew from the input, which must reach back so far; None: the process ends."""

    idle_check_seconds: float = 5.0
    """How often partitions without traffic are asked for sessions that expired by wall clock."""

    lazy_commit_seconds: float = 1.0
    """A batch that changed nothing needs no transaction of its own; its offset is committed after so long."""

    restart_tries: int = 6
    restart_backoff_seconds: float = 0.2
    """Before the second try; doubles up to 5 s."""

    progress_limit_seconds: float = 120.0
    """A partition that has records waiting and commits none for so long ends the process."""

    @property
    def request_timeout_ms(self) -> int:
        """Joining a group may block for a session timeout; any other request that takes longer is lost."""
        return max(15_000, self.session_timeout_ms + 5_000)

    def transactional_id(self, partition: int) -> str:
        """The fence of an input partition: whoever starts a producer by this name last owns the partition."""
        return f"{self.group}-{self.input_topic}-{partition}"
