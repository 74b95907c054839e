"""Both collectors as processes of their own, a provider that talks, and what is sent through them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path

import aiohttp
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.kafka.deploy import Deployed
from tests.observe.support import free_port, get, until_true

COMMAND = (sys.executable, "-m", "pipeline.cli.main", "ingest")
SAID = 20
"""Events of one call."""


@contextlib.contextmanager
def ingest(deployed: Deployed, log: Path, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
    """`itemstream ingest …` into the input of a deployment."""
    where = ("--bootstrap-servers", deployed.bootstrap_servers, "--input-topic", deployed.input_topic)
    with log.open("ab") as stderr:
        process = subprocess.Popen([*COMMAND, *arguments, *where], stderr=stderr)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


async def talk(connection: ServerConnection) -> None:
    """The provider's side of a call: some events, then silence."""
    for number in range(SAID):
        event = {"type": "input_audio_buffer.cleared", "event_id": f"{id(connection)}-{number}"}
        await connection.send(json.dumps(event))
    await connection.wait_closed()


@contextlib.asynccontextmanager
async def collecting(
    deployed: Deployed, folder: Path, relay_web_port: int, http_web_port: int
) -> AsyncGenerator[Callable[[], Awaitable[None]]]:
    """Relay and HTTP collector, ready; what is yielded sends something through each."""
    relay_port, http_port = free_port(), free_port()
    async with serve(talk, "127.0.0.1", 0) as provider, aiohttp.ClientSession() as client:
        upstream = f"ws://127.0.0.1:{next(iter(provider.sockets)).getsockname()[1]}"
        relay = (
            "relay", "--upstream", upstream, "--relay-port", str(relay_port), "--journal-dir", str(folder / "journal"),
            "--relay-patience", "0", "--web-port", str(relay_web_port),
        )  # fmt: skip
        http = ("http", "--ingest-port", str(http_port), "--web-port", str(http_web_port))

        async def collect() -> None:
            async with connect(f"ws://127.0.0.1:{relay_port}/v1/realtime", proxy=None) as connection:
                for _ in range(SAID):
                    await connection.recv()
            url = f"http://127.0.0.1:{http_port}/v1/realtime/server-events?session_id=posted"
            events = [{"type": "input_audio_buffer.cleared"}] * SAID
            async with client.post(url, json=events) as answer:
                assert answer.status == 200

        with ingest(deployed, folder / "relay.log", *relay), ingest(deployed, folder / "http.log", *http):
            for port in (relay_web_port, http_web_port):
                await until_true(lambda: get(port, "/ready")[0] == 200)  # noqa: B023
            yield collect
