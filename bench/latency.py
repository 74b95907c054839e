"""From produce to a read_committed reader, at a constant low rate: one program at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

from bench.programs import PASS, ROOT, Program
from bench.stats import percentile
from bench.throughput import Bench, RunFailed
from bench.wire import probe

PROBE_SECONDS = 0.25
LATE_SECONDS = 60


def measure(bench: Bench, program: Program, rate: int, warm_up: float, seconds: float) -> dict[str, Any]:
    """The figures of one program, milliseconds. Raises RunFailed."""
    source = f"in-latency-{program.name}"
    bench.topics.create([source], bench.partitions)
    child, outputs = bench.start(program, source, PASS)
    try:
        # Until a record comes through: start-up is no latency.
        bench.await_first(child, outputs, lambda: _probe(bench, source))
        options = [
            "--bootstrap-servers", bench.servers, "--partitions", str(bench.partitions), "--rate", str(rate),
            "--warm-up", str(warm_up), "--seconds", str(seconds),
        ]  # fmt: skip
        wire = [sys.executable, "-m", "bench.wire"]
        reader = subprocess.Popen([*wire, "read", "--topic", outputs[0], *options], cwd=ROOT, stdout=subprocess.PIPE)
        assert reader.stdout is not None
        try:
            if reader.stdout.readline() != b"READY\n":
                raise RunFailed("the reader saw no probe")
            subprocess.run(
                [*wire, "send", "--topic", source, *options],
                cwd=ROOT, check=True, timeout=warm_up + seconds + LATE_SECONDS,
            )  # fmt: skip
            answer, _ = reader.communicate(timeout=LATE_SECONDS)
        finally:
            reader.kill()
        child.check()
    finally:
        bench.clean(child, outputs)
        bench.topics.delete([source])
    found = json.loads(answer)
    if not found["latencies"]:
        raise RunFailed(f"no record came out ({child.log})")
    return {"program": program.name, "input": "latency", "missing": found["missing"], **summary(found["latencies"])}


def summary(latencies: Sequence[float]) -> dict[str, float]:
    """Percentiles by their names."""
    ordered = sorted(latencies)
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    return {name: percentile(ordered, share) for name, share in shares.items()}


def _probe(bench: Bench, source: str) -> None:
    bench.topics.fill(source, bench.partitions, [(b"probe", probe(), [], round(time.time() * 1000))])
    time.sleep(PROBE_SECONDS)
