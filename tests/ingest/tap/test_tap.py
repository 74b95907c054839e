"""What is received on a tapped connection is in Kafka, in order, whatever the client; who receives never waits."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import aiohttp
import orjson
import pytest
from openai import AsyncOpenAI, OpenAI
from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_in_thread

from pipeline.errors import UsageError
from pipeline.ingest.tap import Tap
from tests.ingest.clients import openai_python, pydantic_agent
from tests.ingest.support import make_topic
from tests.ingest.tap.support import CREATE, Json, events_in, provider, without_sound

pytestmark = pytest.mark.kafka


@pytest.fixture
async def topic(bootstrap_servers: str, unique: str) -> str:
    return await make_topic(bootstrap_servers, f"tapped-{unique}", partitions=3)


async def with_websockets(address: str, tap: Tap) -> list[Json]:
    async with connect(address) as connection:
        assert tap(connection) is connection
        tap(connection)  # once more changes nothing
        await connection.send(CREATE)
        received: list[Json] = []
        async for message in connection:
            received.append(orjson.loads(message))
            if received[-1]["type"] == "response.done":
                break
        return received


async def with_threads(address: str, tap: Tap) -> list[Json]:
    def converse() -> list[Json]:
        with connect_in_thread(address) as connection:
            tap(connection)
            connection.send(CREATE)
            received: list[Json] = []
            while not received or received[-1]["type"] != "response.done":
                received.append(orjson.loads(connection.recv(decode=False)))
            return received

    return await asyncio.to_thread(converse)


async def with_aiohttp(address: str, tap: Callable[[Any], Any]) -> list[Json]:
    async with aiohttp.ClientSession() as session, session.ws_connect(address) as connection:
        tap(connection)
        await connection.send_str(CREATE)
        received: list[Json] = []
        async for message in connection:
            received.append(orjson.loads(message.data))
            if received[-1]["type"] == "response.done":
                break
        return received


async def with_openai_in_a_thread(address: str, tap: Tap) -> list[Json]:
    def converse() -> list[Json]:
        client = OpenAI(api_key="k", base_url="http" + address.removeprefix("ws").removesuffix("/realtime"))
        with client.realtime.connect(model="gpt-realtime") as connection:
            tap(connection)
            connection.response.create()
            received: list[Json] = []
            while not received or received[-1]["type"] != "response.done":
                received.append(connection.recv().to_dict())
            return received

    return await asyncio.to_thread(converse)


@pytest.mark.parametrize("converse", [with_websockets, with_threads, with_aiohttp, with_openai_in_a_thread])
async def test_every_event_is_copied_in_order(converse: Any, bootstrap_servers: str, topic: str) -> None:
    async with provider() as server, Tap(bootstrap_servers, topic=topic, tenant="north") as tap:
        received = await converse(server.url + "/realtime", tap)
    copied = await events_in(bootstrap_servers, topic)
    session_id = received[0]["session"]["id"]
    assert [(key, sequence) for key, sequence, _ in copied] == [(session_id, n + 1) for n in range(len(copied))]
    events = [event for _, _, event in copied]
    assert events[: len(received)] == [without_sound(event) for event in received]
    assert tap.counts.seen == tap.counts.delivered == len(copied)


async def test_frameworks_whose_connections_nobody_reaches_are_watched(bootstrap_servers: str, topic: str) -> None:
    async with provider() as server, Tap(bootstrap_servers, topic=topic) as tap:
        base_url = "http" + server.url.removeprefix("ws")
        with tap.watching():
            await pydantic_agent.converse(base_url, "k")
            await openai_python.converse(base_url, "k")
            await with_aiohttp(server.url + "/realtime", tap=lambda connection: connection)
            await with_aiohttp(server.url + "/realtime", tap)  # tapped by itself too: once is enough
        seen = tap.counts.seen
        await openai_python.converse(base_url, "k")
        assert tap.counts.seen == seen
    copied = await events_in(bootstrap_servers, topic)
    assert len(copied) == seen
    assert len({key for key, _, _ in copied}) == server.sessions - 1
    by_session: dict[str | None, list[int]] = {}
    for key, sequence, event in copied:
        assert (sequence == 1) == (event["type"] == "session.created")
        by_session.setdefault(key, []).append(sequence)
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_session.values())


async def test_a_tapped_connection_of_openai_is_copied_once_while_all_are_watched(
    bootstrap_servers: str, topic: str
) -> None:
    """Its messages come by twice: on the connection that was tapped, and on the one of `websockets` inside of it."""
    elsewhere = await make_topic(bootstrap_servers, f"{topic}-elsewhere")
    taps = Tap(bootstrap_servers, topic=topic), Tap(bootstrap_servers, topic=elsewhere)
    async with provider() as server, taps[0] as tap, taps[1] as other:
        client = AsyncOpenAI(api_key="k", base_url="http" + server.url.removeprefix("ws"))
        with tap.watching(), other.watching():
            async with client.realtime.connect(model="gpt-realtime") as connection:
                tap(connection)
                while (await connection.recv()).type != "session.created":
                    pass
                await connection.session.update(session={"type": "realtime"})
                while (await connection.recv()).type != "session.updated":
                    pass
        assert tap.counts.seen == other.counts.seen == 2, "who watches from elsewhere sees all"
    copied = await events_in(bootstrap_servers, topic)
    assert [(sequence, event["type"]) for _, sequence, event in copied] == [
        (1, "session.created"),
        (2, "session.updated"),
    ]


async def test_who_has_the_messages_in_hand_gives_them(bootstrap_servers: str, topic: str) -> None:
    sound = {"type": "response.output_audio.delta", "event_id": "e3", "delta": "AAAA"}
    async with Tap(bootstrap_servers, topic=topic, audio=True, redact=["$.item.text"]) as tap:
        tapped = tap.session("call-7", provider="xai")
        tapped.received('{"type": "conversation.item.done", "event_id": "e1", "item": {"text": "secret"}}')
        tapped.received(b'{"type": "session.created", "event_id": "e2", "session": {"id": "sess_2"}}')
        tapped.received(sound)
        tapped.received("no JSON")
    copied = await events_in(bootstrap_servers, topic)
    assert sorted((key, sequence) for key, sequence, _ in copied) == [("call-7", 1), ("sess_2", 2), ("sess_2", 3)]
    by_number = {sequence: event for _, sequence, event in copied}
    assert by_number[1]["item"] == {"text": "[redacted]"}
    assert by_number[3] == sound
    assert tap.counts.refused == {"redaction": 1}


async def test_what_is_too_large_is_left_out_and_counted(bootstrap_servers: str, topic: str) -> None:
    async with Tap(bootstrap_servers, topic=topic, max_event_bytes=100) as tap:
        tapped = tap.session("s")
        tapped.received('{"type": "a", "text": "' + "x" * 100 + '"}')
        tapped.received('{"type": "b"}')
    assert [(sequence, event["type"]) for _, sequence, event in await events_in(bootstrap_servers, topic)] == [(2, "b")]
    assert (tap.counts.refused, tap.counts.delivered) == ({"too_large": 1}, 1)


async def test_what_waits_for_kafka_is_delivered_when_it_is_there(bootstrap_servers: str, unique: str) -> None:
    topic = f"later-{unique}"
    async with Tap(bootstrap_servers, topic=topic, close_seconds=30) as tap:
        tapped = tap.session("s")
        for number in range(500):
            tapped.received({"type": "tick", "event_id": f"e{number}"})
        await asyncio.sleep(0.3)
        assert tap.waiting == 500
        await make_topic(bootstrap_servers, topic)
    assert [event["event_id"] for _, _, event in await events_in(bootstrap_servers, topic)] == [
        f"e{number}" for number in range(500)
    ]
    assert tap.waiting == 0


@pytest.fixture
def nobody() -> str:
    """An address where no Kafka is."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize("when_full", ["drop-newest", "drop-oldest"])
def test_without_kafka_nobody_waits_and_what_is_dropped_is_counted(nobody: str, when_full: Any) -> None:
    event = '{"type": "tick", "text": "' + "x" * 1_000 + '"}'
    began = time.monotonic()
    with Tap(nobody, max_waiting_bytes=3_000_000, when_full=when_full, close_seconds=0.2) as tap:
        tapped = tap.session("s")

        def receive() -> None:
            for _ in range(2_500):
                tapped.received(event)

        threads = [threading.Thread(target=receive) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counts = tap.counts
        assert counts.seen == 10_000
        assert 2_000 < tap.waiting < 3_000
        assert counts.dropped == 10_000 - tap.waiting
    assert time.monotonic() - began < 10
    assert counts.abandoned == 10_000 - counts.dropped
    dropped = counts.dropped
    tapped.received(event)  # the connection may outlive the tap
    assert counts.dropped == dropped + 1


def test_a_connection_of_another_kind_is_told() -> None:
    with pytest.raises(UsageError, match=r"tap does not know how object receives: use tap\.session"):
        Tap("127.0.0.1:1")(object())
