"""Records as hostile as Kafka lets them be, and files made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson
from pydantic import BaseModel

from pipeline.export.layout import DAY_MS, Format
from pipeline.export.segment import Segment
from pipeline.export.writers import opener
from topics.fetched_records import FetchedRecord

TOPIC = "realtime.server-events"
DAY = 1_780_000_000_000 // DAY_MS * DAY_MS

VALUES: tuple[bytes | None, ...] = (
    b'{"type":"response.done","event_id":"event_1"}',
    b' {"type" : "spaced", "n":1.00, "n":2,  "u":"\\u00e9" } ',
    b'{"type":"a","text":",\\"event\\":{","value":{"event":1}}',
    '{"type":"é\u2028"}'.encode(),
    b'{"type":"two\nlines"}',
    b'{\n"type":"two lines"}',
    b'{"deep":' + b"[" * 300 + b"]" * 300 + b"}",
    b'{"broken":',
    b"[1, 2]",
    b"null",
    b"",
    None,
    b"\xff\xfe not text",
    b"text with \x00 and \r\n",
    b'{"type":"x","event":{"a":1},"raw":"no","value":2}',
    b'{"big":123456789012345678901234567890,"e":1E400}',
)
HEADERS: tuple[list[tuple[str, bytes | None]], ...] = (
    [],
    [("ce_type", b"response.done"), ("ce_sessionid", b"sess_1"), ("ce_sequence", b"7"), ("ce_tenant", b"")],
    [("ce_time", b"2026-01-31T12:00:00.123456789Z"), ("ce_time", b"again"), ("empty", b""), ("none", None)],
    [("ce_sequence", b"999999999999999999999"), ("ce_sessionid", b"\xff"), ("number", b"\x00\x00\x00\x07")],
    [("\udcff\udcfe", b"name is no text"), ("base64:", b"1"), ("base64:eA==", b"2"), ("", b"no name"), ("é", None)],
    [("ce_time", b"no time at all"), ("ce_provider", b"openai"), (',"event":', b',"event":')],
)
KEYS = (b"sess_1", None, b"", b"\xff\x00", ',"event":é'.encode())
TIMESTAMPS = (DAY, DAY + 1, DAY - 1, DAY + 3 * DAY_MS, -1, 0, 1, 253_402_300_800_000, DAY + 2)


def hostile(topic: str = TOPIC, partition: int = 0, first: int = 0, times: int = 3) -> list[FetchedRecord]:
    """Every value, with keys, headers and timestamps of all kinds; offsets have gaps."""
    values = VALUES * times
    return [
        FetchedRecord(
            topic,
            partition,
            first + 2 * number + number // 5,
            TIMESTAMPS[number % len(TIMESTAMPS)],
            0 if number % 4 else 1,
            KEYS[number % len(KEYS)],
            value,
            list(HEADERS[number % len(HEADERS)]),
        )
        for number, value in enumerate(values)
    ]


def written(
    folder: Path, records: Sequence[FetchedRecord], format: Format, model: type[BaseModel] | None = None
) -> list[Path]:
    """The records in files, taken as several fetches."""
    topic, partition = records[0].topic, records[0].partition
    folder.mkdir(exist_ok=True)
    segment = Segment(folder, topic, partition, format, opener(topic, model, format))
    for start in range(0, len(records), 7):
        segment.add(records[start : start + 7])
    return segment.complete()


def simple(count: int, partition: int = 0, topic: str = TOPIC) -> list[FetchedRecord]:
    """Plain events of one day."""
    return [
        FetchedRecord(topic, partition, number, DAY + number, 0, b"s", orjson.dumps({"type": "t", "n": number}), [])
        for number in range(count)
    ]
