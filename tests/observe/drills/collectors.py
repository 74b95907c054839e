"""Drills of the collectors: a relay with a small journal under load, a broker of its own, Prometheus over it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import signal
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import WebSocketException

from pipeline.kafka import EmbeddedKafka
from tests.kafka.deploy import deploy
from tests.observe.collecting import ingest
from tests.observe.drills.site import SCRAPE_SECONDS, SECONDS_PER_MINUTE, Drill
from tests.observe.prometheus import RULES, Prometheus, hurried, prometheus
from tests.observe.support import free_port, until_true

CALLS, SECONDS_BETWEEN = 20, 0.1
JOURNAL_BYTES = 2 * 1024 * 1024
"""Full after some 20 seconds of this load without Kafka."""
TOO_LARGE = 1_100_000
"""Bytes; more than `max_event_bytes`."""


@dataclass
class RelaySite:
    """What a drill can break."""

    kafka: EmbeddedKafka
    relay: subprocess.Popen[bytes]
    web_port: int
    prometheus: Prometheus
    provider: Provider

    @property
    def sender(self) -> int:
        """Process id of the one that sends the journal. Raises OSError where there is none just now."""
        children = Path(f"/proc/{self.relay.pid}/task/{self.relay.pid}/children").read_text().split()
        if not children:
            raise ProcessLookupError
        return int(children[0])


@dataclass
class Provider:
    """What the calls reach."""

    too_large: int = 0
    """So many of the events it says next are larger than the relay records."""

    async def talk(self, connection: ServerConnection) -> None:
        """An event now and then, for ever."""
        with contextlib.suppress(WebSocketException):
            for number in count():
                pad, self.too_large = (TOO_LARGE, self.too_large - 1) if self.too_large else (120, 0)
                event = {"type": "input_audio_buffer.cleared", "event_id": f"{id(connection)}-{number}"}
                await connection.send(json.dumps({**event, "pad": "x" * pad}))
                await asyncio.sleep(SECONDS_BETWEEN)


async def call(url: str) -> None:
    """An application: listens, and calls again when it is cut off."""
    while True:
        with contextlib.suppress(OSError, WebSocketException, TimeoutError):
            async with connect(url, proxy=None, max_size=None) as connection:
                async for _ in connection:
                    pass
        await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def relay_site(folder: Path) -> AsyncGenerator[RelaySite]:
    """All of it, until the context ends."""
    port, web_port = free_port(), free_port()
    rules = hurried(RULES.read_text(), SECONDS_PER_MINUTE)
    provider = Provider()
    async with serve(provider.talk, "127.0.0.1", 0) as server:
        relay = (
            "relay", "--upstream", f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}", "--relay-port",
            str(port), "--relay-patience", "0", "--journal-dir", str(folder / "journal"), "--journal-max-bytes",
            str(JOURNAL_BYTES), "--web-port", str(web_port),
        )  # fmt: skip
        with (
            EmbeddedKafka(data_dir=folder / "kafka") as kafka,
            prometheus(folder / "prometheus", [web_port], rules, SCRAPE_SECONDS) as running,
        ):
            deployed = await deploy(kafka.bootstrap_servers, "drills")
            with ingest(deployed, folder / "relay.log", *relay) as process:
                calls = [asyncio.create_task(call(f"ws://127.0.0.1:{port}/v1/realtime")) for _ in range(CALLS)]
                try:
                    yield RelaySite(kafka, process, web_port, running, provider)
                finally:
                    for one in calls:
                        one.cancel()
                    await asyncio.gather(*calls, return_exceptions=True)


async def kafka_killed(site: RelaySite) -> AsyncGenerator[None]:
    await asyncio.to_thread(site.kafka.kill)
    yield
    await asyncio.to_thread(site.kafka.start)


async def large_events(site: RelaySite) -> AsyncGenerator[None]:
    # What happened before the first scrape is in no increase.
    await until_true(lambda: site.prometheus.query("itemstream_relay_events_total"))
    site.provider.too_large = CALLS
    yield


async def full_disk(site: RelaySite) -> AsyncGenerator[None]:
    before = resource.prlimit(site.relay.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(site.relay.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    yield
    resource.prlimit(site.relay.pid, resource.RLIMIT_FSIZE, before)


async def killed_sender(site: RelaySite) -> AsyncGenerator[None]:
    async def kill() -> None:
        while True:
            with contextlib.suppress(OSError):
                os.kill(site.sender, signal.SIGKILL)
            await asyncio.sleep(0.5)

    task = asyncio.create_task(kill())
    yield
    task.cancel()


RELAY_DRILLS: tuple[Drill[RelaySite], ...] = (
    Drill(
        ("ItemstreamUnsentGrowing", "ItemstreamCollectorStuck", "ItemstreamJournalFull", "ItemstreamEventsDropped"),
        f"Kafka killed (SIGKILL) under {CALLS} calls through a relay whose journal has {JOURNAL_BYTES >> 20} MiB",
        kafka_killed,
    ),
    Drill(
        ("ItemstreamEventsUnrecorded",),
        f"{CALLS} events of {TOO_LARGE / 1e6} MB in calls through the relay",
        large_events,
    ),
    Drill(("ItemstreamJournalDisk",), "the relay's files may not grow (RLIMIT_FSIZE), as on a full disk", full_disk),
    Drill(("ItemstreamSenderRestarting",), "the relay's sender killed (SIGKILL) whenever it is there", killed_sender),
)
