"""Kafka stops and comes back, the collector stops: what got 200 is in the topic once; nothing is left unanswered."""

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import aiohttp
import pytest

from pipeline.kafka import EmbeddedKafka, probe
from tests.ingest.http.support import ITEM_DONE, JSON, PATH, body, collector, post, settings
from tests.ingest.support import make_topic
from tests.kafka.support import read_all
from tests.observe.support import free_port, get, scrape, total

pytestmark = pytest.mark.kafka


async def test_kafka_stops_and_comes_back(tmp_path: Path, unique: str, caplog: pytest.LogCaptureFixture) -> None:
    broker = EmbeddedKafka(data_dir=tmp_path)
    broker.start()
    topic = await make_topic(broker.bootstrap_servers, f"events-{unique}", partitions=3)
    port = free_port()
    told = settings(broker.bootstrap_servers, topic, ingest_timeout=1, web_port=port)
    answers: dict[str, list[int]] = {}
    retry_after: set[str | None] = set()
    stop = asyncio.Event()

    async def send(client: aiohttp.ClientSession, sender: int) -> None:
        """One event after another; each until it got 200, as a sender does."""
        number = 0
        while not stop.is_set():
            number += 1
            event_id = f"{sender}-{number}"
            statuses = answers.setdefault(event_id, [])
            while 200 not in statuses:
                status, _, headers = await post(
                    client, ITEM_DONE, body(event_id=event_id), params={"session_id": f"s{sender}"}
                )
                statuses.append(status)
                if status != 200:
                    retry_after.add(headers.get("retry-after"))
                    await asyncio.sleep(0.1)

    async with collector(told) as client:
        senders = [asyncio.create_task(send(client, sender)) for sender in range(12)]
        await _until(lambda: len(answers) > 100)
        await asyncio.to_thread(broker.kill)
        await _until(lambda: len({one.split("-")[0] for one, told in answers.items() if refused(told)}) == 12)
        async with client.get("/health") as health:
            assert health.status == 503
            assert (await health.json())["status"] == "stuck"
        # Alive: to start it anew would not bring Kafka back.
        assert [(await asyncio.to_thread(get, port, path))[0] for path in ("/ready", "/live")] == [503, 200]
        samples = await asyncio.to_thread(scrape, port)
        assert total(samples, "itemstream_collector_standstill_seconds") > 1
        assert total(samples, "itemstream_collector_unsent_bytes") > 0
        assert ({"outcome": "unavailable"}, 0.0) not in samples["itemstream_http_events_total"]
        await asyncio.to_thread(broker.start)
        answered = len(answers)
        await _until(lambda: len(answers) > answered + 100 and "acknowledges again" in caplog.text)
        stop.set()
        await asyncio.gather(*senders)
        assert (await asyncio.to_thread(get, port, "/ready"))[0] == 200
        samples = await asyncio.to_thread(scrape, port)
        counted = {labels["outcome"]: value for labels, value in samples["itemstream_http_events_total"]}
    found = Counter(dict(one.headers)["ce_id"].decode() for one in await read_all(broker.bootstrap_servers, topic))
    broker.stop()
    assert {status for statuses in answers.values() for status in statuses} == {200, 503}
    assert retry_after == {"2"}
    assert found == dict.fromkeys(answers, 1)
    assert counted["written"] == len(answers)
    assert counted["unavailable"] == sum(statuses.count(503) for statuses in answers.values())
    lines = [record.getMessage() for record in caplog.records if record.name.startswith(("pipeline", "aiokafka"))]
    lines = [re.sub(r"\d+ (s|events)", r"N \1", line) for line in lines if not line.startswith("listening")]
    assert len(lines) < 10, "a busy machine may stop it once more, nothing may flood the log"
    assert lines[:2] == [
        f"Kafka at {broker.bootstrap_servers} has not acknowledged for N s; N events wait",
        "Kafka acknowledges again, after N s",
    ]


def refused(statuses: list[int]) -> bool:
    """Whether an event was, and is not in yet; one may be refused while all is well, on a busy machine."""
    return 503 in statuses and 200 not in statuses


async def _until(true) -> None:
    async with asyncio.timeout(60):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def _command(bootstrap_servers: str, topic: str) -> AsyncGenerator[tuple[Process, aiohttp.ClientSession]]:
    """The command as a process of its own, and a client for it."""
    port = probe.free_ports(1)[0]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pipeline.cli.main", "ingest", "http", "--bootstrap-servers", bootstrap_servers,
        "--input-topic", topic, "--ingest-port", str(port), stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        line = (await process.stderr.readline()).decode()
        assert re.search(rf"listening on http://127\.0\.0\.1:{port}, writing to {topic}", line)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            yield process, client
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_kill_9_under_load(bootstrap_servers: str, topic: str) -> None:
    """What was answered 200 is in the topic, once; what was not may be."""
    acknowledged: list[str] = []
    async with _command(bootstrap_servers, topic) as (process, client):

        async def send(sender: int) -> None:
            number = 0
            with contextlib.suppress(aiohttp.ClientError):
                while True:
                    event_id, number = f"{sender}-{number}", number + 1
                    status, _, _ = await post(client, ITEM_DONE, body(event_id=event_id))
                    assert status == 200
                    acknowledged.append(event_id)

        senders = [asyncio.create_task(send(sender)) for sender in range(20)]
        await _until(lambda: len(acknowledged) > 1000)
        process.kill()
        await asyncio.gather(*senders)
    found = Counter(dict(one.headers)["ce_id"].decode() for one in await read_all(bootstrap_servers, topic))
    assert set(found.values()) == {1}
    assert found.keys() >= set(acknowledged)
    assert len(found) - len(acknowledged) <= 20, "one a sender, unanswered"


async def test_sigterm_answers_what_is_in_flight(bootstrap_servers: str, topic: str) -> None:
    sending = asyncio.Event()

    async def slowly():
        yield body()[:10]
        sending.set()
        await asyncio.sleep(0.5)
        yield body()[10:]

    async with _command(bootstrap_servers, topic) as (process, client):
        request = asyncio.create_task(post(client, ITEM_DONE, slowly(), JSON))  # type: ignore[arg-type]
        await sending.wait()
        process.send_signal(signal.SIGTERM)
        status, told, _ = await request
        assert (status, told["event_id"]) == (200, "event_001")
        _, rest = await process.communicate()
        assert process.returncode == 0, rest.decode()
        assert "Traceback" not in rest.decode()
    assert len(await read_all(bootstrap_servers, topic)) == 1


async def test_what_kafka_does_not_take(bootstrap_servers: str, topic: str) -> None:
    """Larger than the topic takes: 413 for it alone, and the others of its batch are in."""
    told = settings(bootstrap_servers, topic, max_event_bytes=5_000_000)
    async with collector(told) as client:
        large = body(type="a.b", event_id="large", pad="x" * 2_000_000)
        batch = b"[" + body() + b"," + large + b"]"
        status, answer, _ = await post(client, PATH, batch, params={"session_id": "s"})
        assert status == 413
        assert [line["status"] for line in answer["lines"]] == [200, 413]
        assert (await post(client, f"{PATH}/a.b", large))[0] == 413
    assert [one.value for one in await read_all(bootstrap_servers, topic)] == [body()]
