"""Events per second of `itemstream export` and `import`, with processor time and the most memory, a process each.

    python -m bench.export [--sessions N] [--partitions P] [--rounds R]

Starts an embedded Kafka, fills the raw topic with simulated sessions, and exports it: to Parquet and to JSON lines in
turn, first one partition, then all of them, so that memory can be seen to stay. Then the last Parquet folder is
imported into a topic of its own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from pipeline.kafka import EmbeddedKafka

COMMAND = (sys.executable, "-m", "pipeline.cli.main")


class Measured(NamedTuple):
    """What a run took."""

    records: int
    seconds: float
    processor_seconds: float
    peak_mb: float


def command(*arguments: str) -> Measured:
    """One command as a process of its own; its start, about a second, is in the figures."""
    began = time.perf_counter()
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    told = process.stderr.read() if process.stderr else ""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}: {told}")
    first = told.splitlines()[-1].split(" ", 1)[0].replace(",", "") if told else ""
    records = int(first) if first.isdigit() else 0
    return Measured(records, time.perf_counter() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def show(what: str, runs: list[Measured]) -> None:
    records = runs[0].records
    rates = [run.records / run.seconds for run in runs]
    processor = statistics.median(run.processor_seconds for run in runs)
    peak = max(run.peak_mb for run in runs)
    print(
        f"{what:<24} {records:>10,} records  {statistics.median(rates):>8,.0f}/s (best {max(rates):,.0f})  "
        f"{processor / records * 1e6:>5.1f} µs of processor a record  {peak:>5.0f} MB at most",
        flush=True,
    )


def measure(servers: str, folder: Path, sessions: int, partitions: int, rounds: int) -> None:
    where = ("--bootstrap-servers", servers)
    command("topics", "apply", "--yes", "--partitions", str(partitions), "--replication-factor", "1", *where)
    command("simulate", "--sessions", str(sessions), *where)
    for kind in ("parquet", "jsonl"):
        for name, chosen in (("one partition", ("--partition", "0")), ("all", ())):
            runs: list[Measured] = []
            for _ in range(rounds):
                to = folder / kind
                shutil.rmtree(to, ignore_errors=True)
                runs.append(command("export", "events", "--format", kind, "--to", str(to), *chosen, *where))
            show(f"{kind}, {name}", runs)
    # Any topic of as many partitions will do.
    show("import of parquet", [command("import", str(folder / "parquet"), "--to", "rejected", *where)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=3000)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with EmbeddedKafka() as broker, tempfile.TemporaryDirectory() as folder:
        measure(broker.bootstrap_servers, Path(folder), options.sessions, options.partitions, options.rounds)


if __name__ == "__main__":
    main()
