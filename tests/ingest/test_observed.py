"""What collectors tell of themselves on a port of their own, on a real broker; and that it is off unless asked for."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from pipeline.errors import ItemstreamError
from pipeline.ingest.relay.run import run_relay
from pipeline.observe.collector_metrics import COLLECTOR, HTTP, RELAY
from pipeline.observe.metric import Metric
from pipeline.observe.metrics import LIBRARY
from pipeline.settings import Settings
from tests.ingest.http.support import ITEM_DONE, PATH, body, collector, post, settings
from tests.ingest.support import make_topic
from tests.observe.support import Samples, free_port, get, scrape, total, until_true

pytestmark = pytest.mark.kafka

SAID = 40
"""Events of one connection."""


@pytest.fixture
async def topic(bootstrap_servers: str, unique: str) -> str:
    return await make_topic(bootstrap_servers, f"events-{unique}")


async def asked(port: int) -> tuple[Samples, dict[str, Any]]:
    """What /metrics and /status say."""
    samples = await asyncio.to_thread(scrape, port)
    return samples, json.loads((await asyncio.to_thread(get, port, "/status"))[1])


async def health(port: int) -> dict[str, int]:
    return {path: (await asyncio.to_thread(get, port, path))[0] for path in ("/live", "/ready")}


def series(*metrics: Metric) -> set[str]:
    return {name for metric in metrics for name in metric.series}


def by_label(samples: Samples, name: str, label: str) -> dict[str, float]:
    return {labels[label]: value for labels, value in samples[name] if value}


async def test_events_over_http(bootstrap_servers: str, topic: str) -> None:
    port = free_port()
    async with collector(settings(bootstrap_servers, topic, web_port=port)) as client:
        await post(client, ITEM_DONE, body(event_id="1"), params={"session_id": "s"})
        events = [{**json.loads(body(event_id=str(number))), "type": kind} for number, kind in enumerate("ab")]
        assert (await post(client, PATH, json.dumps(events).encode(), params={"session_id": "s"}))[0] == 200
        refused = json.dumps([*events, {"no": "type"}]).encode()
        assert (await post(client, PATH, refused, params={"session_id": "s"}))[0] == 400
        assert (await post(client, PATH, b"[", params={"session_id": "s"}))[0] == 400
        samples, status = await asked(port)
        told = await health(port)
    assert samples.keys() == series(*COLLECTOR, *HTTP, *LIBRARY)
    assert by_label(samples, "itemstream_http_requests_total", "status") == {"200": 2, "400": 2}
    outcomes = {"written": 3, "refused": 1, "not_tried": 2}
    assert by_label(samples, "itemstream_http_events_total", "outcome") == outcomes
    assert 1 <= total(samples, "itemstream_collector_kafka_seconds_count") <= 3, "batches, not events"
    assert samples["itemstream_collector_info"][0][0]["topic"] == topic
    assert total(samples, "itemstream_collector_ready") == 1
    assert status["counters"]["events"] == {**outcomes, "limited": 0, "unavailable": 0}
    assert told == {"/live": 200, "/ready": 200}


async def talk(connection: ServerConnection) -> None:
    """The provider: says what it has to say, and waits."""
    for number in range(SAID):
        await connection.send(json.dumps({"type": "response.done", "event_id": str(number), "response": {"id": "r"}}))
    await connection.send(json.dumps({"type": "too.large", "text": "x" * 2_000}))
    await connection.wait_closed()


@contextlib.asynccontextmanager
async def relay(bootstrap_servers: str, topic: str, folder: Path, **changes: object) -> AsyncGenerator[str]:
    """A relay before such a provider; its URL."""
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    async with serve(talk, "127.0.0.1", 0) as provider:
        told = {
            "bootstrap_servers": bootstrap_servers,
            "input_topic": topic,
            "upstream": f"ws://127.0.0.1:{next(iter(provider.sockets)).getsockname()[1]}",
            "relay_port": 0,
            "relay_patience": 0,
            "journal_dir": str(folder / "journal"),
            "max_event_bytes": 1_024,
            **changes,
        }
        running = asyncio.create_task(run_relay(Settings.model_validate(told), asyncio.Event(), listening.set_result))
        try:
            await asyncio.wait({running, listening}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            yield f"ws://127.0.0.1:{listening.result()}/v1/realtime"
        finally:
            running.cancel()  # as at the end of the process: what is in the journal is not waited for
            await asyncio.wait({running})


async def test_events_of_a_relay(bootstrap_servers: str, topic: str, tmp_path: Path) -> None:
    port = free_port()
    async with (
        relay(bootstrap_servers, topic, tmp_path, web_port=port) as url,
        connect(url, proxy=None) as connection,
    ):
        for _ in range(SAID + 1):
            await connection.recv()
        await until_true(lambda: total(scrape(port), "itemstream_relay_sent_total") == SAID)
        samples, status = await asked(port)
        told = await health(port)
    assert samples.keys() == series(*COLLECTOR, *RELAY, *LIBRARY)
    assert by_label(samples, "itemstream_relay_events_total", "outcome") == {"recorded": SAID, "too_large": 1}
    assert by_label(samples, "itemstream_relay_sent_total", "outcome") == {"sent": SAID}
    assert total(samples, "itemstream_relay_connections") == total(samples, "itemstream_relay_connections_opened_total")
    assert total(samples, "itemstream_relay_journal_acknowledged_total") == SAID
    assert total(samples, "itemstream_collector_kafka_seconds_count") >= 1
    assert samples["itemstream_collector_info"][0][0]["collector"] == "relay"
    assert status["counters"]["connections"] == {"open": 1, "opened": 1, "refused": 0}
    assert status["counters"]["kafka"]["sent"] == SAID
    assert told == {"/live": 200, "/ready": 200}


@pytest.mark.parametrize(("when_full", "ready"), [("drop", 200), ("refuse", 503)])
async def test_a_relay_whose_journal_is_full(tmp_path: Path, when_full: str, ready: int) -> None:
    """Without Kafka: it goes on taking calls, unless it was told to refuse them; and is alive."""
    port = free_port()
    async with (
        relay(
            "127.0.0.1:1", "events", tmp_path, web_port=port, journal_full=when_full, journal_max_bytes=65_536
        ) as url,
        contextlib.AsyncExitStack() as open_calls,
    ):
        samples, _ = await asked(port)
        for _ in range(8):
            connection = await open_calls.enter_async_context(connect(url, proxy=None))
            for _ in range(SAID + 1):
                await connection.recv()
            samples, _ = await asked(port)
            if total(samples, "itemstream_relay_journal_full"):
                break
        outcomes = by_label(samples, "itemstream_relay_events_total", "outcome")
        assert outcomes["dropped"] > 0
        assert total(samples, "itemstream_relay_journal_stored_bytes") <= 65_536
        await until_true(lambda: total(scrape(port), "itemstream_collector_standstill_seconds") > 0)
        samples, _ = await asked(port)
        assert total(samples, "itemstream_collector_unsent_bytes") > 60_000
        assert total(samples, "itemstream_collector_unsent_limit_bytes") == 65_536
        assert await health(port) == {"/live": 200, "/ready": ready}


async def test_a_port_that_is_taken_is_told_in_one_line(bootstrap_servers: str, topic: str, tmp_path: Path) -> None:
    async with relay(bootstrap_servers, topic, tmp_path, web_port=(port := free_port())):
        with pytest.raises(ItemstreamError, match=f"the web server can't listen on 127.0.0.1:{port}"):
            async with relay(bootstrap_servers, topic, tmp_path / "2", web_port=port):
                pass
