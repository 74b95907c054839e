"""Bytewax: Kafka in, one step over whole batches, Kafka out, one worker; offsets in its recovery store every second."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import bytewax.operators as op
from bytewax.connectors.kafka import KafkaSinkMessage, KafkaSourceMessage
from bytewax.connectors.kafka import operators as kafka
from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from bench.peers.confluent import PRODUCER
from bench.peers.jobs import Core, Record, echo
from bench.peers.options import parse

BATCH = 2_000
EPOCH = timedelta(seconds=1)
CONSUMER = {"fetch.message.max.bytes": str(4 * 1024 * 1024), "queued.min.messages": "200000"}

Messages = list[KafkaSourceMessage[Any, Any]]


def build(given: Any) -> Dataflow:
    core = Core(given.output)

    def passing(messages: Messages) -> list[KafkaSinkMessage[Any, Any]]:
        return [KafkaSinkMessage(message.key, echo(message.value)) for message in messages]

    def working(messages: Messages) -> list[KafkaSinkMessage[Any, Any]]:
        of_partition: dict[int, list[Record]] = defaultdict(list)
        for one in messages:
            kind, timestamp = one.timestamp or (0, 0)
            of_partition[one.partition or 0].append(
                Record(
                    one.topic or "", one.partition or 0, one.offset or 0, timestamp, kind - 1,
                    one.key, one.value, one.headers,
                )
            )  # fmt: skip
        return [
            KafkaSinkMessage(key, value, topic, list(headers), timestamp=timestamp)
            for partition, records in of_partition.items()
            for topic, key, value, headers, timestamp in core.process(partition, records)
        ]

    flow = Dataflow("bench")
    brokers = [given.bootstrap_servers]
    source = kafka.input(
        "in", flow, brokers=brokers, topics=[given.input], batch_size=BATCH, add_config=CONSUMER, tail=True
    )
    op.raises("errors", source.errs)
    done = op.flat_map_batch("work", source.oks, passing if given.job == "pass" else working)
    options = {name: str(value) for name, value in PRODUCER.items()}
    kafka.output("out", done, brokers=brokers, topic=given.output, add_config=options)
    return flow


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-bytewax-") as folder:
        init_db_dir(Path(folder), 1)
        cli_main(
            build(parse()), workers_per_process=1, epoch_interval=EPOCH, recovery_config=RecoveryConfig(folder, EPOCH)
        )
