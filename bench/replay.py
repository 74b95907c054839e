"""Events per second of a replay into side topics beside the live worker's, in turn; memory; one session out of all.

    python -m bench.replay [--events N] [--partitions P] [--rounds R]

Starts an embedded Kafka and fills the raw topic with simulated sessions of the last hours: some are made, the rest are
copies of them under ids of their own, later in time. Then the worker and a replay process all of it, each from a start
of its own to the last commit, and the time between the first commit and the last is what counts. Last, one session out
of the middle is replayed into files.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer

from bench import processes
from pipeline import simulate
from pipeline.core import Output
from pipeline.kafka import EmbeddedKafka
from pipeline.replay.targets import committed
from pipeline.simulate.clock import Stamp
from pipeline.streaming.record_batches import RecordBatches, all_acknowledged
from topics.admin import connect
from topics.catalogue import INPUT_TOPIC

COMMAND = (sys.executable, "-m", "pipeline.cli.main")
MADE = 100_000
"""Events that are simulated; more are copies."""
POLL_SECONDS = 0.05
START_MS = 1_780_000_000_000


class Measured(NamedTuple):
    """A run from its first commit to its last."""

    events: int
    seconds: float
    processor_seconds: float
    peak_mib: float

    @property
    def rate(self) -> float:
        return self.events / self.seconds


def events(count: int) -> Iterator[tuple[str, bytes | None, list[tuple[str, bytes]], int]]:
    """Session, value, headers, time; the last is of now."""
    made = list(islice(simulate.interleave(simulate.sessions(6, None, start_ms=START_MS)), min(count, MADE)))
    span = made[-1].time_ms - START_MS
    copies = -(-count // len(made))
    shift = time.time_ns() // 1_000_000 - START_MS - copies * span
    stamp = Stamp()
    for number in range(count):
        copy, index = divmod(number, len(made))
        event = made[index]
        ms = event.time_ms + shift + copy * span
        session = f"{event.session_id}-{copy}"
        told = {"ce_sessionid": session.encode(), "ce_time": stamp(ms)}
        headers = [(name, told.get(name, value)) for name, value in event.headers]
        yield session, event.value, headers, ms


async def fill(servers: str, count: int, partitions: int) -> str:
    """Write the events; returns a session of the middle."""
    producer: Any = AIOKafkaProducer(bootstrap_servers=servers, acks=1, max_request_size=2_000_000)
    await producer.start()
    homes: dict[str, int] = {}
    middle = ""
    source = events(count)
    written = 0
    try:
        while some := list(islice(source, 20_000)):
            by_partition: dict[int, list[Output]] = {}
            for session, value, headers, ms in some:
                home = homes.setdefault(session, len(homes) % partitions)
                record = Output(INPUT_TOPIC.name, session.encode(), value, list(headers), ms)
                by_partition.setdefault(home, []).append(record)
            for home, records in by_partition.items():
                batches = RecordBatches(900_000, transactional=False)
                batches.add_outputs(records)
                await all_acknowledged(await batches.send(producer, home))
            written += len(some)
            if not middle and written >= count / 2:
                middle = some[0][0]
    finally:
        await producer.stop()
    return middle


async def run(servers: str, argv: Sequence[str], group: str, count: int, *, ends: bool) -> Measured:
    """One program, watched by the offsets its group commits. `ends`: it ends by itself."""
    with tempfile.TemporaryFile() as log:
        argv = (*COMMAND, *argv, "--bootstrap-servers", servers)
        process = subprocess.Popen(argv, stdout=log, stderr=log)  # noqa: ASYNC220 - nothing else waits
        samples: list[tuple[float, int, float]] = []
        try:
            async with connect(servers) as admin:
                while not samples or samples[-1][1] < count:
                    if process.poll() not in {None, 0}:
                        log.seek(0)
                        raise SystemExit(log.read().decode())
                    name = group if not ends else await _group_of_job(admin, group)
                    done = sum((await committed(admin, name)).values()) if name else 0
                    if done and (not samples or done > samples[-1][1]):
                        samples.append((time.perf_counter(), done, processes.cpu_seconds(process.pid)))
                    await asyncio.sleep(POLL_SECONDS)
            peak = processes.peak_mib(process.pid)
        finally:
            if not ends:
                process.send_signal(signal.SIGTERM)
            process.wait(60)
    first, last = samples[0], samples[-1]
    return Measured(last[1] - first[1], last[0] - first[0], last[2] - first[2], peak)


async def _group_of_job(admin: Any, start: str) -> str | None:
    groups = [group[0] for group in await admin.list_consumer_groups()]
    return next((group for group in groups if group.startswith(start)), None)


def show(what: str, runs: Sequence[Measured]) -> float:
    rate = statistics.median(run.rate for run in runs)
    processor = statistics.median(run.processor_seconds / run.events for run in runs)
    print(
        f"{what:<8} {rate:>9,.0f} events/s (each run: {', '.join(f'{run.rate:,.0f}' for run in runs)})  "
        f"{processor * 1e6:.1f} µs of processor an event  {max(run.peak_mib for run in runs):.0f} MiB at most",
        flush=True,
    )
    return rate


def call(servers: str, *argv: str) -> str:
    done = subprocess.run([*COMMAND, *argv, "--bootstrap-servers", servers], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout


async def measure(servers: str, count: int, partitions: int, rounds: int) -> None:
    apply = ("topics", "apply", "--yes", "--partitions", str(partitions), "--replication-factor", "1")
    call(servers, *apply)
    middle = await fill(servers, count, partitions)
    workers: list[Measured] = []
    replays: list[Measured] = []
    for number in range(rounds):
        name = f"r{number}-{uuid.uuid4().hex[:4]}"
        own = ("--prefix", name, "--group", name, "--log-level", "warning")
        call(servers, *apply, "--prefix", name, "--group", name)
        workers.append(await run(servers, ("worker", *own), name, count, ends=False))
        to = ("replay", *own, "--to-suffix", "-again")
        replays.append(await run(servers, to, f"{name}-replay-", count, ends=True))
    ratio = show("replay", replays) / show("worker", workers)
    print(f"replay at {ratio:.2f} x the worker, {count:,} events, {partitions} partitions")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        told = call(
            servers, "replay", "--prefix", name, "--group", name, "--session", middle,
            "--to-dir", str(Path(folder) / "one"), "--json", "--log-level", "warning",
        )  # fmt: skip
        job = json.loads(told)
        print(
            f"one session: {job['size']:,} of {count:,} events read in {time.perf_counter() - began:.1f} s, "
            f"{sum(job['result']['outputs'].values())} records"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--partitions", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with EmbeddedKafka() as broker:
        asyncio.run(measure(broker.bootstrap_servers, options.events, options.partitions, options.rounds))


if __name__ == "__main__":
    main()
