"""A tap whose events go to the real collector over HTTP."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pipeline.ingest.keys import add_key
from pipeline.ingest.tap import Tap
from tests.ingest.clients import openai_python
from tests.ingest.http.support import collector, settings
from tests.ingest.support import make_topic
from tests.ingest.tap.support import events_in, provider
from tests.kafka.support import until

pytestmark = pytest.mark.kafka


@pytest.fixture
async def topic(bootstrap_servers: str, unique: str) -> str:
    return await make_topic(bootstrap_servers, f"tapped-{unique}")


async def test_what_is_received_is_in_kafka_in_order(bootstrap_servers: str, topic: str, tmp_path: Path) -> None:
    token, _ = add_key(tmp_path / "keys.json", "north")
    told = settings(bootstrap_servers, topic, ingest_keys=str(tmp_path / "keys.json"))
    async with collector(told), provider() as server:
        async with Tap(f"http://127.0.0.1:{told.ingest_port}", key=token) as tap:
            with tap.watching():
                await openai_python.converse("http" + server.url.removeprefix("ws"), "k")
        assert tap.counts.delivered == tap.counts.seen > 100
    copied = await events_in(bootstrap_servers, topic)
    assert [sequence for _, sequence, _ in copied] == list(range(1, tap.counts.seen + 1))
    assert {key for key, _, _ in copied} == {copied[0][2]["session"]["id"]}


async def test_what_the_collector_refuses_is_counted_and_the_rest_arrives(bootstrap_servers: str, topic: str) -> None:
    told = settings(bootstrap_servers, topic, max_event_bytes=1_024)
    async with collector(told), Tap(f"http://127.0.0.1:{told.ingest_port}") as tap:
        tapped = tap.session("s")
        for number in range(3):
            tapped.received({"type": "tick", "event_id": f"e{number}"})
            tapped.received({"type": "large", "event_id": f"l{number}", "text": "x" * 2_000})
        tapped.received("no JSON")
        await until(lambda: tap.waiting == 0)
    assert [event["event_id"] for _, _, event in await events_in(bootstrap_servers, topic)] == ["e0", "e1", "e2"]
    assert (tap.counts.delivered, tap.counts.refused) == (3, {"http_413": 3, "http_400": 1})


async def test_a_collector_that_is_away_is_waited_for(bootstrap_servers: str, topic: str) -> None:
    told = settings(bootstrap_servers, topic)
    async with Tap(f"http://127.0.0.1:{told.ingest_port}", close_seconds=20) as tap:
        tapped = tap.session("s")
        tapped.received({"type": "tick", "event_id": "e1"})
        await asyncio.sleep(0.2)
        assert tap.waiting == 1
        async with collector(told):
            await until(lambda: tap.waiting == 0)
    assert (tap.counts.delivered, tap.counts.abandoned) == (1, 0)


async def test_a_key_that_is_not_let_in_loses_nothing_until_the_end(bootstrap_servers: str, topic: str, tmp_path: Path
) -> None:  # fmt: skip
    keys = tmp_path / "keys.json"
    add_key(keys, "north")
    told = settings(bootstrap_servers, topic, ingest_keys=str(keys))
    async with collector(told):
        async with Tap(f"http://127.0.0.1:{told.ingest_port}", key="itemstream_x_y", close_seconds=0.3) as tap:
            tap.session("s").received({"type": "tick", "event_id": "e1"})
        assert (tap.counts.delivered, tap.counts.abandoned) == (0, 1)
