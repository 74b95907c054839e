"""Who may connect, and what happens when the journal is full."""

import asyncio
import contextlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus

from pipeline.ingest.access import Access
from pipeline.ingest.keys import KeyStore, add_key, revoke_key, rotate_key, set_limits
from pipeline.ingest.limits import Limits
from pipeline.ingest.relay import tunnel
from pipeline.ingest.relay.key import take_key
from tests.ingest.relay.support import (
    HANDSHAKE,
    SWITCHING,
    MemoryJournal,
    Running,
    head,
    raw_upstream,
    relaying,
    websocket_upstream,
)
from tests.ingest.relay.test_recording import CREATED, event, headers


async def talk(connection: ServerConnection) -> None:
    """Says one event for each message, the first of them `session.created`."""
    number = 0
    async for _ in connection:
        number += 1
        await connection.send(event(number) if number > 1 else CREATED)


async def say_path(connection: ServerConnection) -> None:
    request = connection.request
    assert request is not None
    await connection.send(json.dumps([request.path, request.headers.get("x-itemstream-key")]))
    await connection.wait_closed()


async def refused(relay: Running, path: str = "/v1/realtime", **options: Any) -> tuple[int, dict[str, Any]]:
    with pytest.raises(InvalidStatus) as told:
        await relay.connect(path, **options)
    response = told.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    return response.status_code, json.loads(response.body or b"")


async def test_keys_of_tenants(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    token, _ = add_key(file, "acme")
    access = Access(KeyStore(file), Limits())
    async with websocket_upstream(say_path) as port, relaying(port, access=access) as relay:
        assert (await refused(relay))[0] == 401
        status, told = await refused(relay, additional_headers={"X-Itemstream-Key": token[:-1] + "!"})
        assert status == 401
        assert token[:-1] not in json.dumps(told)
        assert (await refused(relay, additional_headers={"Authorization": f"Bearer {token}"}))[0] == 401
        for path, options in (
            ("/v1/realtime?model=m", {"additional_headers": {"X-Itemstream-Key": token}}),
            (f"/v1/realtime?model=m&itemstream_key={token}", {}),
            (f"/v1/realtime?itemstream_key={token}&model=m", {}),
        ):
            async with relay.connect(path, **options) as client:
                assert json.loads(await client.recv()) == ["/v1/realtime?model=m", None], "the provider never sees it"
    assert [headers(output)["ce_tenant"] for output in relay.journal.outputs] == ["acme"] * 3
    assert token.encode() not in b"".join(relay.journal.records)
    assert relay.relay.counts.refused == 3


@pytest.mark.parametrize(
    ("target", "key", "rest"),
    [
        ("/v1?a=1&itemstream_key=k&b=%20+", "k", "/v1?a=1&b=%20+"),
        ("/v1?itemstream_key=k", "k", "/v1"),
        ("/v1?itemstream%5Fkey=a%2Bb", None, "/v1?itemstream%5Fkey=a%2Bb"),
        ("/v1?itemstream_key=a%2Bb", "a+b", "/v1"),
        ("/v1?xitemstream_key=k", None, "/v1?xitemstream_key=k"),
        ("/v1?", None, "/v1?"),
        ("/v1", None, "/v1"),
    ],
)
def test_the_key_is_taken_out_of_the_target_and_nothing_else(target: str, key: str | None, rest: str) -> None:
    assert take_key(target, []) == (key, rest, [])


async def ended(client: ClientConnection) -> tuple[int | None, str | None]:
    async with asyncio.timeout(60):
        await client.wait_closed()
    return client.close_code, client.close_reason


async def test_a_key_that_is_taken_away_ends_its_calls_and_no_others(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    (revoked, key), (expired, old), (other, _) = (add_key(file, "acme") for _ in range(3))
    access = Access(KeyStore(file), Limits())
    async with websocket_upstream(talk) as port, relaying(port, access=access) as relay:
        clients = [
            await relay.connect(additional_headers={"X-Itemstream-Key": token}) for token in (revoked, expired, other)
        ]
        for client in clients:
            await client.send("")
            assert await client.recv() == CREATED
        new, _ = rotate_key(file, old.id, timedelta(0))
        revoke_key(file, key.id)
        for client in clients[:2]:
            assert await ended(client) == (1008, "the key is no longer in force")
        async with relay.connect(additional_headers={"X-Itemstream-Key": new}) as renewed:
            for client in (renewed, clients[2]):
                await client.send("")
                assert await client.recv() in (CREATED, event(2))
        await clients[2].close()
    assert len(relay.journal.records) == 5


async def test_a_call_that_does_not_end_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The provider stops in the middle of a frame: the close frame has no place to go."""
    monkeypatch.setattr(tunnel, "CLOSE_SECONDS", 0.1)
    file = tmp_path / "keys.json"
    token, key = add_key(file, "acme")

    async def half_a_frame(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head(reader)
        writer.write(SWITCHING + b"\x81\x05hal")
        await reader.read()

    async with raw_upstream(half_a_frame) as port, relaying(port, access=Access(KeyStore(file), Limits())) as relay:
        reader, writer = await relay.open()
        writer.write(HANDSHAKE.replace(b"\r\n\r\n", f"\r\nX-Itemstream-Key: {token}\r\n\r\n".encode()))
        assert (await head(reader)).startswith(b"HTTP/1.1 101")
        assert await reader.readexactly(5) == b"\x81\x05hal"
        revoke_key(file, key.id)
        async with asyncio.timeout(60):
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()


async def test_connections_of_a_tenant_and_of_all(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    token, _ = add_key(file, "acme")
    set_limits(file, "acme", Limits(connections=1))
    access = Access(KeyStore(file), Limits())
    options: dict[str, Any] = {"additional_headers": {"X-Itemstream-Key": token}}
    async with websocket_upstream(talk) as port:
        async with relaying(port, access=access) as relay:
            async with relay.connect(**options):
                status, told = await refused(relay, **options)
                assert (status, told["title"]) == (429, "Too many connections")
            async with asyncio.timeout(10):
                while True:
                    try:
                        await (await relay.connect(**options)).close()
                        break
                    except InvalidStatus:
                        await asyncio.sleep(0.02)
        async with relaying(port, max_connections=1) as relay, relay.connect():
            assert (await refused(relay))[0] == 503


async def test_a_full_journal_drops_and_counts_while_calls_go_on() -> None:
    async with websocket_upstream(talk) as port, relaying(port, journal=MemoryJournal(room=2)) as relay:
        async with relay.connect() as client:
            for number in range(1, 6):
                await client.send("go on")
                assert await client.recv() == (event(number) if number > 1 else CREATED)
        async with relay.connect():
            pass
        assert (relay.relay.counts.events.recorded, relay.relay.counts.events.dropped) == (2, 3)
        relay.journal.room = 10
        async with relay.connect() as client:
            await client.send("")
            await client.recv()
        assert relay.relay.counts.events.recorded == 3


async def test_a_full_journal_may_refuse_new_connections() -> None:
    journal = MemoryJournal(room=1)
    async with websocket_upstream(talk) as port, relaying(port, journal=journal, when_full="refuse") as relay:
        client = await relay.connect()
        await client.send("")
        await client.recv()
        status, told = await refused(relay)
        assert (status, told["title"]) == (503, "The journal is full")
        await client.send("")
        assert await client.recv() == event(2)
        assert relay.relay.counts.events.dropped == 1
        await client.close()


async def test_a_full_journal_may_close_the_connection_whose_event_was_dropped() -> None:
    journal = MemoryJournal(room=1)
    async with websocket_upstream(talk) as port, relaying(port, journal=journal, when_full="close") as relay:
        async with relay.connect() as client:
            for _ in range(2):
                await client.send("")
            assert await client.recv() == CREATED
            assert await client.recv() == event(2), "what was dropped has still been passed on"
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert (client.close_code, client.close_reason) == (1013, "events can't be recorded now")
        assert (await refused(relay))[0] == 503


async def test_health() -> None:
    async def ask(relay: Running) -> tuple[bytes, dict[str, Any]]:
        reader, writer = await relay.open()
        writer.write(b"GET /-/health HTTP/1.1\r\nHost: relay\r\n\r\n")
        answered = await reader.read()
        writer.close()
        return answered.split(b" ")[1], json.loads(answered.partition(b"\r\n\r\n")[2])

    async with websocket_upstream(talk) as port, relaying(port) as relay, relay.connect() as client:
        await client.send("")
        await client.recv()
        status, told = await ask(relay)
    assert status == b"200"
    assert told["status"] == "ok"
    assert told["connections"] == {"open": 1, "opened": 1, "refused": 0}
    assert told["events"]["recorded"] == 1
