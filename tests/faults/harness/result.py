"""What a run found, as a line of JSON in the results folder."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from pipeline.kafka import KAFKA_VERSION
from tests.faults.harness.verdict import Found

RESULTS = Path(os.environ.get("ITEMSTREAM_FAULT_RESULTS") or Path(__file__).parents[3] / "build" / "faults")


@dataclass
class Result:
    """One scenario in one delivery mode. Times in seconds."""

    name: str
    title: str
    table: str
    delivery: str
    rounds: int
    workers: int
    partitions: int
    rate: int
    session_timeout: float
    input_records: int
    records: int
    """Output records a read_committed reader found."""
    found: Found
    aborted_seen: int
    """Records the reader saw while things broke that were not there at the end."""
    aborted_written: int
    """Records of aborted transactions in the output topics: what a read_uncommitted reader is shown."""
    state_differs: int
    """Partitions whose restored state is not the fold of their input."""
    behind: int
    """Input records not committed at the end."""
    standstill_p50: float
    standstill_max: float
    standstill_limit: float | None
    seconds: float
    killed: int
    ended_by_themselves: list[int]
    exit_codes: list[int]
    stale: int
    """Records fetched before a rebalance and dropped, as the workers counted them."""
    restarts: int
    worst: str | None
    """Where and when the longest standstill was."""
    standstills: list[float] = field(default_factory=list[float])
    notes: dict[str, int] = field(default_factory=dict[str, int])
    mutation: str | None = None
    problems: list[str] = field(default_factory=list[str])
    """Everything that makes the run fail, in words."""
    load_average: float = 0.0
    """Of the machine at the end: well above the number of cores, times tell of other programs too."""
    when: str = ""
    environment: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def ok(self) -> bool:
        return not self.problems

    def summary(self) -> str:
        """One line for people."""
        found = self.found
        return (
            f"{self.title} ({self.delivery}): {self.rounds} rounds, {self.input_records} in, {self.records} out, "
            f"lost {found.lost}, duplicates {found.duplicates}, repeats {found.repeats}, "
            f"standstill p50 {self.standstill_p50} s, max {self.standstill_max} s"
            + "".join(f"; {problem}" for problem in self.problems)
        )


def save(result: Result, folder: Path = RESULTS) -> None:
    """Append it to the file of its scenario and delivery."""
    folder.mkdir(parents=True, exist_ok=True)
    result.when = datetime.now(UTC).isoformat(timespec="seconds")
    result.environment = environment()
    result.load_average = round(os.getloadavg()[1], 1)
    file = folder / f"{result.name}.{result.delivery}.jsonl"
    with file.open("ab") as lines:
        lines.write(orjson.dumps(asdict(result), option=orjson.OPT_APPEND_NEWLINE))


def latest(folder: Path = RESULTS) -> Iterator[dict[str, Any]]:
    """The last result of every scenario and delivery."""
    for file in sorted(folder.glob("*.jsonl")):
        lines = file.read_bytes().splitlines()
        if lines:
            yield orjson.loads(lines[-1])


def environment() -> dict[str, str]:
    """Machine and versions, for the reader of the figures."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "kafka": KAFKA_VERSION,
        "aiokafka": version("aiokafka"),
        "itemstream": version("itemstream"),
    }
