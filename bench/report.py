"""docs/performance.md out of the results of one run: `python -m bench.report [FILE]`, by default of the newest."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import hot_spots, tables
from bench.machine import machine
from bench.programs import LATENCY, PROGRAMS, ROOT
from bench.targets import verdicts
from pipeline.kafka import KAFKA_VERSION

PAGE = ROOT / "docs" / "performance.md"
PICTURES = ROOT / "docs" / "img"
PEERS = ("confluent-kafka", "quixstreams", "aiokafka", "bytewax", "faststream", "faust-streaming", "orjson")
TITLES = (
    ("pass", "pass-through"),
    ("raw", "the mix's events, passed through"),
    ("mix", "the job, realistic mix"),
    ("items", "the job, items only"),
)
DRAWN = tuple(title for title in TITLES if title[0] != "raw")

Row = Mapping[str, Any]


def write(results: Sequence[Row], samples: str | None, page: Path = PAGE, pictures: Path = PICTURES) -> None:
    """Put tables and pictures of a whole run into the page. `samples`: folded stacks of the worker."""
    from bench import plots  # matplotlib is among the peers' packages only

    text = page.read_text()
    pictures.mkdir(exist_ok=True)
    if any(row["input"] != "environment" for row in results):
        text = _measured(text, results, page, pictures)
    if samples is not None:
        found = hot_spots.stacks(samples.splitlines())
        content = f"{hot_spots.areas_table(found)}\n\n{hot_spots.functions_table(found)}"
        text = tables.replaced(text, "hot-spots", content)
        file = _picture("worker", pictures)
        plots.flames(list(hot_spots.boxes(found)), file)
        text = _shown(text, "worker", "Flame graph of the worker", file, page)
    page.write_text(text)


def _measured(text: str, results: Sequence[Row], page: Path, pictures: Path) -> str:
    """The page with all that was measured; what was not is left out, since figures are of one run."""
    from bench import plots

    environment = next(row for row in results if row["input"] == "environment")
    text = tables.replaced(text, "environment", environment["text"])
    for name, _ in TITLES:
        text = tables.replaced(text, name, _or_not_measured(tables.throughput_table(name, PROGRAMS, results)))
    text = tables.replaced(text, "latency", _or_not_measured(tables.latency_table(LATENCY, results)))
    text = tables.replaced(text, "targets", tables.verdict_table(_verdicts(results)))
    text = tables.replaced(text, "settings", tables.settings_table(PROGRAMS))
    measured = {row["input"] for row in results}
    if not measured.isdisjoint(name for name, _ in DRAWN):
        file = _picture("throughput", pictures)
        plots.throughput(DRAWN, PROGRAMS, results, file)
        text = _shown(text, "throughput", "Records per second, by program and input", file, page)
    if "latency" in measured:
        file = _picture("latency", pictures)
        plots.latency(LATENCY, results, file)
        text = _shown(text, "latency", "Milliseconds, by program", file, page)
    return text


def _or_not_measured(table: str) -> str:
    return table if table.count("\n") > 1 else "Not measured in this run."


def _picture(name: str, folder: Path) -> Path:
    return folder / f"performance-{name}.svg"


def _shown(text: str, name: str, told: str, file: Path, page: Path) -> str:
    """The page with the picture in its place."""
    return tables.replaced(text, f"picture-{name}", f"![{told}]({file.relative_to(page.parent)})")


def on_terminal(results: Sequence[Row]) -> str:
    """The same tables as text."""
    parts = [tables.throughput_table(name, PROGRAMS, results) for name, _ in TITLES]
    parts += [tables.latency_table(LATENCY, results), tables.verdict_table(_verdicts(results))]
    return "\n\n".join(part for part in parts if part.count("\n") > 1)


def _verdicts(results: Sequence[Row]) -> list[Any]:
    latencies = {row["program"]: row for row in results if row["input"] == "latency"}
    return verdicts(tables.medians(results), latencies)


def environment(given: Mapping[str, Any]) -> dict[str, str]:
    """What was measured where, as a row of the results."""
    versions = ", ".join(f"{name} {version(name)}" for name in PEERS)
    text = (
        f"{machine()}, Apache Kafka and Kafka Streams {KAFKA_VERSION}, {_java()}, "
        f"Python {platform.python_version()}, {versions}. "
        f"{given['records']:,} records passed through, {given['records'] // 2:,} of the mix, {given['partitions']} "
        f"partitions, {given['rounds']} rounds; a run is cut {given['limit']:.0f} s after its first output."
    )
    return {"input": "environment", "text": text}


def _java() -> str:
    told = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    return told.splitlines()[0].replace('"', "") if told else "Java"


def newest(folder: Path) -> Path | None:
    """The results written last."""
    return max(folder.glob("results-*.jsonl"), default=None)


def main() -> int:
    """Exit code 1 where there are no results."""
    folder = ROOT / "build" / "bench"
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else newest(folder)
    if file is None:
        print(f"no results in {folder}; make them with: make bench", file=sys.stderr)
        return 1
    samples = file.with_suffix(".folded")
    results = [json.loads(line) for line in file.read_text().splitlines()]
    write(results, samples.read_text() if samples.exists() else None)
    print(f"{PAGE.relative_to(ROOT)}: written from {file.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
