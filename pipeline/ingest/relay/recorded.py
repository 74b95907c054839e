"""What the relay writes into its journal: a Kafka record, ready to be sent."""

from __future__ import annotations

from typing import Any

import orjson

from pipeline.core import Output
from pipeline.ingest.event import EventRecord

_END = b"\n"


def packed(topic: str, record: EventRecord, timestamp: int) -> bytes:
    """The journal's bytes of a record; `timestamp` in milliseconds since the epoch."""
    key = None if record.key is None else record.key.decode()
    head = [topic, key, timestamp, [(name, value.decode()) for name, value in record.headers]]
    return orjson.dumps(head) + _END + record.value


def unpacked(data: bytes) -> Output:
    """The record that `packed` made these bytes of."""
    # JSON has no line feed in it, so the first one ends the head, whatever the value is.
    head, _, value = data.partition(_END)
    found: Any = orjson.loads(head)
    topic, key, timestamp, headers = found
    return Output(
        topic,
        None if key is None else key.encode(),
        value,
        [(name, told.encode()) for name, told in headers],
        timestamp,
    )
