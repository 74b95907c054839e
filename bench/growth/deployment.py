"""A deployment of its own for a measurement, and the real worker in it, watched from outside."""

from __future__ import annotations

import asyncio
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.growth.memory import peak_mib, rss_mib
from bench.growth.speed import Sample
from bench.processes import cpu_seconds
from bench.programs import OWN
from bench.topics import Topics
from topics.admin import apply_changes, connect, deployment, make_plan, read_state

LOGS = Path(__file__).parents[2] / "build" / "growth"
DRAIN_SECONDS = 240
STOP_SECONDS = 30
LOOK_SECONDS = 0.05


class Deployment:
    """Topics and group under names of their own, on a broker that is there."""

    def __init__(self, servers: str, broker: int, partitions: int, source: str | None = None) -> None:
        """source: an input topic that exists, instead of one of its own."""
        unique = uuid.uuid4().hex[:8]
        self.servers = servers
        self.broker = broker
        self.partitions = partitions
        self.prefix = self.group = f"growth-{unique}"
        self.input = source or f"growth-events-{unique}"
        self.topics = Topics(servers)
        asyncio.run(self._make())
        self._log = LOGS / f"{self.group}.log"
        self._inputs = [TopicPartition(self.input, number) for number in range(partitions)]

    async def _make(self) -> None:
        needed = deployment(self.prefix, self.group, self.input)
        async with connect(self.servers) as admin:
            state = await read_state(admin, needed)
            plan = make_plan(needed, state, partitions=self.partitions, replication_factor=1)
            await apply_changes(admin, plan.changes, state)

    @contextmanager
    def worker(self, processes: int = 1) -> Iterator[Worker]:
        """`itemstream worker`; stopped with SIGTERM at the end, and its exit code checked."""
        command = [
            str(OWN / "itemstream"), "worker", "--bootstrap-servers", self.servers, "--input-topic", self.input,
            "--prefix", self.prefix, "--group", self.group, "--processes", str(processes), "--log-format", "json",
        ]  # fmt: skip
        LOGS.mkdir(parents=True, exist_ok=True)
        with self._log.open("w") as log:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield Worker(self, process, self._log)
            process.terminate()
            if code := process.wait(STOP_SECONDS):
                raise RuntimeError(f"the worker ended with {code}; see {self._log}")
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def records(self) -> int:
        """In the input."""
        return sum(self.topics.ends(self._inputs).values())

    def delete(self) -> None:
        """All its topics, so that the broker's disk and memory are free for the next."""
        names = self.topics.of_prefix(self.prefix)
        self.topics.delete([*names, *([self.input] if self.input not in names else [])])


class Worker:
    """A worker that runs."""

    def __init__(self, deployment: Deployment, process: subprocess.Popen[bytes], log: Path) -> None:
        self._deployment = deployment
        self._process = process
        self._log = log

    def drain(self) -> list[Sample]:
        """Wait until all that is in the input is committed; looks on the way."""
        place = self._deployment
        wanted = place.records()
        partitions = [TopicPartition(place.input, number) for number in range(place.partitions)]
        # read_committed would wait, again and again, for a moment in which no transaction is under way.
        watcher = Consumer(
            {
                "bootstrap.servers": place.servers,
                "group.id": place.group,
                "enable.auto.commit": False,
                "isolation.level": "read_uncommitted",
            }
        )
        samples: list[Sample] = []
        deadline = time.monotonic() + DRAIN_SECONDS
        try:
            while not samples or samples[-1].committed < wanted:
                if self._process.poll() is not None:
                    raise RuntimeError(f"the worker has ended; see {self._log}")
                if time.monotonic() > deadline:
                    raise RuntimeError(f"not all was committed within {DRAIN_SECONDS} s; see {self._log}")
                time.sleep(LOOK_SECONDS)
                try:
                    committed = sum(max(0, one.offset) for one in watcher.committed(partitions, timeout=30))
                except KafkaException:  # a new group's coordinator is not found at once
                    continue
                cpu, broker = cpu_seconds(self._process.pid), cpu_seconds(place.broker)
                samples.append(Sample(time.monotonic(), committed, cpu, broker))
        finally:
            watcher.close()
        return samples

    def restored(self) -> dict[str, Any]:
        """Its log line of the first assignment: `restored_records`, `restore_seconds`; waits for it."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while time.monotonic() < deadline:
            for line in self._log.read_text().splitlines():
                if '"rebalance"' in line:
                    return orjson.loads(line)
            if self._process.poll() is not None:
                raise RuntimeError(f"the worker has ended; see {self._log}")
            time.sleep(0.02)
        raise RuntimeError(f"no assignment within {DRAIN_SECONDS} s; see {self._log}")

    def rss_mib(self) -> float:
        return rss_mib(self._process.pid)

    def peak_mib(self) -> float:
        return peak_mib(self._process.pid)
