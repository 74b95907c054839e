"""What a tap brought to Kafka, read back."""

from __future__ import annotations

from typing import Any

import orjson

from pipeline.simulate.provider import StandIn
from tests.kafka.support import read_all

Json = dict[str, Any]
CREATE = '{"type": "response.create"}'


async def events_in(bootstrap_servers: str, topic: str) -> list[tuple[str | None, int, Json]]:
    """Key, `ce_sequence` and event of every record, in the topic's order."""
    found: list[tuple[str | None, int, Json]] = []
    for record in await read_all(bootstrap_servers, topic):
        headers = {name: value.decode() for name, value in record.headers}
        key = None if record.key is None else record.key.decode()
        event = orjson.loads(record.value)
        assert headers["ce_sessionid"] == key
        assert headers["ce_type"] == event["type"]
        assert headers["ce_time"].endswith("Z")
        found.append((key, int(headers["ce_sequence"]), event))
    return found


def provider(speed: float | None = None) -> StandIn:
    """One that wastes no time, or little."""
    return StandIn(speed=speed)


def without_sound(event: Json) -> Json:
    """As a tap copies it by default."""
    return event | {"delta": ""} if event["type"] in ("response.output_audio.delta", "response.audio.delta") else event
