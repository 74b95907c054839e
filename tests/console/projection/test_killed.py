"""The projection killed (-9) at random points: then the store equals the topics, each record in it once."""

import asyncio
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.console.projection.projection import store_facts
from pipeline.console.store.store import Store, open_store
from tests.console.projection.reference import contents, expected, read_up_to
from tests.console.projection.test_projection_kafka import is_read, on_the_topics
from tests.examples.support import filled, simulated, write
from tests.kafka.deploy import Deployed

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

ROOT = Path(__file__).parents[3]


def wait(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


class Killing:
    """Projections of a deployment, one after another."""

    def __init__(self, deployed: Deployed, address: str, store: Store, seed: str) -> None:
        self._command = (sys.executable, "-m", "tests.console.projection.killed",
                         deployed.bootstrap_servers, deployed.prefix, address)  # fmt: skip
        self._deployed = deployed
        self._store = store
        self._rng = random.Random(seed)
        store.prepare(store_facts(deployed.settings()))

    def read(self) -> int:
        """Records that were read so far, or more."""
        return sum(read_up_to(self._store).values())

    def kill_at_random(self, turn: int) -> None:
        """Every third time at any moment of its start, else a moment after it went on."""
        self._there = asyncio.run(on_the_topics(self._deployed))
        process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            if turn % 3 == 2:
                time.sleep(self._rng.random() * 2)
            else:
                before = self.read()
                # One that was quick has left nothing for the next.
                wait(lambda: self.read() > before or self._has_all() or process.poll() is not None)
                time.sleep(self._rng.random() * 0.1)
            assert process.poll() is None, process.communicate()[1]
        finally:
            process.kill()
            process.communicate()

    def _has_all(self) -> bool:
        return is_read(self._store, self._there)

    def finish(self) -> None:
        """One that is let run to the end."""
        records = asyncio.run(on_the_topics(self._deployed))
        process = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            wait(lambda: is_read(self._store, records) or process.poll() is not None)
            assert process.poll() is None, process.communicate()[1]
        finally:
            process.kill()
            process.communicate()
        assert contents(self._store) == expected(records, self._deployed.prefix)


def test_killed_while_it_catches_up(bootstrap_servers: str, unique: str, tmp_path: Path) -> None:
    deployed = filled(bootstrap_servers, unique, simulated(f"test-{unique}", 80))
    address = str(tmp_path / "store.db")
    with open_store(address) as store:
        killing = Killing(deployed, address, store, unique)
        for turn in range(3):
            killing.kill_at_random(turn)
        assert killing.read()
        killing.finish()


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("database_of", ["sqlite", "postgresql"])
def test_killed_again_and_again_while_records_come_in(
    bootstrap_servers: str, unique: str, tmp_path: Path, database_of: str, request: pytest.FixtureRequest
) -> None:
    outputs = simulated(f"test-{unique}", 900)
    deployed = filled(bootstrap_servers, unique, [])
    address = str(tmp_path / "store.db") if database_of == "sqlite" else request.getfixturevalue("database")
    with open_store(address) as store:
        killing = Killing(deployed, address, store, unique)
        size = len(outputs) // 30 + 1
        for turn in range(30):
            write(deployed, outputs[turn * size : (turn + 1) * size])
            killing.kill_at_random(turn)
        killing.finish()


def test_killed_on_postgresql(bootstrap_servers: str, unique: str, database: str) -> None:
    deployed = filled(bootstrap_servers, unique, simulated(f"test-{unique}", 80))
    with open_store(database) as store:
        killing = Killing(deployed, database, store, unique)
        for turn in range(2):
            killing.kill_at_random(turn)
        killing.finish()
