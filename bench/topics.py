"""Topics of the benchmark: make, fill, watch and count them, with the C client and from outside of every program."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from confluent_kafka import Consumer, IsolationLevel, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    OffsetSpec,
    ResourceType,
)

from bench.inputs import Event, Places

READ_AT_ONCE = 20_000
READY_SECONDS = 30
KEEP = "-1"
"""Simulated events are of another day. Kafka looks for records that are too old 30 s after it has started, and would
delete them in the middle of a run."""


class Topics:
    """One broker's topics, seen by their names."""

    def __init__(self, servers: str) -> None:
        self._servers = servers
        self._admin = AdminClient({"bootstrap.servers": servers})

    def close(self) -> None:
        """Lets the connections go."""
        del self._admin

    def create(self, names: Iterable[str], partitions: int) -> None:
        new = [NewTopic(name, partitions, 1, config={"retention.ms": KEEP}) for name in names]
        for future in self._admin.create_topics(new).values():
            future.result()
        self.await_leaders([topic.topic for topic in new])

    def keep(self, names: Iterable[str]) -> None:
        """Topics that were made by others: what is in them stays, whatever its age."""
        entry = ConfigEntry("retention.ms", KEEP, incremental_operation=AlterConfigOpType.SET)
        topics = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry]) for name in names]
        for future in self._admin.incremental_alter_configs(topics).values():
            future.result()

    def delete(self, names: Sequence[str]) -> None:
        for future in self._admin.delete_topics(list(names)).values():
            future.result()

    def of_prefix(self, prefix: str) -> list[str]:
        return [name for name in self._admin.list_topics().topics if name.startswith(prefix)]

    def await_leaders(self, names: Sequence[str]) -> None:
        """New topics take a moment until every partition answers."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.visible(names)
                return
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def partitions(self, names: Sequence[str]) -> list[TopicPartition]:
        topics = self._admin.list_topics().topics
        return [TopicPartition(name, number) for name in names for number in topics[name].partitions]

    def visible(self, names: Sequence[str]) -> int:
        """Sum of the end offsets a read_committed reader may go to."""
        return sum(self.ends(self.partitions(names)).values())

    def ends(self, partitions: Sequence[TopicPartition]) -> dict[tuple[str, int], int]:
        asked = {partition: OffsetSpec.latest() for partition in partitions}
        answers = self._admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED)
        return {(where.topic, where.partition): answer.result().offset for where, answer in answers.items()}

    def fill(self, name: str, partitions: int, events: Iterable[Event]) -> int:
        """Write the events, a key always to the same partition, in large batches; how many there were."""
        producer = Producer(
            {
                "bootstrap.servers": self._servers,
                "acks": "all",
                "linger.ms": 200,
                "batch.size": 900_000,
                "batch.num.messages": 100_000,
                "queue.buffering.max.messages": 2_000_000,
                "queue.buffering.max.kbytes": 2_000_000,
            }
        )
        number, places = 0, Places(partitions)
        for number, (key, value, headers, timestamp) in enumerate(events, 1):
            producer.produce(name, value, key, places.of(key), timestamp=timestamp, headers=headers or None)
            if number % 50_000 == 0:
                producer.poll(0)
        if producer.flush(120):
            raise RuntimeError(f"{name}: Kafka did not acknowledge all records")
        return number

    def count(self, names: Sequence[str]) -> int:
        """Records that a read_committed reader of the whole topics finds now."""
        partitions = self.partitions(names)
        ends = {where: end for where, end in self.ends(partitions).items() if end}
        if not ends:
            return 0
        consumer = Consumer(
            {
                "bootstrap.servers": self._servers,
                "group.id": "count",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "check.crcs": False,
                "fetch.message.max.bytes": 8 * 1024 * 1024,
                "queued.min.messages": 1_000_000,
            }
        )
        consumer.assign([TopicPartition(topic, number, 0) for topic, number in ends])
        found, open_ends = 0, set(ends)
        while open_ends:
            for message in consumer.consume(READ_AT_ONCE, 1):
                if (error := message.error()) is None:
                    found += 1
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's name for it
                    open_ends.discard((message.topic(), message.partition()))
                else:
                    raise RuntimeError(str(error))
        consumer.close()
        return found
