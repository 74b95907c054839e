"""A collector in this process, on a port of its own, and what to send to it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp

from pipeline.ingest.http.serve import serve
from pipeline.kafka import probe
from pipeline.settings import Settings

PATH = "/v1/realtime/server-events"
ITEM_DONE = f"{PATH}/conversation.item.done"
JSON = {"content-type": "application/json"}

EVENT: dict[str, Any] = {
    "type": "conversation.item.done",
    "event_id": "event_001",
    "previous_item_id": "item_002",
    "item": {
        "id": "item_003",
        "object": "realtime.item",
        "type": "message",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Your table is booked."}],
    },
}


def settings(bootstrap_servers: str, topic: str, **changes: object) -> Settings:
    return Settings.model_validate(
        {
            "bootstrap_servers": bootstrap_servers,
            "input_topic": topic,
            "ingest_port": probe.free_ports(1)[0],
            **changes,
        }
    )


@contextlib.asynccontextmanager
async def collector(told: Settings) -> AsyncGenerator[aiohttp.ClientSession]:
    """Serves with these settings; the client's paths are the collector's."""
    stop = asyncio.Event()
    serving = asyncio.create_task(serve(told, stop))
    scheme = "https" if told.ingest_tls_certfile else "http"
    try:
        async with aiohttp.ClientSession(f"{scheme}://127.0.0.1:{told.ingest_port}") as client:
            async with asyncio.timeout(30):
                while True:
                    if serving.done():
                        serving.result()
                    with contextlib.suppress(aiohttp.ClientError):
                        async with client.get("/health", ssl=False) as answer:
                            if answer.status == 200:
                                break
                    await asyncio.sleep(0.05)
            yield client
    finally:
        stop.set()
        await serving


def body(**changes: object) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


async def post(
    client: aiohttp.ClientSession, path: str, data: bytes, headers: dict[str, str] = JSON, **options: Any
) -> tuple[int, dict[str, Any], Any]:
    """Status, JSON body, headers."""
    async with client.post(path, data=data, headers=headers, **options) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers
