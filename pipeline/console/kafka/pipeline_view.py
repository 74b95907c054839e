"""The pipeline as it runs: a sample a second while somebody asks, and what two of them say of rates and lag."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from pipeline.console.kafka.sample import Looker, Sample
from pipeline.console.models import Edge, Node, PartitionLag, Pipeline, ProjectionLag
from pipeline.errors import ItemstreamError
from pipeline.rejected.read import reader
from pipeline.replay.job import now
from pipeline.settings import Settings
from topics.admin import connect
from topics.admin.errors import TopicsError

log = logging.getLogger(__name__)

SAMPLE_SECONDS = 1.0
READERS_SECONDS = 10.0
IDLE_SECONDS = 30.0
"""After the last question no more samples are taken."""
RATE_SECONDS = 5.0
LATE_SECONDS = 60.0
"""A record that waits longer is told as a problem."""
_AWAY = (KafkaError, TopicsError, ItemstreamError, OSError, TimeoutError)


class KafkaPipelineView:
    """Implements `PipelineView`. Run it as a task."""

    def __init__(self, settings: Settings, projection: Callable[[], tuple[ProjectionLag, str | None]]) -> None:
        """projection: how far the store is behind, and what is wrong with it."""
        self._settings = settings
        self._projection = projection
        self._asked = asyncio.Event()
        self._asked_at = 0.0
        self._fresh = asyncio.Event()
        self._latest: Pipeline | None = None

    async def now(self) -> Pipeline:
        """As of the last second; the first question waits for a second look, which rates take."""
        self._asked_at = time.monotonic()
        self._asked.set()
        await self._fresh.wait()
        assert self._latest is not None
        return self._latest

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._asked.wait()
            try:
                await self._watch()
            except _AWAY as error:
                self._show(down(self._settings, f"Kafka does not answer: {error}", self._projection()[0]))
                await asyncio.sleep(SAMPLE_SECONDS)
            if time.monotonic() - self._asked_at > IDLE_SECONDS:
                self._asked.clear()
                self._fresh.clear()

    def _show(self, pipeline: Pipeline) -> None:
        self._latest = pipeline
        self._fresh.set()

    async def _watch(self) -> None:
        settings = self._settings
        async with (
            connect(settings.bootstrap_servers, **settings.connection()) as admin,
            reader(settings) as consumer,
        ):
            looker = Looker(settings, admin, consumer)
            samples: list[Sample] = []
            next_readers = 0.0
            while time.monotonic() - self._asked_at <= IDLE_SECONDS:
                with_readers = time.monotonic() >= next_readers
                if with_readers:
                    next_readers = time.monotonic() + READERS_SECONDS
                async with asyncio.timeout(15):
                    sample = await looker.look(readers=with_readers)
                    waiting = waiting_of(settings.input_topic, sample)
                    oldest = await looker.oldest_ms(waiting)
                samples = [one for one in samples if sample.at - one.at <= RATE_SECONDS] + [sample]
                if len(samples) > 1:
                    lag, problem = self._projection()
                    self._show(drawn(looker, settings, samples[0], sample, oldest, lag, problem))
                await asyncio.sleep(SAMPLE_SECONDS if len(samples) > 1 else SAMPLE_SECONDS / 4)


def waiting_of(input_topic: str, sample: Sample) -> dict[TopicPartition, int]:
    """Input partitions with records that are not processed, and where these begin."""
    found: dict[TopicPartition, int] = {}
    for source, end in sample.ends.items():
        if source.topic == input_topic:
            at = max(sample.committed.get(source.partition, 0), sample.begins[source])
            if at < end:
                found[source] = at
    return found


def drawn(
    looker: Looker,
    settings: Settings,
    before: Sample,
    after: Sample,
    oldest: Mapping[TopicPartition, int],
    projection: ProjectionLag,
    projection_problem: str | None,
) -> Pipeline:
    """Two samples as the answer."""
    seconds = max(after.at - before.at, 0.001)

    def rate(now: Mapping[TopicPartition, int], then: Mapping[TopicPartition, int], topic: str) -> float:
        grown = sum(end - then.get(source, end) for source, end in now.items() if source.topic == topic)
        return round(max(grown, 0) / seconds, 2)

    worker = f"worker:{settings.group}"
    processed = sum(at - before.committed.get(number, at) for number, at in after.committed.items())
    worker_rate = round(max(processed, 0) / seconds, 2)
    there = {source.topic for source in after.ends}
    nodes = [Node(id=worker, kind="worker", title=f"worker {settings.group}", rate=worker_rate, records=None)]
    edges: list[Edge] = []
    problems: list[str] = []
    for topic in looker.topics:
        topic_rate = rate(after.ends, before.ends, topic.name)
        records = sum(end - after.begins[source] for source, end in after.ends.items() if source.topic == topic.name)
        title = topic.name if topic.name in there else f"{topic.name} (missing)"
        nodes.append(Node(id=topic.name, kind="topic", title=title, rate=topic_rate, records=records))
        if topic.name not in there:
            problems.append(f"topic {topic.name} is missing: itemstream topics apply makes it")
        if topic.role == "input":
            edges.append(_edge(topic.name, worker, worker_rate))
        else:
            edges.append(_edge(worker, topic.name, topic_rate))
    for name, offsets in after.readers.items():
        rates = {topic: rate(offsets, before.readers.get(name, {}), topic) for topic in {at.topic for at in offsets}}
        nodes.append(Node(id=f"group:{name}", kind="group", title=name, rate=sum(rates.values()), records=None))
        edges += [_edge(topic, f"group:{name}", told) for topic, told in sorted(rates.items())]
    partitions = _lags(settings.input_topic, after, oldest)
    problems += _problems(settings, after, partitions)
    if projection_problem is not None:
        problems.append(f"the console's own store is not kept up: {projection_problem}")
    is_down = not after.members or settings.input_topic not in there
    return Pipeline(
        at=now(),
        status="down" if is_down else "degraded" if problems else "ok",
        problems=problems,
        nodes=nodes,
        edges=edges,
        more_groups=after.more_readers,
        partitions=partitions,
        workers=after.members,
        projection=projection,
    )


def _edge(origin: str, to: str, rate: float) -> Edge:
    return Edge.model_validate({"from": origin, "to": to, "rate": rate})


def _lags(input_topic: str, sample: Sample, oldest: Mapping[TopicPartition, int]) -> list[PartitionLag]:
    owners = {number: member.id for member in sample.members for number in member.partitions}
    now_ms = time.time_ns() // 1_000_000
    waiting = waiting_of(input_topic, sample)
    lags: list[PartitionLag] = []
    for source in sorted(source for source in sample.ends if source.topic == input_topic):
        end = sample.ends[source]
        since_ms = oldest.get(source)
        seconds = 0.0 if source not in waiting else None if since_ms is None else max(0, now_ms - since_ms) / 1000
        lags.append(
            PartitionLag(
                topic=source.topic,
                partition=source.partition,
                end=end,
                committed=sample.committed.get(source.partition),
                lag=end - waiting.get(source, end),
                lag_seconds=seconds,
                worker=owners.get(source.partition),
            )
        )
    return lags


def _problems(settings: Settings, sample: Sample, partitions: list[PartitionLag]) -> list[str]:
    problems: list[str] = []
    if not sample.members:
        problems.append(f"no worker of group {settings.group} runs: itemstream worker starts one")
    elif orphans := [lag.partition for lag in partitions if lag.worker is None]:
        problems.append(f"partitions {', '.join(map(str, orphans))} have no worker: a rebalance, or it has just begun")
    late = [lag for lag in partitions if (lag.lag_seconds or 0) > LATE_SECONDS]
    if late:
        worst = max(late, key=lambda lag: lag.lag_seconds or 0)
        problems.append(
            f"{len(late)} partitions are behind; in partition {worst.partition} a record has waited for "
            f"{worst.lag_seconds:,.0f} s"
        )
    return problems


def down(settings: Settings, why: str, projection: ProjectionLag) -> Pipeline:
    """The answer where nothing can be seen."""
    worker = Node(id=f"worker:{settings.group}", kind="worker", title=f"worker {settings.group}", rate=0, records=None)
    return Pipeline(
        at=now(),
        status="down",
        problems=[why],
        nodes=[worker],
        edges=[],
        more_groups=0,
        partitions=[],
        workers=[],
        projection=projection,
    )
