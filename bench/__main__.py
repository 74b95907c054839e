"""itemstream beside its peers: `make bench`, or `build/bench-venv/bin/python -m bench --help`.

Every program runs in turn as a process of its own, on the same input and the same embedded Kafka, in several rounds.
Results are kept as lines of JSON in build/bench/; a run of everything is written into docs/performance.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench import hot_spots, report
from bench.inputs import Input, cached_mix, deltas, items_only, outputs_of
from bench.latency import measure
from bench.programs import CORE, EXACTLY_ONCE, LATENCY, PASS, PROGRAMS, RAW, ROOT, Program
from bench.throughput import Bench, RunFailed
from pipeline.kafka import EmbeddedKafka

FOLDER = ROOT / "build" / "bench"
BROKER = {"log.segment.delete.delay.ms": 1_000}
"""What a run wrote is to be gone before the next one."""
PARTS = ("pass", "raw", "mix", "items", "latency", "profile")
PROFILE_SECONDS = 6
WARM_UP_PROGRAMS = 4
"""The first programs run once without being counted: Kafka's Java machine takes a million records to compile itself."""


class Progress:
    """Lines on the terminal, with the time."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def tell(self, line: str) -> None:
        print(f"[{time.monotonic() - self._began:5.0f} s] {line}", flush=True)


class Results:
    """Everything measured, kept line by line as it comes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.rows: list[dict[str, Any]] = []

    def add(self, row: dict[str, Any]) -> None:
        self.rows.append(row)
        with self.file.open("a") as lines:
            lines.write(json.dumps(row) + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="itemstream beside its peers, in one run.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts alone")
    parser.add_argument("--programs", nargs="+", metavar="NAME", help="these alone, e.g. itemstream-eo confluent-eo")
    parser.add_argument("--records", type=int, default=1_000_000, help="of the pass-through; half as many of the mix")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=10.0, help="seconds after which a slow run is cut")
    parser.add_argument("--rate", type=int, default=1_000, help="records per second where latency is measured")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each latency measurement")
    parser.add_argument("--warm-up", type=float, default=30.0, help="seconds of the rate before latency is measured")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md also of a run of some parts")
    given = parser.parse_args()
    known = {program.name for program in (*PROGRAMS, *LATENCY)}
    if unknown := set(given.programs or ()) - known:
        parser.error(f"no program {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return given


def inputs(parts: Sequence[str], records: int, partitions: int) -> Iterator[Input]:
    """The inputs asked for."""
    if "pass" in parts:
        yield Input("pass", "pass-through", PASS, deltas(records), records)
    if not {"raw", "mix", "items", "profile"}.isdisjoint(parts):
        events = cached_mix(FOLDER, records // 2)
        if "raw" in parts:
            yield Input("raw", "the mix's events, passed through", RAW, events, len(events))
        if {"mix", "items", "profile"}.isdisjoint(parts):
            return
        yield Input("mix", "the job, realistic mix", CORE, events, outputs_of(events, partitions))
        if "items" in parts:
            items = list(items_only(events))
            yield Input("items", "the job, items only", CORE, items, outputs_of(items, partitions))


def warm_up(bench: Bench, content: Input, number: int, programs: Sequence[Program], limit: float, to: Progress) -> None:
    """Runs that count for nobody."""
    for program in programs:
        with contextlib.suppress(RunFailed):
            bench.run(program, f"in-{content.name}", content, number, limit)
    to.tell("Kafka is warm")


def throughput(
    bench: Bench, content: Input, number: int, programs: Sequence[Program], given: Any, results: Results, to: Progress
) -> None:
    """Every program, round by round; each round begins with another one."""
    for turn in range(1, given.rounds + 1):
        first = turn % len(programs)
        for program in (*programs[first:], *programs[:first]):
            if content.job not in program.jobs:
                continue
            what = f"{content.name} {turn}/{given.rounds} {program.name}"
            try:
                found = bench.run(program, f"in-{content.name}", content, number, given.limit)
            except RunFailed as failure:
                to.tell(f"{what}: failed: {failure}")
                continue
            results.add({"round": turn, **found})
            told = "" if found["complete"] else f", cut after {found['seconds']:.0f} s"
            if found["complete"] and found["counted"] != found["expected"]:
                told += f", {found['counted']:,} records instead of {found['expected']:,}"
            to.tell(
                f"{what}: {found['rate']:,.0f} records/s, {found['cpu_us']:.1f} µs CPU a record "
                f"(broker {found['broker_cpu_us']:.1f}), {found['peak_mib']:.0f} MiB{told}"
            )


def latencies(bench: Bench, programs: Sequence[Program], given: Any, results: Results, to: Progress) -> None:
    """Every program once."""
    for program in programs:
        try:
            found = measure(bench, program, given.rate, given.warm_up, given.seconds)
        except (RunFailed, subprocess.SubprocessError) as failure:
            to.tell(f"latency {program.name}: failed: {failure}")
            continue
        results.add(found)
        figures = ", ".join(f"{name} {found[name]:.1f}" for name in ("p50", "p90", "p99", "max"))
        to.tell(f"latency {program.name}: {figures} ms" + (f", {found['missing']} missing" if found["missing"] else ""))


def profile(bench: Bench, program: Program, file: Path, to: Progress) -> None:
    """Sample the worker's stacks while it does the job on the mix."""
    child, outputs = bench.start(program, "in-mix", CORE)
    try:
        bench.await_first(child, outputs)
        found = hot_spots.sample(child.pid, PROFILE_SECONDS, file)
    except (RunFailed, subprocess.SubprocessError, OSError) as failure:
        to.tell(f"profile: failed: {failure}")
        return
    finally:
        bench.clean(child, outputs)
    to.tell(f"profile of {program.name}: {found.total():,} samples in {file}")
    print(hot_spots.areas_table(found), flush=True)


def run(given: argparse.Namespace, results: Results, to: Progress) -> None:
    """Every part asked for, on one broker."""
    wanted = [program for program in PROGRAMS if given.programs is None or program.name in given.programs]
    with EmbeddedKafka(properties=BROKER) as kafka:
        bench = Bench(kafka.bootstrap_servers, kafka.pid, given.partitions, FOLDER)
        warm = False
        for content in inputs(given.only, given.records, given.partitions):
            source = f"in-{content.name}"
            bench.topics.create([source], bench.partitions)
            number = bench.topics.fill(source, bench.partitions, content.events)
            to.tell(f"{content.title}: {number:,} records, of which {content.outputs:,} must come")
            if content.name in given.only:
                if not warm:
                    warm_up(bench, content, number, wanted[:WARM_UP_PROGRAMS], given.limit, to)
                    warm = True
                throughput(bench, content, number, wanted, given, results, to)
            if content.name == "mix" and "profile" in given.only:
                own = next(one for one in PROGRAMS if one.title == "itemstream" and one.delivery == EXACTLY_ONCE)
                profile(bench, own, results.file.with_suffix(".folded"), to)
            bench.topics.delete([source])
        if "latency" in given.only:
            some = [program for program in LATENCY if given.programs is None or program.name in given.programs]
            latencies(bench, some, given, results, to)
        bench.close()


def main() -> int:
    """Exit code 1 where nothing could be measured."""
    given = arguments()
    # Told to end, it takes the broker and the program under way along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    FOLDER.mkdir(parents=True, exist_ok=True)
    results = Results(FOLDER / f"results-{time.strftime('%Y%m%d-%H%M%S')}.jsonl")
    to = Progress()
    results.add(report.environment(vars(given)))
    if given.programs is None or any(name.startswith("streams") for name in given.programs):
        to.tell("building the Kafka Streams program where that is needed")
        subprocess.run([str(ROOT / "bench" / "streams" / "run"), "--build"], check=True)
    run(given, results, to)
    print(report.on_terminal(results.rows))
    if len(results.rows) == 1:
        return 1
    samples = results.file.with_suffix(".folded")
    if given.page or (set(given.only) == set(PARTS) and given.programs is None):
        report.write(results.rows, samples.read_text() if samples.exists() else None)
        to.tell(f"written into {report.PAGE.relative_to(ROOT)}; kept in {results.file.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
