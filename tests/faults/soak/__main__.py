"""`python -m tests.faults.soak --hours 0.5 --rate 1500`: a constant load for hours, two workers watched, all checked.

Prints what it sees and writes it to `build/faults/soak.json`. Exit code 1 where anything was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from pipeline.kafka import EmbeddedKafka
from pipeline.settings import Settings
from pipeline.simulate import Faults, SimulatedEvent, interleave, sessions
from pipeline.simulate.playing import EVENTS_PER_SESSION
from tests.faults.harness.group import behind, drained, joined
from tests.faults.harness.load import AGO_MS, Load
from tests.faults.harness.result import RESULTS, environment
from tests.faults.harness.topics import Topics, make_topics
from tests.faults.harness.workers import Workers
from tests.faults.soak.check import LiveCheck
from tests.faults.soak.sample import Sample, look, slope

PARTITIONS = 6
WORKERS = 2
SAMPLE_SECONDS = 10.0
WARM_UP_SHARE = 0.4
"""Of the run; what is kept of sessions grows until the first of them are forgotten, after SETTINGS' retention."""
SETTINGS: dict[str, object] = {"session_idle": 60, "session_retention": 300, "log_format": "json", "stats_interval": 60}
DRAIN_SECONDS = 60.0


class SteadyLoad(Load):
    """Sessions at the pace of the wall's clock: after a while as many end as begin."""

    @staticmethod
    def _make(rate: int, faults: Faults, seed: int) -> Iterator[SimulatedEvent]:
        every_ms = max(1, round(1000 * EVENTS_PER_SESSION / rate))
        start_ms = time.time_ns() // 1_000_000 - AGO_MS
        return interleave(sessions(seed, None, start_ms=start_ms, every_ms=every_ms, faults=faults))


@dataclass
class Soak:
    """The outcome. Sizes in bytes."""

    hours: float
    rate: int
    workers: int
    input_records: int
    records: int
    wrong: dict[str, int]
    examples: list[str]
    ended: list[int]
    """Exit codes of workers that ended by themselves."""
    rss_after_warm_up: int
    rss_end: int
    rss_most: int
    rss_slope: float
    """Bytes an hour, after the warm-up, of all workers."""
    files_most: int
    files_slope: float
    lag_p50: float
    lag_most: int
    behind: int
    samples: list[Sample] = field(default_factory=list[Sample])
    when: str = ""
    environment: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def ok(self) -> bool:
        return not (any(self.wrong.values()) or self.ended or self.behind)


async def soak(hours: float, rate: int, results: Path) -> Soak:
    """Start a broker, workers and the load; watch; check everything that came out."""
    with EmbeddedKafka() as kafka:
        servers = kafka.bootstrap_servers
        topics = await make_topics(servers, PARTITIONS)
        names = {"prefix": topics.prefix, "group": topics.group, "input_topic": topics.input}
        settings = Settings.model_validate({**SETTINGS, **names, "bootstrap_servers": servers})
        check = LiveCheck(settings.core_settings(), topics.input)
        load = SteadyLoad(servers, topics.input, PARTITIONS, rate, bad_ratio=0.003)
        async with Workers(settings, results / "logs" / f"soak-{topics.group}") as workers:
            for _ in range(WORKERS):
                workers.start()
            if not await joined(servers, topics.group, WORKERS, 60):
                raise SystemExit("the workers did not start; see " + str(workers.logs))
            await load.start()
            playing = asyncio.create_task(load.play())
            reading = asyncio.create_task(_read(servers, topics, check))
            samples = await _watch(servers, topics, workers, check, hours * 3600)
            load.stop()
            await playing
            await load.close()
            await drained(servers, topics, DRAIN_SECONDS)
            left = await behind(servers, topics)
            await _until_read(check, reading)
            ended = list(workers.ended_by_themselves)
            await workers.stop_all()
    return _outcome(hours, rate, check, samples, ended, left)


async def _watch(servers: str, topics: Topics, workers: Workers, check: LiveCheck, seconds: float) -> list[Sample]:
    samples: list[Sample] = []
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds:
        await asyncio.sleep(min(SAMPLE_SECONDS, seconds - passed))
        lag = -1
        with contextlib.suppress(Exception):
            lag = await behind(servers, topics)
        pids = [worker.process.pid for worker in workers.running]
        sample = look(pids, time.monotonic() - began, lag, check.records)
        samples.append(sample)
        print(
            f"{sample.seconds:8.0f} s  rss {_mib(sum(sample.rss.values()))}  files {sum(sample.files.values())}  "
            f"lag {sample.lag}  in {check.input_records:,}  out {check.records:,}  wrong {sum(check.wrong.values())}",
            flush=True,
        )
    return samples


async def _read(servers: str, topics: Topics, check: LiveCheck) -> None:
    """Give the check all that is in the input and the outputs, as it comes."""
    consumer: Any = AIOKafkaConsumer(
        bootstrap_servers=servers, isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=100
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(name, n) for name in (topics.input, *topics.outputs) for n in range(PARTITIONS)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        while True:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    check.take(record)
                await asyncio.sleep(0)
    finally:
        await consumer.stop()


async def _until_read(check: LiveCheck, reading: asyncio.Task[None]) -> None:
    """Until nothing more comes for a while."""
    before = -1
    while before < (now := check.input_records + check.records):
        before = now
        await asyncio.sleep(3)
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading


def _outcome(hours: float, rate: int, check: LiveCheck, samples: list[Sample], ended: list[int], left: int) -> Soak:
    steady = samples[round(len(samples) * WARM_UP_SHARE) :] or samples
    rss = [(sample.seconds, float(sum(sample.rss.values()))) for sample in steady]
    files = [(sample.seconds, float(sum(sample.files.values()))) for sample in steady]
    return Soak(
        hours=hours,
        rate=rate,
        workers=WORKERS,
        input_records=check.input_records,
        records=check.records,
        wrong=check.end(),
        examples=check.examples,
        ended=ended,
        rss_after_warm_up=round(rss[0][1]),
        rss_end=round(rss[-1][1]),
        rss_most=round(max(size for _, size in rss)),
        rss_slope=slope(rss),
        files_most=round(max(count for _, count in files)),
        files_slope=slope(files),
        lag_p50=median(sample.lag for sample in samples),
        lag_most=max(sample.lag for sample in samples),
        behind=left,
        samples=samples,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=environment(),
    )


def _mib(size: float) -> str:
    return f"{size / 2**20:.1f} MiB"


def figures(told: dict[str, Any]) -> list[tuple[str, str]]:
    """What a run found, for people."""
    wrong = told["wrong"]
    return [
        ("load", f"{told['rate']:,} records/s asked for, {told['hours']:g} h, {told['workers']} workers"),
        ("in", f"{told['input_records']:,} ({told['input_records'] / told['hours'] / 3600:,.0f}/s)"),
        ("out", f"{told['records']:,}"),
        *((name, str(count)) for name, count in wrong.items()),
        ("memory after warm-up, at the end", f"{_mib(told['rss_after_warm_up'])}, {_mib(told['rss_end'])}"),
        ("memory, slope after warm-up", f"{_mib(told['rss_slope'])} an hour"),
        ("open files, most; slope", f"{told['files_most']}; {told['files_slope']:.1f} an hour"),
        ("lag, p50, most", f"{told['lag_p50']:,.0f}, {told['lag_most']:,} records"),
        ("lag at the end", f"{told['behind']:,} records"),
        ("workers that ended by themselves", str(len(told["ended"]))),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description="A constant load, for hours.")
    parser.add_argument("--hours", type=float, default=0.5)
    parser.add_argument("--rate", type=int, default=1_500, help="input records a second")
    parser.add_argument("--results", type=Path, default=RESULTS)
    told = parser.parse_args()
    outcome = asyncio.run(soak(told.hours, told.rate, told.results))
    told.results.mkdir(parents=True, exist_ok=True)
    (told.results / "soak.json").write_bytes(orjson.dumps(asdict(outcome), option=orjson.OPT_NON_STR_KEYS))
    for name, value in figures(asdict(outcome)):
        print(f"{name:36} {value}")
    for example in outcome.examples:
        print(example)
    return 0 if outcome.ok else 1


if __name__ == "__main__":
    sys.exit(main())
