"""One look at the cluster: where every topic of the pipeline ends, how far its groups are, who works on it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from aiokafka import TopicPartition
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from pipeline.console.kafka.readers import Readers, offsets_of
from pipeline.console.models import WorkerMember
from pipeline.rejected.read import Reader
from pipeline.settings import Settings
from topics.admin import AdminClient, DeployedTopic, deployment


@dataclass(slots=True)
class Sample:
    """What was seen, and when (seconds of the monotonic clock)."""

    at: float
    ends: dict[TopicPartition, int]
    begins: dict[TopicPartition, int]
    committed: dict[int, int]
    """Of the worker's group, by input partition."""
    members: list[WorkerMember]
    readers: dict[str, dict[TopicPartition, int]] = field(default_factory=dict[str, dict[TopicPartition, int]])
    """Other groups that read the pipeline's topics: how far they are."""
    more_readers: int = 0
    """Further ones."""


class Looker:
    """Takes samples with one admin client and one consumer."""

    def __init__(self, settings: Settings, admin: AdminClient, consumer: Reader) -> None:
        self._settings = settings
        self._admin: Any = admin
        self._consumer = consumer
        self.topics: Sequence[DeployedTopic] = deployment(settings.prefix, settings.group, settings.input_topic)
        self._readers = Readers(admin, settings.group)

    async def look(self, *, readers: bool) -> Sample:
        """readers: also ask for other groups; else they are as of the last time."""
        there = await self._partitions()
        ends = await self._consumer.end_offsets(there)
        begins = await self._consumer.beginning_offsets(there)
        if readers:
            await self._readers.look({source.topic for source in there})
        return Sample(
            time.monotonic(),
            ends,
            begins,
            await self._committed(),
            await self._members(),
            self._readers.shown,
            self._readers.more,
        )

    async def oldest_ms(self, waiting: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """The time of the first record at or after these offsets, where it can be had at once."""
        found: dict[TopicPartition, int] = {}
        if not waiting:
            return found
        self._consumer.assign([*waiting])
        for source, offset in waiting.items():
            self._consumer.seek(source, offset)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                while len(found) < len(waiting):
                    for source, records in (await self._consumer.getmany(timeout_ms=100)).items():
                        if records:
                            found.setdefault(source, records[0].timestamp)
                            self._consumer.pause(source)
        self._consumer.assign([])
        return found

    async def _partitions(self) -> list[TopicPartition]:
        # All topics, not these by name: to ask for a name creates it where brokers auto-create topics.
        wanted = {topic.name for topic in self.topics}
        return [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in await self._admin.describe_topics()
            if topic["topic"] in wanted
            for partition in topic["partitions"]
        ]

    async def _committed(self) -> dict[int, int]:
        return {
            source.partition: offset
            for source, offset in (await offsets_of(self._admin, self._settings.group)).items()
            if source.topic == self._settings.input_topic
        }

    async def _members(self) -> list[WorkerMember]:
        (response,) = await self._admin.describe_consumer_groups([self._settings.group])
        return [self._member(told) for group in response.groups for told in group[5]]

    def _member(self, told: Sequence[Any]) -> WorkerMember:
        member_id, client_id, host, _, assignment = told[:5]
        partitions: list[int] = []
        if assignment:
            decoded: Any = ConsumerProtocolMemberAssignment.decode(assignment)
            partitions = [
                number
                for topic, numbers in decoded.assignment
                if topic == self._settings.input_topic
                for number in numbers
            ]
        # Kafka makes the member's id of the client's and something random: its end tells two of one host apart.
        return WorkerMember(
            id=f"{client_id}-{cast(str, member_id)[-4:]}",
            host=cast(str, host).lstrip("/"),
            partitions=sorted(partitions),
        )
