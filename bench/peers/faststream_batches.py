"""FastStream on confluent-kafka: a batch subscriber of up to 2,000 records, `publish_batch`, acknowledged after it."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from typing import Any

import orjson
import uvloop
from faststream import AckPolicy, FastStream
from faststream.confluent import KafkaBroker, KafkaPublishMessage

from bench.peers.confluent import record
from bench.peers.jobs import Core, Record
from bench.peers.options import parse

BATCH = 2_000
BATCH_BYTES = 1_000_000
FETCH_BYTES = 4 * 1024 * 1024


async def with_keys(message: Any) -> list[tuple[bytes | None, Any]]:
    """orjson in place of the standard library's, as everywhere here."""
    return [(one.key(), orjson.loads(one.value())) for one in message.raw_message]


async def as_they_are(message: Any) -> list[Any]:
    """The core reads the bytes itself."""
    return list(message.raw_message)


def build(given: Any) -> FastStream:
    broker = KafkaBroker(
        given.bootstrap_servers,
        acks="all",
        linger_ms=5,
        config={"batch.size": BATCH_BYTES, "queue.buffering.max.messages": 1_000_000},
        log_level=logging.DEBUG,  # of the lines for every batch; errors are told all the same
        apply_types=False,
        decoder=with_keys if given.job == "pass" else as_they_are,
    )
    subscriber = broker.subscriber(
        given.input, group_id=given.group, batch=True, max_records=BATCH, auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR, max_partition_fetch_bytes=FETCH_BYTES, polling_interval=0.005,
    )  # fmt: skip
    core = Core(given.output)

    async def passing(messages: list[tuple[bytes | None, Any]]) -> None:
        out = [KafkaPublishMessage(orjson.dumps(value), key=key) for key, value in messages]
        await broker.publish_batch(*out, topic=given.output)

    async def working(messages: list[Any]) -> None:
        of_partition: dict[int, list[Record]] = defaultdict(list)
        for one in messages:
            of_partition[one.partition()].append(record(one))
        of_topic: dict[str, list[KafkaPublishMessage]] = defaultdict(list)
        for partition, records in of_partition.items():
            for topic, key, value, headers, timestamp in core.process(partition, records):
                texts = {name: (text or b"").decode() for name, text in headers}
                of_topic[topic].append(
                    KafkaPublishMessage(value or b"", key=key, headers=texts, timestamp_ms=timestamp)
                )
        await asyncio.gather(*(broker.publish_batch(*some, topic=topic) for topic, some in of_topic.items()))

    subscriber(passing if given.job == "pass" else working)
    return FastStream(broker)


if __name__ == "__main__":
    uvloop.run(build(parse()).run())
