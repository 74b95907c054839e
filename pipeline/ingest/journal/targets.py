"""Where records go: the partition of each, by its key as every default partitioner does; not those too large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core import Output
from pipeline.ingest.writer import place
from pipeline.logs import get_logger
from pipeline.settings import Settings
from topics.admin import connect, read_topic

DEFAULT_MAX_BYTES = 1_048_588
"""Of a broker."""
_OVERHEAD = 128
"""Bytes of a batch with one record beside the record's own, at most."""

log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Target:
    partitions: int
    max_bytes: int


class MissingTopic(OSError):
    """A topic is not there (yet)."""


class Targets:
    """What is known of the topics, each asked for once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, _Target] = {}

    async def placed(self, outputs: Sequence[Output]) -> list[tuple[int, Output]]:
        """The records with their partitions, less those that are too large for their topic, which is logged.

        Raises MissingTopic, and what Kafka raises.
        """
        placed: list[tuple[int, Output]] = []
        for output in outputs:
            target = self._known.get(output.topic) or await self._look_up(output.topic)
            size = _size(output)
            if size > target.max_bytes:
                log.error(
                    "event_too_large_for_topic", topic=output.topic, key=output.key, bytes=size, limit=target.max_bytes
                )
                continue
            placed.append((place(output.key, target.partitions), output))
        return placed

    async def _look_up(self, topic: str) -> _Target:
        async with connect(self._settings.bootstrap_servers, **self._settings.connection()) as admin:
            found = await read_topic(admin, topic)
        if found is None:
            raise MissingTopic(f"the topic {topic} does not exist; make it with: itemstream topics apply --yes")
        limit = int(found.config.get("max.message.bytes") or DEFAULT_MAX_BYTES)
        target = self._known[topic] = _Target(found.partitions, limit)
        return target


def _size(output: Output) -> int:
    headers = sum(len(name) + len(value or b"") + 4 for name, value in output.headers)
    return len(output.value or b"") + len(output.key or b"") + headers + _OVERHEAD
