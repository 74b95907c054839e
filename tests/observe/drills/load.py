"""A load that goes on while drills change what is in it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import orjson
from aiokafka import AIOKafkaProducer

EVERY_SECONDS = 0.2
SENT_IN_SECONDS = 20.0

Event = tuple[dict[str, Any] | bytes, int]
"""An event, or the bytes of what is none, and how many milliseconds ago it was."""

Recipe = Callable[[str], list[Event]]
"""The events of one conversation; takes its session id."""


def talk(session: str, age_ms: int = 0) -> list[Event]:
    """A conversation in which all is well."""
    item = {"id": f"{session}-1", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]}
    delta = {"type": "response.output_audio_transcript.delta", "delta": "word", "response_id": "r"}
    return [({"type": "conversation.item.done", "item": item}, age_ms), (delta, age_ms), (delta, age_ms)]


def late(session: str) -> list[Event]:
    """Events of a minute ago."""
    return talk(session, 60_000)


def much(session: str, age_ms: int = 0) -> list[Event]:
    """So many events that a worker has always some in hand."""
    return [({"type": "session.created", "session": {"id": session}}, age_ms)] * 1_000


def long_ago(session: str) -> list[Event]:
    """As many, of twenty minutes ago."""
    return much(session, 1_200_000)


def garbage(session: str) -> list[Event]:
    """What is no event."""
    return [(b"no json", 0)] * 3


def mistake(session: str) -> list[Event]:
    """An event that the broken core stumbles on."""
    return [({"type": "input_audio_buffer.speech_started", "item_id": f"{session}-i", "audio_start_ms": 1}, 0)]


def bad_tool(session: str) -> list[Event]:
    """A call on an MCP server that fails."""
    call = {
        "id": f"{session}-call", "type": "mcp_call", "server_label": "s", "name": "broken_tool", "arguments": "{}",
        "error": {"type": "http_error", "code": 500, "message": "no"},
    }  # fmt: skip
    return [({"type": "conversation.item.done", "item": call}, 0)]


def slow_failure(session: str) -> list[Event]:
    """The user waits five seconds for a response that fails."""
    response = {"id": f"{session}-r", "output": []}
    return [
        ({"type": "session.created", "session": {"id": session, "model": "slow-model"}}, 6_000),
        ({"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 100, "item_id": f"{session}-i"}, 6_000),
        ({"type": "response.created", "response": {**response, "status": "in_progress"}}, 5_900),
        ({"type": "response.output_audio.delta", "response_id": response["id"], "delta": "AAAA"}, 1_000),
        ({"type": "response.done", "response": {**response, "status": "failed"}}, 500),
    ]


class Load:
    """Writes a conversation of each recipe to every partition, five times a second, until it is cancelled."""

    def __init__(self, bootstrap_servers: str, topic: str, partitions: int) -> None:
        self.recipes: set[Recipe] = {talk}
        self._bootstrap_servers = bootstrap_servers
        self._topic = topic
        self._partitions = partitions
        self._numbers = count()

    async def run(self) -> None:
        """A broker that does not answer is asked again: what could not be sent is made up for by what follows."""
        while True:
            producer: Any = AIOKafkaProducer(bootstrap_servers=self._bootstrap_servers, request_timeout_ms=20_000)
            with contextlib.suppress(Exception):
                async with asyncio.timeout(SENT_IN_SECONDS):
                    await producer.start()
                while True:
                    async with asyncio.timeout(SENT_IN_SECONDS):
                        await self._send(producer)
                    await asyncio.sleep(EVERY_SECONDS)
            # Of a broker that does not answer it would wait for what it has not sent.
            with contextlib.suppress(Exception):
                async with asyncio.timeout(EVERY_SECONDS):
                    await producer.stop()

    async def _send(self, producer: Any) -> None:
        now_ms = time.time_ns() // 1_000_000
        waiting: list[Any] = []
        for recipe in list(self.recipes):
            for partition in range(self._partitions):
                session = f"drill-{next(self._numbers)}"
                for index, (event, age_ms) in enumerate(recipe(session)):
                    value = (
                        event if isinstance(event, bytes) else orjson.dumps({"event_id": f"{session}-{index}", **event})
                    )
                    waiting.append(
                        await producer.send(
                            self._topic, value, session.encode(), partition, timestamp_ms=now_ms - age_ms
                        )
                    )
        await asyncio.gather(*waiting)
