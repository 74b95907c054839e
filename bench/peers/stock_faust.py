"""A Faust agent as its tutorial shows it: `async for` over the stream, `send` to the output; Faust's own Kafka clients.

At least once by Faust's word; see docs/architecture.md for what it loses all the same.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import AsyncIterator
from typing import Any

import faust

from bench.peers.jobs import Core, Record, echo, output_topics
from bench.peers.options import parse


def build(given: Any, folder: str) -> Any:
    app: Any = faust.App(
        given.group,
        broker=f"kafka://{given.bootstrap_servers}",
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        broker_max_poll_records=2_000,
        broker_commit_interval=1.0,
        producer_linger=0.005,
        producer_max_batch_size=500_000,
        stream_wait_empty=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        datadir=folder,
    )
    source = app.topic(given.input, value_type=bytes)
    names = [given.output] if given.job == "pass" else output_topics(given.output)
    topics = {name: app.topic(name, value_type=bytes) for name in names}
    if given.job == "pass":
        output = topics[given.output]

        @app.agent(source)
        async def passing(stream: Any) -> None:
            async for event in stream.events():
                await output.send(key=event.key, value=echo(event.value))

    else:
        core = Core(given.output)

        @app.agent(source)
        async def working(stream: Any) -> None:
            events: AsyncIterator[Any] = stream.events()
            async for event in events:
                message = event.message
                record = Record(
                    message.topic, message.partition, message.offset, int(message.timestamp * 1000), 0,
                    message.key, message.value, message.headers or (),
                )  # fmt: skip
                for topic, key, value, headers, timestamp in core.process(message.partition, (record,)):
                    await topics[topic].send(
                        key=key, value=value, headers=headers, partition=message.partition,
                        timestamp=timestamp / 1000,
                    )  # fmt: skip

    return app


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-faust-") as folder:
        app = build(parse(), folder)
        sys.argv[1:] = []
        faust.Worker(app, loglevel="WARNING").execute_from_commandline()
