"""The core over recorded events, in one go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import orjson

from pipeline.core import CoreSettings, InputRecord, Output, Partition, readable_headers

_BATCH = 500


def run(records: Iterable[InputRecord], settings: CoreSettings) -> Iterator[Output]:
    """What the records bring out, in order. At their end every session counts as idle."""
    partition = Partition(settings)
    remaining = iter(records)
    while batch := list(islice(remaining, _BATCH)):
        yield from partition.process(batch).outputs
    yield from partition.end().outputs


def output_line(output: Output, rejected_topic: str) -> bytes:
    """An output as a line of JSON: topic, key, headers, value. The value of a rejected record is text."""
    if output.topic == rejected_topic:
        value: object = None if output.value is None else output.value.decode(errors="backslashreplace")
    else:
        value = orjson.Fragment(output.value or b"null")
    return orjson.dumps(
        {
            "topic": output.topic,
            "key": None if output.key is None else output.key.decode(errors="backslashreplace"),
            "headers": readable_headers(output.headers),
            "value": value,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
