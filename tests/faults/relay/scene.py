"""A provider that talks, applications that call it through relays which are killed, and what must be in Kafka then."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import WebSocketException

from pipeline.settings import Settings
from pipeline.worker.supervisor import settings_json
from tests.kafka.support import read_all, until

ENTRY = Path(__file__).with_name("relay_entry.py")
Place = tuple[str, int]
"""Session and sequence."""


@dataclass
class Provider:
    """Says `session.created` to whoever connects, then numbered events at a rate, until told to be silent."""

    seconds_between: float
    port: int = 0
    silent: bool = False
    said: dict[Place, str] = field(default_factory=dict[Place, str])
    sessions: int = 0

    async def serve(self, connection: ServerConnection) -> None:
        self.sessions += 1
        session = f"sess_{self.sessions}"
        number = 0
        while not self.silent:
            number += 1
            event = {"type": "response.done", "event_id": f"{session}-{number}", "response": {"id": f"r{number}"}}
            if number == 1:
                event = {"type": "session.created", "event_id": f"{session}-1", "session": {"id": session}}
            self.said[session, number] = json.dumps(event)
            await connection.send(self.said[session, number])
            await asyncio.sleep(self.seconds_between)
        await connection.wait_closed()


@dataclass
class Verdict:
    """What was found in the topic."""

    acknowledged: int
    found: int
    lost: list[Place]
    twice: list[Place]
    out_of_order: list[Place]
    made_up: list[Place]

    @property
    def wrong(self) -> dict[str, list[Place]]:
        checks = {
            "lost": self.lost, "twice": self.twice, "out_of_order": self.out_of_order, "made_up": self.made_up,
        }  # fmt: skip
        return {name: places[:10] for name, places in checks.items() if places}


class Scene:
    """One journal, relays on it one after another, and callers who connect again whenever they lose the relay."""

    def __init__(self, settings: Settings, folder: Path, provider: Provider) -> None:
        self.provider = provider
        self.folder = folder
        self._settings = settings
        self._notes = folder / "acknowledged"
        self._port_file = folder / "port"
        self._processes: list[subprocess.Popen[bytes]] = []

    async def start(
        self, point: str = "-", passes: int = 0, *, sender_point: str = "-", sender_passes: int = 0
    ) -> subprocess.Popen[bytes]:
        """A relay; returns when it listens, or has already been killed."""
        self._port_file.unlink(missing_ok=True)
        with (self.folder / f"relay-{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: ASYNC220 - it takes a millisecond
                [
                    sys.executable, str(ENTRY), str(self._notes), str(self._port_file), point, str(passes),
                    sender_point, str(sender_passes),
                ],
                stdin=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONPATH": str(ENTRY.parents[3])},
            )  # fmt: skip
        self._processes.append(process)
        assert process.stdin is not None
        process.stdin.write(settings_json(self._settings).encode() + b"\n")
        process.stdin.flush()
        await until(lambda: self._port_file.exists() or process.poll() is not None)
        return process

    def kill_all(self) -> None:
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait()

    @property
    def acknowledged(self) -> set[Place]:
        """What the journals' policies answer for so far."""
        if not self._notes.exists():
            return set()
        lines = self._notes.read_text().split("\n")[:-1]  # the last one may be cut short
        return {(session, int(number)) for session, _, number in (line.partition(" ") for line in lines)}

    async def call(self) -> None:
        """Connect and listen, for ever."""
        while True:
            with contextlib.suppress(OSError, WebSocketException, ValueError, TimeoutError):
                url = f"ws://127.0.0.1:{int(self._port_file.read_text())}/v1/realtime"
                async with connect(url, proxy=None, open_timeout=5, ping_interval=None) as connection:
                    async for _ in connection:
                        pass
            await asyncio.sleep(0.05)

    async def judged(self, seconds: float = 60) -> Verdict:
        """Wait until all that was acknowledged is in the topic, or the time is up."""
        records: list[Any] = []
        acknowledged = self.acknowledged
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not acknowledged <= {_place(record) for record in records}:
                    await asyncio.sleep(0.2)
                    records = await read_all(self._settings.bootstrap_servers, self._settings.input_topic)
        return self._judge(records, acknowledged)

    def _judge(self, records: list[Any], acknowledged: set[Place]) -> Verdict:
        seen: set[Place] = set()
        last: defaultdict[str, int] = defaultdict(int)
        verdict = Verdict(len(acknowledged), len(records), [], [], [], [])
        for record in records:
            place = _place(record)
            if place in seen:
                verdict.twice.append(place)
            elif place[1] <= last[place[0]]:
                verdict.out_of_order.append(place)
            if self.provider.said.get(place, "").encode() != record.value:
                verdict.made_up.append(place)
            seen.add(place)
            last[place[0]] = place[1]
        verdict.lost += sorted(acknowledged - seen)
        return verdict

    def log(self) -> str:
        """The last lines of all relays, for the message of a test that failed."""
        logs = sorted(self.folder.glob("relay-*.log"))
        return "\n".join(f"{log.name}: " + "\n  ".join(log.read_text().splitlines()[-4:]) for log in logs)


def _place(record: Any) -> Place:
    return record.key.decode(), int(dict(record.headers)["ce_sequence"])


@contextlib.asynccontextmanager
async def scene(
    bootstrap_servers: str, topic: str, folder: Path, *, callers: int, seconds_between: float, **changes: Any
) -> AsyncGenerator[Scene]:
    """Callers are calling from the start; whoever is left is killed at the end."""
    provider = Provider(seconds_between)
    async with serve(provider.serve, "127.0.0.1", 0, ping_interval=None) as server:
        settings = Settings.model_validate(
            {
                "bootstrap_servers": bootstrap_servers,
                "input_topic": topic,
                "upstream": f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}",
                "relay_port": 0,
                "journal_dir": str(folder / "journal"),
                "relay_patience": 0,
                **changes,
            }
        )
        running = Scene(settings, folder, provider)
        calls = [asyncio.create_task(running.call()) for _ in range(callers)]
        try:
            yield running
        finally:
            provider.silent = True
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
            running.kill_all()
