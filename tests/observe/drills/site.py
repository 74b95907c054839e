"""Where drills take place: a broker, a worker of two processes, Prometheus, a load."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from pipeline.kafka import EmbeddedKafka
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.test_worker import arguments
from tests.observe.drills.load import Load
from tests.observe.prometheus import RULES, Prometheus, hurried, prometheus
from tests.observe.support import free_port, get

SECONDS_PER_MINUTE = 2
SCRAPE_SECONDS = 3
PARTITIONS = 4
BROKEN_CORE = Path(__file__).parent / "broken_core"
SETTINGS = ("--progress-limit", "40", "--session-timeout-ms", "12000", "--processes", "2")


S = TypeVar("S")


class Drill(NamedTuple, Generic[S]):
    """Alerts that one cause makes fire, the cause in words, and itself, which takes the site it breaks."""

    alerts: tuple[str, ...]
    words: str
    cause: Callable[[S], AsyncGenerator[None]]


@dataclass
class Site:
    """What a drill can break."""

    kafka: EmbeddedKafka
    deployed: Deployed
    folder: Path
    port: int
    prometheus: Prometheus
    load: Load
    worker: subprocess.Popen[bytes] | None = field(default=None)

    def start_worker(self) -> None:
        """The worker of two processes, with the mistake in its core."""
        with (self.folder / "worker.log").open("ab") as log:
            self.worker = subprocess.Popen(
                [*arguments(self.deployed, "--web-port", str(self.port), *SETTINGS)],
                env={**os.environ, "PYTHONPATH": str(BROKEN_CORE)},
                stderr=log,
            )

    def stop_worker(self) -> None:
        """As an operator does."""
        if self.worker is not None:
            self.worker.terminate()
            try:
                self.worker.wait(40)
            except subprocess.TimeoutExpired:
                self.worker.kill()
                self.worker.wait()
            self.worker = None

    def child(self, number: int) -> int:
        """Process id of one of the two. Raises OSError where it does not answer."""
        process = json.loads(get(self.port, "/status")[1] or b"{}").get("processes", {}).get(str(number))
        if process is None:
            raise OSError(f"process {number} does not answer")
        return process["pid"]

    def signal_kafka(self, number: signal.Signals) -> None:
        """Freeze the broker, or let it go on."""
        assert self.kafka.pid is not None
        os.kill(self.kafka.pid, number)


@contextlib.asynccontextmanager
async def site(folder: Path, collectors: tuple[int, ...] = ()) -> AsyncGenerator[Site]:
    """All of it, until the context ends. `collectors`: ports of theirs for Prometheus."""
    port = free_port()
    rules = hurried(RULES.read_text(), SECONDS_PER_MINUTE)
    watching = prometheus(folder / "prometheus", [port], rules, SCRAPE_SECONDS, collectors)
    with EmbeddedKafka() as kafka, watching as running:
        deployed = await deploy(kafka.bootstrap_servers, "drills", PARTITIONS)
        load = Load(kafka.bootstrap_servers, deployed.input_topic, PARTITIONS)
        one = Site(kafka, deployed, folder, port, running, load)
        one.start_worker()
        task = asyncio.create_task(load.run())
        try:
            yield one
        finally:
            task.cancel()
            with contextlib.suppress(ProcessLookupError):
                one.signal_kafka(signal.SIGCONT)
            one.stop_worker()
