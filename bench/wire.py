"""Both ends of a latency measurement, each a process of its own: `python -m bench.wire send|read …`.

A record carries when it was handed to the producer; all processes of a machine share the monotonic clock.
"""

from __future__ import annotations

import argparse
import json
import sys
import time

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

SILENCE_SECONDS = 15.0
"""The reader gives up when nothing came for so long: then records are missing."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.wire")
    parser.add_argument("what", choices=("send", "read"))
    parser.add_argument("--bootstrap-servers", required=True)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--rate", type=int, default=1_000, help="records per second")
    parser.add_argument("--warm-up", type=float, default=5.0, help="seconds whose records do not count")
    parser.add_argument("--seconds", type=float, default=30.0)
    return parser.parse_args()


def send(given: argparse.Namespace) -> None:
    """One record every 1/rate seconds, partition after partition; late ones at once, so that the rate holds."""
    producer = Producer({"bootstrap.servers": given.bootstrap_servers, "acks": "1", "linger.ms": 0})
    total = round(given.rate * (given.warm_up + given.seconds))
    began = time.monotonic()
    for number in range(total):
        pause = began + number / given.rate - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        value = orjson.dumps({**_DELTA, "number": number, "sent_ns": time.monotonic_ns()})
        producer.produce(given.topic, value, b"session-%d" % (number % 400), number % given.partitions)
        producer.poll(0)
    if producer.flush(30):
        sys.exit("Kafka did not acknowledge all records")


def read(given: argparse.Namespace) -> None:
    """Every latency after the warm-up in milliseconds, and how many records never came, as JSON on stdout.

    First a line READY, once a probe was read: what is sent from then on finds the reader waiting.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": given.bootstrap_servers,
            "group.id": "reader",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "fetch.min.bytes": 1,
            "fetch.wait.max.ms": 20,
        }
    )
    consumer.assign([TopicPartition(given.topic, number, 0) for number in range(given.partitions)])
    total = round(given.rate * (given.warm_up + given.seconds))
    first = round(given.rate * given.warm_up)
    latencies: list[float] = []
    seen: set[int] = set()
    ready = False
    heard = time.monotonic()
    while len(seen) < total and time.monotonic() - heard < SILENCE_SECONDS:
        message = consumer.poll(0.5)
        if message is None or message.error() is not None:
            continue
        now = time.monotonic_ns()
        record = orjson.loads(message.value())
        if (number := record["number"]) < 0:
            if not ready:
                print("READY", flush=True)
            ready = True
            heard = time.monotonic()
            continue
        if number in seen:
            continue  # a repeat
        heard = time.monotonic()
        seen.add(number)
        if number >= first:
            latencies.append((now - record["sent_ns"]) / 1e6)
    consumer.close()
    json.dump({"latencies": latencies, "missing": total - len(seen)}, sys.stdout)


def probe() -> bytes:
    """A record that shows that a program works, and counts nowhere."""
    return orjson.dumps({**_DELTA, "number": -1, "sent_ns": 0})


_DELTA = {
    "type": "response.output_audio_transcript.delta",
    "event_id": "event_00000000000000000000",
    "response_id": "resp_CbHxTQYFR5pQeqgKZdQRd",
    "item_id": "item_000000000000000000000",
    "output_index": 0,
    "content_index": 0,
    "delta": " lorem ipsum dolor sit amet, consetetur",
}

if __name__ == "__main__":
    options = arguments()
    (send if options.what == "send" else read)(options)
