"""A conversation that a test holds itself, event by event, as a collector would write it to Kafka."""

from __future__ import annotations

import json
import time
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaProducer

from tests.kafka.deploy import Deployed


class Talk:
    """One session; its events carry the time they are written at."""

    def __init__(self, deployed: Deployed, session_id: str, tenant: str) -> None:
        self.session_id = session_id
        self._topic = deployed.input_topic
        self._producer = AIOKafkaProducer(bootstrap_servers=deployed.bootstrap_servers, linger_ms=0)
        self._headers = [("ce_sessionid", session_id.encode()), ("ce_tenant", tenant.encode())]
        self._count = 0
        self._last: str | None = None

    async def __aenter__(self) -> Self:
        await self._producer.start()
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self._producer.stop()

    async def user_writes(self, text: str) -> str:
        """A finished message of the user; its item id."""
        content = [{"type": "input_text", "text": text}]
        return await self._item({"type": "message", "role": "user", "status": "completed", "content": content})

    async def calls(self, name: str, arguments: dict[str, Any], call_id: str) -> str:
        """A function call; its item id."""
        return await self._item(
            {"type": "function_call", "name": name, "call_id": call_id, "arguments": json.dumps(arguments)}
        )

    async def answers(self, output: dict[str, Any], call_id: str) -> str:
        """The output of a call; its item id."""
        return await self._item({"type": "function_call_output", "call_id": call_id, "output": json.dumps(output)})

    async def user_is_not_understood(self) -> str:
        """A spoken message without a transcript: the provider fails to make one; its item id."""
        content = [{"type": "input_audio", "transcript": None}]
        item_id = await self._item({"type": "message", "role": "user", "status": "completed", "content": content})
        error = {"type": "transcription_error", "code": "audio_unintelligible", "message": "The audio was not clear."}
        failed = "conversation.item.input_audio_transcription.failed"
        await self.send({"type": failed, "item_id": item_id, "content_index": 0, "error": error})
        return item_id

    async def _item(self, item: dict[str, Any]) -> str:
        self._count += 1
        item = {"id": f"item-{self._count}-{self.session_id}", **item}
        previous, self._last = self._last, item["id"]
        for kind in ("added", "done"):
            await self.send({"type": f"conversation.item.{kind}", "previous_item_id": previous, "item": item})
        return item["id"]

    async def send(self, event: dict[str, Any]) -> None:
        """An event, with an id of its own; it is in Kafka when this returns."""
        event = {"event_id": f"event-{time.monotonic_ns()}", **event}
        value = json.dumps(event).encode()
        await self._producer.send_and_wait(self._topic, value, key=self.session_id.encode(), headers=self._headers)
