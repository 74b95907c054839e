"""The topic of the jobs: compacted, a record a job, the last one says how it stands."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError

from pipeline.errors import ItemstreamError
from pipeline.rejected.read import Reader, read_partition, reader
from pipeline.replay.job import Job
from pipeline.settings import Settings
from topics.admin import AdminClient, DeployedTopic, apply_changes, connect, make_plan, read_state, read_topic
from topics.catalogue import TopicSpec, own_topic

_LARGEST = 16 * 1024 * 1024


def jobs_topic(prefix: str) -> str:
    """The topic that tells of the jobs of a prefix."""
    return f"{prefix}.replay-jobs"


def jobs_spec(prefix: str) -> TopicSpec:
    """It as data, for the one who makes it."""
    description = "The replay jobs: who started which, when, and how it ended. Internal."
    return own_topic(
        jobs_topic(prefix),
        "the job's id",
        description,
        partitions=1,
        cleanup_policy="compact",
        max_message_bytes=_LARGEST,
    )


class Jobs:
    """The jobs of one prefix."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = jobs_topic(settings.prefix)

    async def make(self, admin: AdminClient) -> None:
        """Make the topic where it is missing."""
        topic = DeployedTopic(self._topic, "output", jobs_spec(self._settings.prefix))
        state = await read_state(admin, [topic])
        await apply_changes(admin, make_plan([topic], state, partitions=1).changes, state)

    async def all(self) -> list[Job]:
        """Every job, oldest first; none where there is no such topic."""
        if not await self._exists():
            return []
        async with reader(self._settings) as consumer:
            return await self._read(consumer)

    async def find(self, job_id: str) -> Job:
        """A job by its id, or by how that begins. Raises ItemstreamError where there is none, or several."""
        found = [job for job in await self.all() if job.id.startswith(job_id)]
        exact = [job for job in found if job.id == job_id]
        if len(exact or found) != 1:
            how_many = "no job" if not found else f"{len(found)} jobs"
            raise ItemstreamError(
                f"there is {how_many} {job_id} on {self._topic}; `itemstream replay list` shows what there is"
            )
        return (exact or found)[0]

    async def put(self, job: Job) -> None:
        """Write how a job stands. Raises ItemstreamError where Kafka does not take it."""
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=self._settings.bootstrap_servers,
            acks="all",
            enable_idempotence=True,
            max_request_size=_LARGEST,
            **self._settings.connection(),
        )
        try:
            await producer.start()
            await producer.send_and_wait(self._topic, job.encoded(), job.id.encode(), partition=0)
        except (KafkaError, OSError) as error:
            raise ItemstreamError(f"{self._topic} does not take the record of job {job.id}: {error!r}") from error
        finally:
            await producer.stop()

    @asynccontextmanager
    async def watched(self, job: Job) -> AsyncGenerator[Watch]:
        """A look at how a job stands, again and again."""
        async with reader(self._settings) as consumer:
            yield Watch(consumer, self._topic, job)

    async def _read(self, consumer: Reader) -> list[Job]:
        values: dict[bytes, bytes] = {}
        async for record in read_partition(consumer, TopicPartition(self._topic, 0)):
            if record.key is not None and record.value is not None:
                values[record.key] = record.value
        return sorted((Job.decoded(value) for value in values.values()), key=lambda job: (job.made_ms, job.id))

    async def _exists(self) -> bool:
        async with connect(self._settings.bootstrap_servers, **self._settings.connection()) as admin:
            return await read_topic(admin, self._topic) is not None


class Watch:
    """Follows the record of one job."""

    def __init__(self, consumer: Reader, topic: str, job: Job) -> None:
        self._consumer = consumer
        self._source = TopicPartition(topic, 0)
        self._job = job
        self._begun = False

    async def look(self) -> Job:
        """The job as its last record says."""
        if not self._begun:
            self._consumer.assign([self._source])
            begin = (await self._consumer.beginning_offsets([self._source]))[self._source]
            self._consumer.seek(self._source, begin)
            self._begun = True
        end = (await self._consumer.end_offsets([self._source]))[self._source]
        while await self._consumer.position(self._source) < end:
            for record in (await self._consumer.getmany(self._source, timeout_ms=100)).get(self._source, ()):
                if record.key == self._job.id.encode() and record.value is not None:
                    self._job = Job.decoded(record.value)
        return self._job
