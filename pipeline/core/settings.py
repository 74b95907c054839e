"""What the core can be told: names of topics, times and bounds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CoreSettings:
    """Everything the core depends on beside its input. Times in milliseconds, sizes in bytes."""

    prefix: str = "realtime"
    """Prefix of the output topics."""

    version: str = "0"
    """Version of itemstream, written into rejected records."""

    session_idle_ms: int = 900_000
    """After so long without an event a session is idle: what is open comes out, finished items are forgotten."""

    session_retention_ms: int = 7_200_000
    """After so long without an event the rest of a session's state (numbers, ids) goes too."""

    max_event_bytes: int = 1_048_576
    """A larger input value is rejected as `too_large`."""

    max_output_bytes: int = 16_000_000
    """An event whose record (key, value and headers) would be larger is rejected as `too_large`."""

    max_rejected_bytes: int = 16_000_000
    """A rejected record that would be larger leaves out the input's value, then its headers, then its key."""

    max_state_bytes: int = 16_000_000
    """An event that would make a changelog record larger than this is rejected as `too_large`."""

    max_items: int = 1_000
    """Items a session keeps whole. The oldest leave first; one that is not out yet comes out as it leaves."""

    max_forgotten: int = 10_000
    """Ids a session keeps of items (and of responses) that left, so that a late repeat cannot bring them out again."""

    max_sessions: int = 200_000
    """Sessions a partition keeps. The one longest without an event leaves first, as if idle."""

    max_awake: int = 3_000
    """Sessions kept as objects, in all partitions of a process. Of more, those longest without an event sleep."""

    restless_records: int = 5_000
    """For so many records of its partition a session stays awake after an event of its own, however many there are."""
