"""Quix Streams: a streaming dataframe from the input to the output."""

from __future__ import annotations

from typing import Any

from quixstreams import Application, message_context
from quixstreams.models import BytesDeserializer, Serializer

from bench.peers.jobs import Core, Record, output_topics
from bench.peers.options import parse
from pipeline.core import Output

CONSUMER = {"fetch.message.max.bytes": 4 * 1024 * 1024, "queued.min.messages": 200_000}
PRODUCER = {"acks": "all", "linger.ms": 5, "batch.size": 1_000_000, "queue.buffering.max.messages": 1_000_000}
TUNINGS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "throughput": {"commit_interval": 1.0, "consumer_extra_config": CONSUMER, "producer_extra_config": PRODUCER},
    "latency": {"commit_interval": 0.01, "producer_extra_config": {"linger.ms": 0}},
}


class OutputSerializer(Serializer):
    """The core's records are bytes already."""

    def __call__(self, value: Output, ctx: Any) -> bytes | None:
        return value.value


def passing(app: Application, source: str, output: str) -> None:
    frame = app.dataframe(app.topic(source, key_deserializer="bytes", value_deserializer="json"))
    frame.to_topic(app.topic(output, key_serializer="bytes", value_serializer="json"))


def working(app: Application, source: str, prefix: str) -> None:
    core = Core(prefix)
    topics = {
        name: app.topic(name, key_serializer="bytes", value_serializer=OutputSerializer())
        for name in output_topics(prefix)
    }

    def process(value: bytes, key: Any, timestamp: int, headers: Any) -> list[Output]:
        where = message_context()
        record = Record(source, where.partition, where.offset, timestamp, 0, key, value, headers or ())
        return core.process(where.partition, (record,))

    frame = app.dataframe(app.topic(source, key_deserializer="bytes", value_deserializer=BytesDeserializer()))
    frame = frame.apply(process, expand=True, metadata=True)
    frame = frame.set_headers(lambda output, *_: output.headers)
    frame.to_topic(lambda output, *_: topics[output.topic], key=lambda output: output.key)


def main() -> None:
    given = parse()
    app = Application(
        broker_address=given.bootstrap_servers,
        consumer_group=given.group,
        auto_offset_reset="earliest",
        processing_guarantee=given.delivery,
        **TUNINGS[given.tuning],
        auto_create_topics=False,
        loglevel="WARNING",
    )
    (passing if given.job == "pass" else working)(app, given.input, given.output)
    app.run()


if __name__ == "__main__":
    main()
