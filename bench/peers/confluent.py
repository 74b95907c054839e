"""confluent-kafka as a plain loop: consume up to 2,000 records, produce, flush and commit (or commit a transaction)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from confluent_kafka import Consumer, Message, Producer, TopicPartition

from bench.peers.jobs import Core, Record, echo
from bench.peers.options import EXACTLY_ONCE, parse, stop_on_sigterm

BATCH = 2_000
WAIT_SECONDS = 0.005
"""`consume` waits so long for the batch to fill: what latency a slow input gets."""

CONSUMER = {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "fetch.message.max.bytes": 4 * 1024 * 1024,
    "queued.min.messages": 200_000,
}
PRODUCER = {
    "acks": "all",
    "linger.ms": 5,
    "batch.size": 1_000_000,
    "queue.buffering.max.messages": 1_000_000,
}

Produce = Callable[[Sequence[Message]], None]


def passing(producer: Producer, output: str) -> Produce:
    def produce(messages: Sequence[Message]) -> None:
        send = producer.produce
        for message in messages:
            send(output, echo(message.value()), message.key(), message.partition())

    return produce


def passing_with_headers(producer: Producer, output: str) -> Produce:
    def produce(messages: Sequence[Message]) -> None:
        send = producer.produce
        for message in messages:
            send(output, echo(message.value()), message.key(), message.partition(), headers=message.headers())

    return produce


def working(producer: Producer, core: Core) -> Produce:
    def produce(messages: Sequence[Message]) -> None:
        of_partition: dict[int, list[Record]] = defaultdict(list)
        for message in messages:
            of_partition[message.partition()].append(record(message))
        for partition, records in of_partition.items():
            for topic, key, value, headers, timestamp in core.process(partition, records):
                producer.produce(topic, value, key, partition, timestamp=timestamp, headers=headers)

    return produce


def record(message: Message) -> Record:
    kind, timestamp = message.timestamp()
    return Record(
        message.topic(), message.partition(), message.offset(), timestamp, kind - 1,
        message.key(), message.value(), message.headers() or (),
    )  # fmt: skip


def next_offsets(messages: Sequence[Message]) -> list[TopicPartition]:
    last = {message.partition(): message for message in messages}
    return [TopicPartition(message.topic(), number, message.offset() + 1) for number, message in last.items()]


def main() -> None:
    given = parse()
    stop = stop_on_sigterm()
    common: dict[str, Any] = {"bootstrap.servers": given.bootstrap_servers}
    consumer = Consumer({**common, **CONSUMER, "group.id": given.group})
    transactional = given.delivery == EXACTLY_ONCE
    producer = Producer({**common, **PRODUCER, **({"transactional.id": given.group} if transactional else {})})
    if transactional:
        producer.init_transactions()
    if given.job == "core":
        produce = working(producer, Core(given.output))
    else:
        produce = (passing if given.job == "pass" else passing_with_headers)(producer, given.output)
    consumer.subscribe([given.input])
    while not stop.is_set():
        messages = consumer.consume(BATCH, WAIT_SECONDS)
        if not messages:
            continue
        for message in messages:
            if message.error() is not None:
                raise SystemExit(str(message.error()))
        if transactional:
            producer.begin_transaction()
            produce(messages)
            producer.send_offsets_to_transaction(next_offsets(messages), consumer.consumer_group_metadata())
            producer.commit_transaction()
        else:
            produce(messages)
            if producer.flush():
                raise SystemExit("records were not acknowledged")
            consumer.commit(offsets=next_offsets(messages), asynchronous=False)
    consumer.close()


if __name__ == "__main__":
    main()
