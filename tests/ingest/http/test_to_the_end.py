"""From the request to the topic: what was sent over HTTP comes out of a real worker."""

import asyncio
import json
from collections.abc import AsyncGenerator

import pytest

from pipeline.worker.run import run_worker
from tests.ingest.http.support import EVENT, ITEM_DONE, PATH, body, collector, post, settings
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import read_all

pytestmark = pytest.mark.kafka


@pytest.fixture
async def deployed(bootstrap_servers: str, unique: str) -> AsyncGenerator[Deployed]:
    """With a worker that runs."""
    deployed = await deploy(bootstrap_servers, unique, partitions=2)
    stop = asyncio.Event()
    working = asyncio.create_task(run_worker(deployed.settings(), stop))
    yield deployed
    stop.set()
    await working


async def _records(deployed: Deployed, topic: str) -> list[dict]:
    return [json.loads(one.value) for one in await read_all(deployed.bootstrap_servers, f"{deployed.prefix}.{topic}")]


async def test_what_is_sent_comes_out_of_the_worker(deployed: Deployed) -> None:
    query = {"session_id": "sess_1", "provider": "openai", "tenant": "acme", "time": "2026-01-31T12:00:00.000Z"}
    call = {"id": "item_9", "type": "function_call", "name": "book", "call_id": "call_1", "arguments": '{"table":8}'}
    async with collector(settings(deployed.bootstrap_servers, deployed.input_topic)) as client:
        for _ in range(3):  # sent again, as after a lost answer: the event_id is the same
            assert (await post(client, ITEM_DONE, body(), params=query))[0] == 200
        lines = (body(event_id="e2", item=call), body(event_id="e3", item={"type": "hologram", "id": "item_10"}))
        batch = b"\n".join(lines)
        assert (await post(client, PATH, batch, {"content-type": "application/x-ndjson"}, params=query))[0] == 200
        other = body(type="response.done", event_id="e4", response={"id": "resp_1", "status": "completed"})
        assert (await post(client, f"{PATH}/response.done", other, params=query))[0] == 200
        assert (await post(client, ITEM_DONE, body(event_id="e5")))[0] == 200, "no session"
    outputs: dict[str, list[dict]] = {}

    async def come() -> int:
        for topic in ("items.messages", "items.function-calls", "items.other", "responses", "rejected"):
            outputs[topic] = await _records(deployed, topic)
        return sum(map(len, outputs.values()))

    async with asyncio.timeout(60):
        while await come() < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    assert {topic: len(records) for topic, records in outputs.items()} == {
        "items.messages": 2,
        "items.function-calls": 1,
        "items.other": 1,
        "responses": 1,
        "rejected": 0,
    }
    first, alone = sorted(outputs["items.messages"], key=lambda record: record["session_id"] is None)
    assert first["item"] == EVENT["item"]
    told = [first[name] for name in ("session_id", "provider", "tenant", "done_at", "text", "revision")]
    assert told == ["sess_1", "openai", "acme", query["time"], "Your table is booked.", 1]
    assert first["source"]["event_id"] == "event_001"
    assert (alone["session_id"], alone["item_id"]) == (None, "item_003")
    assert outputs["items.function-calls"][0]["arguments"] == {"table": 8}
    assert outputs["items.other"][0]["item_type"] == "hologram"
    assert outputs["responses"][0]["status"] == "completed"
