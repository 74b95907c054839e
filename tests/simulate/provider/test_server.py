"""The stand-in on a port, and as a command."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
import trustme
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from pipeline.errors import ItemstreamError
from pipeline.ledger import read_ledger
from pipeline.simulate.provider import StandIn
from tests.simulate.provider.support import tone


async def first(address: str, **options: Any) -> dict[str, Any]:
    async with connect(address, **options) as connection:
        return orjson.loads(await connection.recv())


async def until(connection: ClientConnection, event_type: str) -> dict[str, Any]:
    """The next event of this type."""
    while (event := orjson.loads(await connection.recv()))["type"] != event_type:
        pass
    return event


@pytest.mark.parametrize(
    ("address", "beta", "first_keys"),
    [
        ("/v1/realtime?model=gpt-realtime", None, ["type", "event_id"]),
        ("/v1/realtime?model=gpt-4o-realtime-preview", "realtime=v1", ["event_id", "type"]),
        ("/openai/v1/realtime?model=my-deployment", None, ["type", "event_id"]),
        ("/openai/realtime?api-version=2025-04-01-preview&deployment=d", None, ["type", "event_id"]),
        ("/voice-live/realtime?api-version=2025-10-01&model=gpt-realtime", None, ["event_id", "type"]),
        ("/v1/realtime?model=grok-voice-latest", None, ["type", "event_id"]),
        ("/v1/realtime/openai?model=gpt://folder/speech-realtime-250923", None, ["type", "event_id"]),
    ],
)
async def test_an_address_tells_the_dialect(address: str, beta: str | None, first_keys: list[str]) -> None:
    headers = {"OpenAI-Beta": beta} if beta else {}
    async with StandIn() as server:
        told = await first(server.url.removesuffix("/v1") + address, additional_headers=headers)
    assert told["type"] == "session.created"
    assert list(told)[:2] == first_keys
    model = address.partition("model=")[2] or address.partition("deployment=")[2]
    assert told["session"]["model"] == model


async def test_what_is_no_such_address_is_not_found() -> None:
    async with StandIn() as server:
        with pytest.raises(InvalidStatus, match="404"):
            await first(server.url + "/chat")


async def test_browsers_offer_their_key_as_a_subprotocol() -> None:
    offered = [Subprotocol("realtime"), Subprotocol("openai-insecure-api-key.secret")]
    async with StandIn() as server, connect(server.url + "/realtime", subprotocols=offered) as connection:
        assert connection.subprotocol == "realtime"


async def test_a_port_in_use_is_told() -> None:
    async with StandIn() as server:
        with pytest.raises(ItemstreamError, match=f"cannot listen on 127.0.0.1:{server.port}"):
            await StandIn(port=server.port).__aenter__()


async def test_time_passes_as_fast_as_asked() -> None:
    """A second of the conversation takes a twentieth; the client cancels in the middle of an answer."""
    async with StandIn(speed=20) as server, connect(server.url + "/realtime") as connection:
        began = time.monotonic()
        await connection.send('{"type": "response.create"}')
        await until(connection, "response.output_audio.delta")
        assert time.monotonic() - began > 0.15 / 20
        await connection.send('{"type": "response.cancel"}')
        assert (await until(connection, "response.done"))["response"]["status"] == "cancelled"


async def test_the_command_serves_until_it_is_stopped_and_keeps_a_ledger(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "cert.pem")
    ledger = tmp_path / "ledger.jsonl"
    command = [sys.executable, "-m", "pipeline.cli.main", "simulate", "provider", "--port", "0", "--speed", "0",
               "--tls-cert", tmp_path / "cert.pem", "--tls-key", tmp_path / "cert.pem", "--ledger", ledger]  # fmt: skip
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    program = await asyncio.create_subprocess_exec(*map(str, command), stdout=subprocess.PIPE)
    try:
        assert program.stdout is not None
        line = (await program.stdout.readline()).decode()
        address = line.split()[5]
        assert address.startswith("wss://127.0.0.1:")
        async with connect(address, ssl=trusting) as connection:
            for event in (
                {"type": "input_audio_buffer.append", "audio": tone(400)},
                {"type": "input_audio_buffer.append", "audio": tone(700, loud=False)},
            ):
                await connection.send(orjson.dumps(event).decode())
            await until(connection, "response.done")
        program.terminate()
        assert await program.wait() == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            program.kill()
    assert {line.topic for line in read_ledger(ledger)} == {"items.messages", "responses"}


def test_wrong_use_is_told() -> None:
    for arguments, told in ((["--dialect", "latin"], "--dialect latin does not exist"), (["--tls-key", "k"], "both")):
        command = [sys.executable, "-m", "pipeline.cli.main", "simulate", "provider", *arguments]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (ended.returncode, told in ended.stderr) == (2, True), ended.stderr
