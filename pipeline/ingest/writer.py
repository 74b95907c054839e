"""Writes records to the input topic; each is acknowledged only once all of Kafka's in-sync replicas have it.

A record given to `submit` stays in the process until Kafka has acknowledged or refused it, however long that takes: the
producer is idempotent and never gives up a batch it may have sent, since only the same batch sent again can't be
written twice. Waiting with a time limit is therefore the caller's part (`write`), and what is waiting is bounded.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka
from aiokafka.partitioner import DefaultPartitioner

from pipeline.errors import ItemstreamError
from pipeline.ingest.event import EventRecord
from pipeline.streaming import aiokafka_fixes
from pipeline.streaming.distribution import Distribution
from pipeline.streaming.stats import COMMIT_SECONDS

log = logging.getLogger(__name__)

BATCH_BYTES = 256 * 1024
"""Of one batch. A larger record goes alone, so that its refusal refuses nothing else."""
RETRY_SECONDS = 0.5
WATCH_SECONDS = 0.5
STUCK_SECONDS = 2.0
"""Of waiting for Kafka, after which the log says so."""

_TOO_LARGE = (kafka.MessageSizeTooLargeError, kafka.RecordListTooLargeError)
_REFUSALS: tuple[type[Exception], ...] = (
    kafka.InvalidTimestampError,
    kafka.PolicyViolationError,
    kafka.TopicAuthorizationFailedError,
    kafka.ClusterAuthorizationFailedError,
)
"""Kafka has not written the batch, and would not another time."""


class KafkaUnavailable(ItemstreamError):
    """Kafka did not acknowledge: it may have the record or get it yet. The sender must send it again, same event_id."""


class WriterFull(KafkaUnavailable):
    """Too much is waiting for Kafka; the record was not taken."""


class RecordRefused(ItemstreamError):
    """Kafka does not want this record and has not written it: no right to write, for one."""


class RecordTooLarge(RecordRefused):
    """The record is larger than the topic or the broker takes."""


_Waiting = tuple[EventRecord, asyncio.Future[None]]


class _Lane:
    """What waits for one partition, in the order it was given."""

    __slots__ = ("filled", "partition", "waiting")

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.waiting: deque[_Waiting] = deque()
        self.filled = asyncio.Event()


class EventWriter:
    """The way into the input topic. Records of one key go to one partition, in the order of `submit`."""

    def __init__(
        self,
        bootstrap_servers: str,
        topic: str,
        *,
        connection: Mapping[str, Any] | None = None,
        max_waiting_bytes: int = 64 * 1024 * 1024,
        request_timeout: float = 10.0,
    ) -> None:
        """
        connection: encryption and login, as `Settings.connection()` gives them.
        max_waiting_bytes: of records that Kafka has not acknowledged; more are not taken.
        request_timeout: seconds until an unanswered request to Kafka counts as lost and is sent again.
        """
        self.topic = topic
        self.servers = bootstrap_servers
        self.max_waiting_bytes = max_waiting_bytes
        self.kafka_seconds = Distribution(COMMIT_SECONDS)
        """Of each batch that was acknowledged: since its first record was taken."""
        self._options: dict[str, Any] = {**(connection or {}), "request_timeout_ms": round(request_timeout * 1000)}
        self._producer: Any = None
        self._lanes: list[_Lane] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting_bytes = 0
        self._unacknowledged: dict[asyncio.Future[None], float] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False

    async def start(self) -> None:
        """Connects. Raises KafkaUnavailable where Kafka can't be reached; may then be called again."""
        if self._lanes:
            return
        producer = await self._connected()
        metadata = await producer.client.fetch_all_metadata()
        found: set[int] | None = metadata.partitions_for_topic(self.topic)
        if not found:
            await producer.stop()
            raise ItemstreamError(f"the topic {self.topic} does not exist; make it with: itemstream topics apply --yes")
        self._producer = producer
        self._lanes = [_Lane(partition) for partition in sorted(found)]
        for lane in self._lanes:
            self._spawn(self._run(lane))
        self._spawn(self._watch())

    def submit(self, record: EventRecord) -> asyncio.Future[None]:
        """Takes one record. The future is done when Kafka has acknowledged it, or has RecordRefused/KafkaUnavailable.

        The future may be dropped or its waiter cancelled: the record is sent all the same. Raises WriterFull at once
        where too much is waiting, KafkaUnavailable where the writer is not running.
        """
        if self._closed or not self._lanes:
            raise KafkaUnavailable(f"the collector is not connected to Kafka at {self.servers}; send it again later")
        size = record.size
        if self._waiting_bytes and self._waiting_bytes + size > self.max_waiting_bytes:
            raise WriterFull(
                f"{self._waiting_bytes} bytes of events wait for Kafka at {self.servers}; send it again later"
            )
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting_bytes += size
        self._unacknowledged[future] = time.monotonic()
        self._idle.clear()
        lane = self._lanes[place(record.key, len(self._lanes))]
        lane.waiting.append((record, future))
        lane.filled.set()
        return future

    async def write(self, records: Sequence[EventRecord], timeout: float) -> None:
        """Returns when Kafka has acknowledged all. Raises what `submit` raises, RecordRefused of the first refused,
        KafkaUnavailable after `timeout` seconds: what was submitted may be written yet."""
        futures = [self.submit(record) for record in records]
        if not futures:
            return
        await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_EXCEPTION)
        for future in futures:
            if not future.done():
                raise self.too_slow(timeout)
            future.result()

    def too_slow(self, timeout: float) -> KafkaUnavailable:
        """What to raise after waiting in vain."""
        return KafkaUnavailable(
            f"Kafka at {self.servers} has not acknowledged within {timeout:g} s; send it again with the same event_id"
        )

    @property
    def waiting_bytes(self) -> int:
        """Of records taken and not acknowledged."""
        return self._waiting_bytes

    @property
    def oldest_seconds(self) -> float:
        """How long the oldest unacknowledged record has been waiting; 0 where none is."""
        first = next(iter(self._unacknowledged.values()), None)
        return 0.0 if first is None else time.monotonic() - first

    async def close(self, timeout: float) -> None:
        """Takes no more, waits up to `timeout` seconds until all is acknowledged, and disconnects. What then still
        waits has KafkaUnavailable."""
        self._closed = True
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            log.warning("%d events were not acknowledged by Kafka when the collector ended", len(self._unacknowledged))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for future in list(self._unacknowledged):
            _fail(future, KafkaUnavailable("the collector ended before Kafka had acknowledged; send it again"))
        self._unacknowledged.clear()
        if self._producer is not None:
            await _cut(self._producer)

    async def _run(self, lane: _Lane) -> None:
        """Sends the lane's batches, one at a time: what comes meanwhile makes the next batch."""
        while True:
            while not lane.waiting:
                lane.filled.clear()
                await lane.filled.wait()
            taken: list[_Waiting] = []
            try:
                producer = self._producer or await self._reconnected()
                outcome = await self._send(
                    producer, _filled(producer.create_batch(), lane.waiting, taken), lane.partition
                )
            except Exception as error:  # a mistake must not stop the lane: its records would wait for ever
                log.exception("writing to partition %d of %s failed", lane.partition, self.topic)
                outcome = KafkaUnavailable(f"the collector failed ({type(error).__name__}); send it again later")
                await asyncio.sleep(RETRY_SECONDS)
            self._settle(taken, outcome)

    async def _watch(self) -> None:
        """One line when Kafka has not acknowledged for a while, one when it does again."""
        since: float | None = None
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            waited = self.oldest_seconds
            if waited > STUCK_SECONDS and since is None:
                since = time.monotonic() - waited
                log.warning(
                    "Kafka at %s has not acknowledged for %.0f s; %d events wait", self.servers, waited,
                    len(self._unacknowledged),
                )  # fmt: skip
            elif since is not None and waited <= STUCK_SECONDS:
                log.warning("Kafka acknowledges again, after %.0f s", time.monotonic() - since)
                since = None

    async def _send(self, producer: Any, batch: Any, partition: int) -> ItemstreamError | None:
        """None when acknowledged, else what the batch's records are told."""
        while True:
            try:
                acknowledged = await producer.send_batch(batch, self.topic, partition=partition)
                break
            except kafka.KafkaError as error:  # not under way yet: nothing is written
                log.warning("Kafka can't take events (%s: %s); trying again", type(error).__name__, error)
                await asyncio.sleep(RETRY_SECONDS)
                if isinstance(error, kafka.ProducerClosed):
                    producer = self._producer or await self._reconnected()
                elif not error.retriable and not isinstance(error, kafka.KafkaTimeoutError):
                    self._discard(producer)
                    producer = await self._reconnected()
        try:
            await acknowledged
        except _TOO_LARGE:
            self._discard(producer)
            return RecordTooLarge(f"the event is larger than the topic {self.topic} takes (max.message.bytes)")
        except _REFUSALS as error:
            self._discard(producer)
            return RecordRefused(f"Kafka refused the event for {self.topic}: {type(error).__name__}")
        except Exception as error:
            self._discard(producer)
            return KafkaUnavailable(
                f"Kafka did not acknowledge the event ({type(error).__name__}); send it again with the same event_id"
            )
        return None

    def _settle(self, taken: Sequence[_Waiting], error: ItemstreamError | None) -> None:
        if error is None and taken and (since := self._unacknowledged.get(taken[0][1])) is not None:
            self.kafka_seconds.note(time.monotonic() - since)
        for record, future in taken:
            self._waiting_bytes -= record.size
            self._unacknowledged.pop(future, None)
            if error is not None:
                _fail(future, error)
            elif not future.done():
                future.set_result(None)
        if not self._unacknowledged:
            self._idle.set()

    def _discard(self, producer: Any) -> None:
        """After a failed batch the partition's sequence has a gap that Kafka would refuse: a new producer begins anew.

        The old one is stopped in the background, when what other partitions have given it is through.
        """
        if self._producer is producer:
            self._producer = None
            self._spawn(producer.stop())

    async def _reconnected(self) -> Any:
        while self._producer is None:
            try:
                producer = await self._connected()
            except KafkaUnavailable as error:
                log.warning("%s", error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if self._producer is None:
                self._producer = producer
            else:  # another partition was faster
                await producer.stop()
        return self._producer

    async def _connected(self) -> Any:
        aiokafka_fixes.apply()
        producer: Any = AIOKafkaProducer(
            bootstrap_servers=self.servers,
            acks="all",
            enable_idempotence=True,
            max_batch_size=BATCH_BYTES,
            **self._options,
        )
        # aiokafka gives up a batch without a known leader after the request timeout, though it may have been written.
        producer._message_accumulator._batch_ttl = float("inf")  # noqa: SLF001
        try:
            await producer.start()
        except kafka.KafkaError as error:
            await _cut(producer)
            raise KafkaUnavailable(
                f"no Kafka at {self.servers} ({type(error).__name__}); start one with itemstream kafka start, or name "
                "another with --bootstrap-servers"
            ) from error
        return producer

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("writing to Kafka failed unexpectedly", exc_info=error)


def _filled(batch: Any, waiting: deque[_Waiting], taken: list[_Waiting]) -> Any:
    """The batch with what waits, as much as it holds, which moves over to `taken`."""
    while waiting:
        taken.append(waiting.popleft())
        record = taken[-1][0]
        if batch.append(key=record.key, value=record.value, timestamp=None, headers=record.headers) is None:
            waiting.appendleft(taken.pop())
            break
    batch.close()
    return batch


def _fail(future: asyncio.Future[None], error: ItemstreamError) -> None:
    if not future.done():
        future.set_exception(error)
        future.exception()  # whoever dropped the future must not be told by the event loop


_partitioner: Any = cast(Any, DefaultPartitioner)()


@lru_cache(maxsize=65_536)
def _place_of_key(key: bytes, count: int) -> int:
    return _partitioner(key, range(count), range(count))


def place(key: bytes | None, count: int) -> int:
    """Which of `count` partitions: where everybody's default partitioner puts the key; anywhere where there is none."""
    return _partitioner(None, range(count), range(count)) if key is None else _place_of_key(key, count)


async def _cut(producer: Any) -> None:
    try:
        async with asyncio.timeout(3):
            await producer.stop()
    except (TimeoutError, kafka.KafkaError):
        await producer.client.close()
