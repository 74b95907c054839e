"""The topics of a job: those it writes to, made like the originals, and the one of its state."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, cast

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    KafkaError,
    NotCoordinatorForGroupError,
)

from pipeline.errors import ItemstreamError
from pipeline.rejected.read import Reader
from pipeline.replay.reading import spans_of
from pipeline.replay.window import Window
from pipeline.settings import Settings
from pipeline.streaming.changelog import position_record
from topics.admin import AdminClient, ClusterState, DeployedTopic, apply_changes, deployment, make_plan, read_state
from topics.admin.model import CreateTopic
from topics.catalogue import changelog_topic

_READY_SECONDS = 30.0

T = TypeVar("T")


async def input_partitions(admin: AdminClient, settings: Settings) -> int:
    """How many partitions the input has. Raises ItemstreamError where it does not exist."""
    found = await _input(admin, settings)
    return found.topics[settings.input_topic].partitions


async def make_topics(admin: AdminClient, settings: Settings) -> list[str]:
    """Make what is missing of the topics of a deployment, like the originals; returns the names of what was made.

    Partitions and replicas are those of the input. What is there stays as it is.
    """
    found = await _input(admin, settings)
    source = found.topics[settings.input_topic]
    topics = deployment(settings.prefix, settings.group, settings.input_topic)
    state = await read_state(admin, topics)
    for topic in topics:
        there = state.topics.get(topic.name)
        if there is not None and there.partitions != source.partitions:
            raise ItemstreamError(
                f"topic {topic.name} has {there.partitions} partitions and {settings.input_topic} {source.partitions}: "
                "choose another --to-prefix"
            )
    plan = make_plan(topics, state, partitions=source.partitions, replication_factor=source.replication_factor)
    creates = [change for change in plan.changes if isinstance(change, CreateTopic)]
    await apply_changes(admin, creates, state)
    return [change.topic for change in creates]


async def _input(admin: AdminClient, settings: Settings) -> ClusterState:
    topic = next(
        topic for topic in deployment(settings.prefix, settings.group, settings.input_topic) if topic.role == "input"
    )
    state = await read_state(admin, [topic])
    if topic.name not in state.topics:
        raise ItemstreamError(f"there is no topic {topic.name}: name the one of the events with --input-topic")
    return state


async def count_offsets(consumer: Reader, topics: Sequence[DeployedTopic], partitions: int) -> int:
    """How many offsets the output topics hold: zero where they are empty."""
    names = [topic.name for topic in topics if topic.role == "output"]
    there = await spans_of(consumer, [TopicPartition(name, number) for name in names for number in range(partitions)])
    return sum(end - begin for begin, end in there.values())


async def seed(settings: Settings, group: str, windows: Sequence[Window]) -> None:
    """Write into the job's empty state where it begins: a position record for each partition.

    From then on whoever opens a partition of the job goes on where its state says, the first time as any other.
    """
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=settings.bootstrap_servers, acks="all", enable_idempotence=True, **settings.connection()
    )
    try:
        await producer.start()
        for window in windows:
            key, value = position_record(window.read_from)
            await producer.send_and_wait(changelog_topic(group), value, key, partition=window.partition)
    except (KafkaError, OSError) as error:
        raise ItemstreamError(f"{changelog_topic(group)} does not take the beginning of the job: {error!r}") from error
    finally:
        await producer.stop()


async def _asked(question: Callable[[], Awaitable[T]]) -> T:
    """The answer about a group: a fresh cluster makes the topic of the groups' offsets when it is first asked."""
    deadline = time.monotonic() + _READY_SECONDS
    while True:
        try:
            return await question()
        except (GroupCoordinatorNotAvailableError, NotCoordinatorForGroupError, GroupLoadInProgressError):
            if time.monotonic() >= deadline:
                raise
            await asyncio.sleep(0.2)


async def members(admin: AdminClient, group: str) -> int:
    """Processes that work on a job now."""
    (response,) = await _asked(lambda: cast(Any, admin).describe_consumer_groups([group]))
    return sum(len(found[5]) for found in response.groups)


async def committed(admin: AdminClient, group: str) -> dict[int, int]:
    """The committed offsets of a group, by partition of the one topic it reads."""
    offsets: dict[Any, Any] = await _asked(lambda: cast(Any, admin).list_consumer_group_offsets(group))
    return {source.partition: told.offset for source, told in offsets.items() if told.offset >= 0}


async def forget_state(admin: AdminClient, group: str, seconds: float = 0.0) -> bool:
    """Delete a job's state once nobody works on it, waiting so long for that. Whether it is gone."""
    deadline = time.monotonic() + seconds
    with contextlib.suppress(KafkaError):
        while await members(admin, group):
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(0.3)
        await cast(Any, admin).delete_topics([changelog_topic(group)])
        return True
    return False
