"""A small core and the means to run streams on a real broker."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from pipeline.core import BatchResult, Counts, Output
from pipeline.streaming import StreamConfig, TransactionalStream
from pipeline.streaming.core_interface import InputRecords


@dataclass(frozen=True)
class Names:
    """The topics and the group of one test."""

    source: str
    output: str
    changelog: str
    group: str


class EchoCore:
    """One output a record, numbered within its key; the number is the state.

    Values: `bad` is rejected (no output), `skip` changes nothing, `big:N` makes an output of N bytes, `crash` raises.
    """

    def __init__(self, output: str) -> None:
        self._output = output
        self.numbers: dict[bytes, int] = {}
        self.ready = False

    def restore(self, key: bytes, value: bytes | None) -> None:
        assert not self.ready
        self.numbers[key] = int(value or b"0")

    def restored(self) -> None:
        self.ready = True

    def process(self, records: InputRecords, now_ms: int) -> BatchResult:
        assert self.ready, "records before the state"
        assert now_ms > 1_600_000_000_000
        outputs: list[Output] = []
        changed: dict[bytes, int] = {}
        counts = Counts(consumed=len(records))
        for record in records:
            value = record.value or b""
            if value == b"crash":
                raise RuntimeError("the core has a mistake")
            if value == b"bad":
                counts.rejected["not_json"] = counts.rejected.get("not_json", 0) + 1
                continue
            if value == b"skip":
                counts.ignored += 1
                continue
            counts.used += 1
            key = record.key or b""
            number = changed[key] = self.numbers[key] = self.numbers.get(key, 0) + 1
            where = f"{record.partition}-{record.offset}".encode()
            sent = b"x" * int(value[4:]) if value.startswith(b"big:") else record.value
            headers: Any = [("number", str(number).encode()), ("from", where), *record.headers]
            outputs.append(Output(self._output, record.key, sent, headers, record.timestamp))
        changes: list[tuple[bytes, bytes | None]] = [(key, str(number).encode()) for key, number in changed.items()]
        return BatchResult(outputs, changes, counts)

    def idle(self, wall_ms: int) -> BatchResult:
        return BatchResult([], [], Counts())


async def make_topics(bootstrap_servers: str, unique: str, partitions: int, **config: str) -> Names:
    names = Names(f"in-{unique}", f"out-{unique}", f"group-{unique}-changelog", f"group-{unique}")
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics(
            [
                NewTopic(names.source, partitions, 1),
                NewTopic(names.output, partitions, 1, topic_configs=config),
                NewTopic(names.changelog, partitions, 1, topic_configs={"cleanup.policy": "compact"}),
            ]
        )
        await asyncio.sleep(0.3)  # until every partition has its leader: less noise in the log
    finally:
        await admin.close()
    return names


def stream_config(bootstrap_servers: str, names: Names, **changes: Any) -> StreamConfig:
    values: dict[str, Any] = {
        "bootstrap_servers": bootstrap_servers,
        "group": names.group,
        "input_topic": names.source,
        "changelog_topic": names.changelog,
        "output_topics": (names.output,),
        "session_timeout_ms": 6_000,
        "heartbeat_interval_ms": 500,
        "idle_check_seconds": 0.5,
        "lazy_commit_seconds": 0.2,
        **changes,
    }
    return StreamConfig(**values)


def new_stream(bootstrap_servers: str, names: Names, **options: Any) -> TransactionalStream:
    """`options` for the stream itself: fault, handler, …; those of StreamConfig in `config`."""
    config = stream_config(bootstrap_servers, names, **options.pop("config", {}))
    new_core = options.pop("new_core", lambda _: EchoCore(names.output))
    return TransactionalStream(config, new_core, **options)


@contextlib.asynccontextmanager
async def running(*streams: TransactionalStream) -> AsyncGenerator[list[asyncio.Task[None]]]:
    """Run the streams; at the end stop them and raise what ended them."""
    tasks = [asyncio.create_task(stream.run()) for stream in streams]
    try:
        yield tasks
    finally:
        for stream in streams:
            stream.stop()
        await asyncio.gather(*tasks)


async def until(true: Callable[[], object], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is in another process or library
            await asyncio.sleep(0.02)


Message = tuple[int, bytes | None, bytes | None]
"""Partition, key, value."""


async def produce(
    bootstrap_servers: str, topic: str, messages: Iterable[Message], headers: Sequence[tuple[str, bytes]] = ()
) -> int:
    """Returns the number of records written."""
    producer: Any = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, linger_ms=5, max_batch_size=200_000, max_request_size=20_000_000
    )
    await producer.start()
    count = 0
    try:
        waiting: list[Any] = []
        for partition, key, value in messages:
            waiting.append(await producer.send(topic, value, key, partition, headers=list(headers)))
            count += 1
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()
    return count


def numbered(count: int, partitions: int, keys: int = 20) -> list[Message]:
    """`count` records over `partitions`, `keys` keys a partition."""
    return [(n % partitions, f"key-{n % partitions}-{n % keys}".encode(), b"v%d" % n) for n in range(count)]


async def read_all(bootstrap_servers: str, topic: str, *, committed: bool = True) -> list[Any]:
    """Every record of the topic up to its end.

    A transaction's markers are written after its commit was answered: the end under read_committed is waited for until
    it is the end of the log, ten seconds at most (a transaction of a worker that was killed stays open for longer).
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(10):
            while committed and not await is_settled(bootstrap_servers, topic):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
    consumer: Any = AIOKafkaConsumer(
        topic,
        bootstrap_servers=bootstrap_servers,
        isolation_level="read_committed" if committed else "read_uncommitted",
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        partitions: list[TopicPartition] = sorted(consumer.assignment())
        ends = await consumer.end_offsets(partitions)
        await consumer.seek_to_beginning(*partitions)
        found: list[Any] = []
        async with asyncio.timeout(30):
            for partition in partitions:
                while await consumer.position(partition) < ends[partition]:
                    for records in (await consumer.getmany(timeout_ms=50)).values():
                        found += records
        return found
    finally:
        await consumer.stop()


async def is_settled(bootstrap_servers: str, topic: str) -> bool:
    """Whether no transaction is open in the topic."""
    ends: list[dict[TopicPartition, int]] = []
    for isolation in ("read_committed", "read_uncommitted"):
        consumer: Any = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap_servers, isolation_level=isolation)
        async with consumer:
            ends.append(await consumer.end_offsets(consumer.assignment()))
    return ends[0] == ends[1]


def header(record: Any, name: str) -> bytes:
    return dict(record.headers)[name]


def assert_exactly_once(records: Sequence[Any], expected: int) -> None:
    """Every input came out once, and each key's numbers are 1, 2, 3, … in order."""
    sources = Counter(header(record, "from") for record in records)
    repeated = {source: times for source, times in sources.items() if times > 1}
    assert (len(sources), repeated) == (expected, {})
    last: dict[tuple[int, bytes | None], int] = {}
    for record in records:
        place = (record.partition, record.key)
        assert int(header(record, "number")) == last.get(place, 0) + 1, f"gap at {record}"
        last[place] = int(header(record, "number"))


async def committed_offsets(bootstrap_servers: str, names: Names) -> dict[int, int]:
    admin: Any = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(names.group)
        return {tp.partition: offset.offset for tp, offset in offsets.items()}
    finally:
        await admin.close()
