"""itemstream beside its peers: `make bench`, or `build/bench-venv/bin/python -m bench --help`.

Every program runs in turn as a process of its own, on the same input and the same embedded Kafka, in several rounds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bench.inputs import Input, cached_mix, deltas, items_only, outputs_of
from bench.programs import CORE, PASS, PROGRAMS, ROOT, Program
from bench.stats import spread
from bench.throughput import Bench, RunFailed
from pipeline.kafka import EmbeddedKafka

FOLDER = ROOT / "build" / "bench"
BROKER = {
    # Simulated events are of another day; and what a run wrote is to be gone before the next one.
    "log.retention.check.interval.ms": 86_400_000,
    "log.segment.delete.delay.ms": 1_000,
}
PARTS = ("pass", "mix", "items")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="itemstream beside its peers, in one run.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts alone")
    parser.add_argument("--programs", nargs="+", metavar="NAME", help="these alone, e.g. itemstream-eo confluent-eo")
    parser.add_argument("--records", type=int, default=1_000_000, help="of the pass-through; half as many of the mix")
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=12.0, help="seconds after which a slow run is cut")
    given = parser.parse_args()
    known = {program.name for program in PROGRAMS}
    if unknown := set(given.programs or ()) - known:
        parser.error(f"no program {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return given


def inputs(parts: Sequence[str], records: int, partitions: int) -> Iterator[Input]:
    """The inputs asked for."""
    if "pass" in parts:
        yield Input("pass", "pass-through", PASS, deltas(records), records)
    if "mix" in parts or "items" in parts:
        events = cached_mix(FOLDER, records // 2)
        if "mix" in parts:
            yield Input("mix", "the job, realistic mix", CORE, events, outputs_of(events, partitions))
        if "items" in parts:
            items = list(items_only(events))
            yield Input("items", "the job, items only", CORE, items, outputs_of(items, partitions))


def throughput(
    bench: Bench, content: Input, programs: Sequence[Program], rounds: int, limit: float, tell: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Every program, round by round; the figures of each run."""
    source = f"in-{content.name}"
    bench.topics.create([source], bench.partitions)
    number = bench.topics.fill(source, bench.partitions, content.events)
    tell(f"{content.title}: {number:,} records in {bench.partitions} partitions, {content.outputs:,} must come out")
    results: list[dict[str, Any]] = []
    for turn in range(1, rounds + 1):
        for program in programs:
            if content.job not in program.jobs:
                continue
            what = f"{content.name} {turn}/{rounds} {program.name}"
            try:
                found = bench.run(program, source, content, number, limit)
            except RunFailed as failure:
                tell(f"{what}: failed: {failure}")
                continue
            results.append({"round": turn, **found})
            told = "" if found["complete"] else f", cut after {found['seconds']:.0f} s"
            if found["complete"] and found["counted"] != found["expected"]:
                told += f", {found['counted']:,} records instead of {found['expected']:,}"
            tell(
                f"{what}: {found['rate']:,.0f} records/s, {found['cpu_us']:.1f} µs CPU a record "
                f"(broker {found['broker_cpu_us']:.1f}), {found['peak_mib']:.0f} MiB{told}"
            )
    bench.topics.delete([source])
    return results


def main() -> None:
    given = arguments()
    programs = [program for program in PROGRAMS if given.programs is None or program.name in given.programs]
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {line}", flush=True)

    FOLDER.mkdir(parents=True, exist_ok=True)
    results: list[dict[str, Any]] = []
    file = FOLDER / f"results-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    with EmbeddedKafka(properties=BROKER) as kafka:
        bench = Bench(kafka.bootstrap_servers, kafka.pid, given.partitions, FOLDER)
        for content in inputs(given.only, given.records, given.partitions):
            some = throughput(bench, content, programs, given.rounds, given.limit, tell)
            results += some
            with file.open("a") as lines:
                lines.writelines(json.dumps(result) + "\n" for result in some)
    summary(results, tell)


def summary(results: Sequence[dict[str, Any]], tell: Callable[[str], None]) -> None:
    """Medians to the terminal."""
    rates: dict[tuple[str, str], list[float]] = defaultdict(list)
    for result in results:
        rates[result["input"], result["program"]].append(result["rate"])
    for (name, program), some in rates.items():
        middle, least, most = spread(some)
        tell(f"{name} {program}: median {middle:,.0f} records/s ({least:,.0f} to {most:,.0f})")


if __name__ == "__main__":
    main()
