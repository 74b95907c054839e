"""What an operator has: the commands as they are typed, workers that are started and stopped, and what comes out."""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import sys
from collections import defaultdict
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import orjson
from aiokafka import AIOKafkaProducer

from pipeline.kafka.artifacts import kafka_jars
from pipeline.kafka.java import find_java
from pipeline.settings import variable_of
from tests.kafka.deploy import Deployed
from tests.kafka.support import read_all
from tests.observe.support import free_port, get, scrape, total, until_true

ITEMSTREAM = (sys.executable, "-m", "pipeline.cli.main")
KAFKA_TOOLS = {
    "kafka-configs.sh": "kafka.admin.ConfigCommand",
    "kafka-delete-records.sh": "org.apache.kafka.tools.DeleteRecordsCommand",
}
IDLE_SECONDS = 1.0
"""After so long a session is over, here."""


RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"


def written(command: str) -> str:
    """The command, which must be in the runbook."""
    assert command in RUNBOOK.read_text(), command
    return command


class Operator:
    """Works on one deployment. Its settings are in the environment, so commands are typed as the runbook has them."""

    def __init__(self, deployed: Deployed, folder: Path) -> None:
        self.deployed = deployed
        self.folder = folder
        self.port = free_port()

    def on(self, bootstrap_servers: str) -> Operator:
        """The same names on another cluster."""
        return Operator(replace(self.deployed, bootstrap_servers=bootstrap_servers), self.folder)

    async def types(self, command: str, status: int = 0) -> str:
        """What a command prints. Raises AssertionError where it does not end with `status`."""
        name, *arguments = shlex.split(command)
        assert name == "itemstream", command
        done = await asyncio.to_thread(
            subprocess.run, [*ITEMSTREAM, *arguments], cwd=self.folder, env=self._environment(),
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == status, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    async def types_kafka(self, name: str, *arguments: str) -> str:
        """One of Kafka's own tools, by its class; what it prints."""
        java = find_java()
        command = [str(java), "-XX:TieredStopAtLevel=1", "-cp", f"{kafka_jars(java)}/*", KAFKA_TOOLS[name], *arguments]
        where = ["--bootstrap-server", self.deployed.bootstrap_servers]
        done = await asyncio.to_thread(
            subprocess.run, command + where, cwd=self.folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def worker(self, *arguments: str) -> Generator[subprocess.Popen[bytes]]:
        """Runs one; at the end it is stopped as an operator does (SIGTERM) and must say that all is well."""
        log = self.folder / f"worker-{self.port}.log"
        with log.open("ab") as stderr:
            process = subprocess.Popen(
                [*ITEMSTREAM, "worker", *arguments], cwd=self.folder, env=self._environment(), stderr=stderr
            )
        try:
            yield process
            process.terminate()
            assert process.wait(20) == 0, log.read_text()
        finally:
            process.kill()
            process.wait()

    async def ready(self) -> None:
        """Until the worker says so."""
        await until_true(lambda: get(self.port, "/ready")[0] == 200)

    async def conversations_over(self) -> None:
        """Until lag is 0 and no conversation is open: `session_idle` in whole minutes, and up to two more."""

        def over() -> bool:
            samples = scrape(self.port)
            open_now = sum(value for labels, value in samples["itemstream_sessions"] if labels["state"] == "open")
            return total(samples, "itemstream_lag_records") == 0 and open_now == 0

        await until_true(over, 240)

    async def say(self, sessions: Iterable[str], numbers: range) -> None:
        """In each session a message of each number, with Kafka's own choice of the partition; as a collector writes."""
        async with AIOKafkaProducer(
            bootstrap_servers=self.deployed.bootstrap_servers, enable_idempotence=True
        ) as producer:
            for number in numbers:
                sent = [
                    await producer.send(self.deployed.input_topic, _message(session, number), session.encode())
                    for session in sessions
                ]
                await asyncio.gather(*sent)

    async def heard(self) -> dict[str, list[tuple[str, int]]]:
        """By session, the items that came out and their numbers."""
        found: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
        for record in await read_all(self.deployed.bootstrap_servers, self.deployed.messages):
            item = orjson.loads(record.value or b"")
            found[item["session_id"]].append((item["item_id"], item["session_sequence"]))
        return dict(found)

    async def hears(self, sessions: Iterable[str], count: int) -> None:
        """Until of each session so many came out, which must be the first `count`, once each, in order, by number."""
        wanted = {session: [(f"{session}-{number}", number + 1) for number in range(count)] for session in sessions}
        async with asyncio.timeout(40):
            while sum(map(len, (found := await self.heard()).values())) < count * len(wanted):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert found == wanted

    def _environment(self) -> dict[str, str]:
        settings = {
            "bootstrap_servers": self.deployed.bootstrap_servers, "prefix": self.deployed.prefix,
            "group": self.deployed.group, "input_topic": self.deployed.input_topic, "session_timeout_ms": 6_000,
            "session_idle": IDLE_SECONDS, "web_port": self.port, "log_format": "json",
        }  # fmt: skip
        return {**os.environ, **{variable_of(name): str(value) for name, value in settings.items()}}


def _message(session: str, number: int) -> bytes:
    content = [{"type": "input_text", "text": "x"}]
    item = {"id": f"{session}-{number}", "type": "message", "role": "user", "status": "completed", "content": content}
    return orjson.dumps({"type": "conversation.item.done", "event_id": f"{session}-{number}", "item": item})
