"""Where reading begins and ends: times and names become offsets."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from topics.subscriptions.clients import Consumer, new_consumer, running
from topics.subscriptions.options import Options, Start

log = logging.getLogger("topics.subscriptions")

Offsets = dict[TopicPartition, int]


async def start_offsets(consumer: Consumer, partitions: Sequence[TopicPartition], start: Start) -> Offsets:
    """Where `start` is in each partition; those it says nothing about are left out."""
    if start == "earliest":
        return await consumer.beginning_offsets(partitions)
    if start == "latest":
        return await consumer.end_offsets(partitions)
    if isinstance(start, datetime):
        return await offsets_at(consumer, partitions, start)
    if isinstance(start, Mapping):
        given = start
        offsets = {TopicPartition(*place): offset for place, offset in given.items()}
        if unknown := offsets.keys() - set(partitions):
            topic, partition = min(unknown)
            raise ValueError(f"start names {topic}[{partition}], which is not subscribed or does not exist")
        return offsets
    return {}


async def offsets_at(consumer: Consumer, partitions: Sequence[TopicPartition], time: datetime) -> Offsets:
    """The first record of each partition at or after `time`; the end where there is none."""
    milliseconds = int(time.timestamp() * 1000)
    found = await consumer.offsets_for_times(dict.fromkeys(partitions, milliseconds))
    ends = await consumer.end_offsets([partition for partition in partitions if found.get(partition) is None])
    return {partition: ends[partition] if partition in ends else found[partition].offset for partition in partitions}


async def move_group(options: Options, group: str, partitions: Sequence[TopicPartition]) -> None:
    """Set the group's offsets to `options.start`, where nobody else of the group is at work.

    Kafka takes offsets from outside of a group only while it has no members: a second member that starts with the same
    setting does not rewind the first.
    """
    async with running(new_consumer(options, group)) as consumer:
        consumer.assign(partitions)
        offsets = await start_offsets(consumer, partitions, options.start)
        try:
            await consumer.commit(offsets)
        except CommitFailedError:
            log.info("group %s has members at work: start=%r is passed over", group, options.start)
