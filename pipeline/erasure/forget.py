"""Forgetting sessions: the list first, then the state; and what is left to Kafka's retention, said as it is.

Kafka takes single records out of compacted topics only. That is the state's changelog: a tombstone a record, and
compaction does the rest. Of the other topics it deletes whole stretches from the beginning, which retention does by
itself; nothing here can take one session out of the middle of them.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import TopicPartition
from aiokafka import errors as kafka
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.admin import DescribeConfigsRequest

from pipeline.core import Output
from pipeline.core.event import rfc3339
from pipeline.erasure.erased import erased_spec, erased_topic, erased_value
from pipeline.erasure.rights import HINT, check_rights
from pipeline.errors import ItemstreamError
from pipeline.rejected.read import Reader, read_partition, reader
from pipeline.settings import Settings
from pipeline.streaming.changelog import is_state
from pipeline.streaming.transactions import Transactions
from pipeline.worker.stream_config import stream_config
from topics.admin import ClusterState, DeployedTopic, apply_changes, connect, deployment, make_plan, read_state
from topics.admin.errors import RefusedError
from topics.catalogue import changelog_topic

TRIES = 3
ESCAPED = "\x00+"
"""Stands in the state before ids that could be taken for something else."""

_TOPIC = 2  # ConfigResource.Type.TOPIC
_KEEPING = ("cleanup.policy", "retention.ms", "segment.ms")


class TakenOverError(ItemstreamError):
    """The worker took its partition back before the tombstones were committed."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A topic that may still hold records of the sessions. days: after so many all that is in it today is deleted, at
    the latest; None: never, by retention."""

    topic: str
    days: float | None


@dataclass(slots=True)
class Forgotten:
    """What was done, or would be. state: changelog records of the sessions, by partition."""

    sessions: Sequence[str]
    state: dict[int, int] = field(default_factory=dict[int, int])
    kept: list[Kept] = field(default_factory=list[Kept])


async def forget(settings: Settings, sessions: Sequence[str], *, write: bool) -> Forgotten:
    """Put the sessions on the list and take their state away; where not `write`, only say what there is.

    Can be repeated: what is done already is done again without harm. The worker may run: its partition is taken from it
    for a moment as by another worker, and it reads its state anew. Raises ItemstreamError where a right is missing,
    before anything is written, and where Kafka refuses.
    """
    report = Forgotten(sessions)
    deployed = deployment(settings.prefix, settings.group, settings.input_topic)
    changelog = changelog_topic(settings.group)
    ids = (list_transactions(settings), stream_config(settings).transactional_id(0))
    await check_rights(settings, deployed, erased_topic(settings.prefix), ids)
    async with connect(settings.bootstrap_servers, **settings.connection()) as admin:
        state = await read_state(admin, deployed)
        if changelog not in state.topics:
            raise ItemstreamError(f"there is no topic {changelog}: is --group right?")
        if write:
            await _make_list(admin, state, settings)
    if write:
        await _write_list(settings, sessions)
    partitions = range(state.topics[changelog].partitions)
    async with reader(settings) as consumer:
        for number in partitions:
            if keys := await _keys_of(consumer, changelog, number, sessions):
                report.state[number] = len(keys)
    if write:
        for number in report.state:
            await _take_state(settings, number, sessions)
    report.kept = await _kept(settings, [topic.name for topic in deployed if topic.name in state.topics])
    return report


def list_transactions(settings: Settings) -> str:
    """The transactional id that the list is written under."""
    return f"{settings.group}-erasure"


async def _make_list(admin: Any, state: ClusterState, settings: Settings) -> None:
    topic = DeployedTopic(erased_topic(settings.prefix), "output", erased_spec(settings.prefix))
    found = await read_state(admin, [topic])
    if topic.name not in found.topics:
        replicas = max(one.replication_factor for one in state.topics.values())
        plan = make_plan([topic], found, partitions=1, replication_factor=replicas)
        try:
            await apply_changes(admin, plan.changes, found)
        except RefusedError as error:
            raise ItemstreamError(f"{error}; where that is for want of a right, grant Create{HINT}") from error


async def _write_list(settings: Settings, sessions: Sequence[str]) -> None:
    now_ms = time.time_ns() // 1_000_000
    topic, value = erased_topic(settings.prefix), erased_value(rfc3339(now_ms))
    records = [(0, Output(topic, session.encode(), value, [], now_ms)) for session in sessions]
    await _in_transaction(
        settings, list_transactions(settings), lambda transactions: transactions.write(("list", records))
    )


async def _keys_of(consumer: Reader, changelog: str, number: int, sessions: Sequence[str]) -> list[bytes]:
    """Keys of the sessions' state that hold something, in one partition."""
    names = {*sessions, *(ESCAPED + session for session in sessions)}
    found: dict[bytes, None] = {}
    async for record in read_partition(consumer, TopicPartition(changelog, number)):
        if record.key is None or not is_state(record.key) or orjson.loads(record.key)[1] not in names:
            continue
        if record.value is None:
            found.pop(record.key, None)
        else:
            found[record.key] = None
    return list(found)


async def _take_state(settings: Settings, number: int, sessions: Sequence[str]) -> None:
    """Tombstones for all of it. In the order in which a worker opens a partition: first the fence, then the look."""
    config = stream_config(settings)

    async def take(transactions: Transactions) -> None:
        async with reader(settings) as consumer:
            keys = await _keys_of(consumer, config.changelog_topic, number, sessions)
        now_ms = time.time_ns() // 1_000_000
        tombstones = [(number, Output(config.changelog_topic, key, None, [], now_ms)) for key in keys]
        if tombstones:
            await transactions.write(("state", tombstones))

    await _in_transaction(settings, config.transactional_id(number), take)


async def _in_transaction(settings: Settings, name: str, work: Callable[[Transactions], Awaitable[None]]) -> None:
    for left in reversed(range(TRIES)):
        transactions = Transactions(name, settings.bootstrap_servers, settings.connection(), _explain)
        try:
            await transactions.start()
            await work(transactions)
            return
        except TakenOverError:
            if not left:
                raise
        finally:
            await transactions.close()


def _explain(fenced: bool, error: BaseException) -> Exception:
    if fenced:
        return TakenOverError("the worker takes its partition back again and again; stop it, and try once more")
    return ItemstreamError(
        f"Kafka refuses: {error!r}; forgetting needs Write on the changelog, on the topic of erased sessions and on "
        "transactional ids that start with the group's name"
    )


async def _kept(settings: Settings, names: Sequence[str]) -> list[Kept]:
    client: Any = AIOKafkaClient(bootstrap_servers=settings.bootstrap_servers, **settings.connection())
    try:
        await client.bootstrap()
        resources = [(_TOPIC, name, list(_KEEPING)) for name in names]
        response = await client.send(client.get_random_node(), DescribeConfigsRequest(resources))
    except kafka.KafkaError as error:
        raise ItemstreamError(f"Kafka does not tell how long it keeps the topics: {error!r}") from error
    finally:
        await client.close()
    return [
        Kept(name, _days({row[0]: row[1] for row in rows})) for code, _, _, name, rows in response.resources if not code
    ]


def _days(config: dict[str, str]) -> float | None:
    """A segment goes when its last record is old enough, and is closed after `segment.ms` at the latest."""
    if "delete" not in config["cleanup.policy"] or int(config["retention.ms"]) < 0:
        return None
    return (int(config["retention.ms"]) + int(config["segment.ms"])) / 86_400_000
