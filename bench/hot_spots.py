"""Where a worker's CPU time goes: stacks sampled from outside, as a table and as a picture."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.programs import PEERS
from bench.tables import markdown

RATE = 400
"""Samples per second."""

_FRAME = re.compile(r"^(?P<function>.*) \((?P<file>[^()]*?)(?::\d+)?\)$")

AREAS: tuple[tuple[str, str], ...] = (
    ("pipeline/core", "the core"),
    ("topics/", "the core"),
    ("orjson", "JSON (orjson)"),
    ("pipeline/streaming", "the stream"),
    ("pipeline/", "the worker around them"),
    ("aiokafka/record", "record batches (aiokafka)"),
    ("aiokafka/", "Kafka protocol (aiokafka)"),
    ("faust/", "Faust and mode"),
    ("mode/", "Faust and mode"),
    ("asyncio/", "event loop"),
    ("uvloop", "event loop"),
)
"""The first one whose text is in the innermost frame's file that has one of them names the area of a sample."""


class Frame(NamedTuple):
    function: str
    file: str


Stack = tuple[Frame, ...]
"""The outermost frame first."""


def sample(pid: int, seconds: int, file: Path) -> Counter[Stack]:
    """Watch a process for some seconds; only what uses CPU counts. Raises CalledProcessError where it may not be."""
    subprocess.run(
        [
            str(PEERS / "py-spy"), "record", "--pid", str(pid), "--duration", str(seconds), "--rate", str(RATE),
            "--format", "raw", "--native", "--output", str(file),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return stacks(file.read_text().splitlines())


def available() -> bool:
    """Whether the sampler is installed."""
    return shutil.which(str(PEERS / "py-spy")) is not None


def stacks(lines: Iterable[str]) -> Counter[Stack]:
    """Folded stacks, `outer (file:1);inner (file:2) 12` a line, lines of the same function as one frame."""
    found: Counter[Stack] = Counter()
    for line in lines:
        text, _, count = line.rpartition(" ")
        found[tuple(_frame(part) for part in text.split(";"))] += int(count)
    return found


def _frame(text: str) -> Frame:
    match = _FRAME.match(text)
    return Frame(match["function"], _short(match["file"])) if match else Frame(text, "")


def _short(file: str) -> str:
    """Without the folders above a package."""
    for folder in ("site-packages/", "python3.11/", "python3.12/", "python3.13/"):
        _, found, rest = file.rpartition(folder)
        if found:
            return rest
    for package in ("/pipeline/", "/topics/"):
        before, found, rest = file.partition(package)
        if found and before:
            return package[1:] + rest
    return file


def area_of(stack: Stack) -> str:
    """Which part of the program a sample belongs to."""
    for frame in reversed(stack):
        for part, area in AREAS:
            if part in frame.file:
                return area
    return "Python itself"


def areas_table(found: Counter[Stack]) -> str:
    """Share of the samples by area."""
    shares: Counter[str] = Counter()
    for stack, count in found.items():
        shares[area_of(stack)] += count
    total = found.total()
    return markdown(
        ("part", "share of CPU"), ([area, f"{count / total:.1%}"] for area, count in shares.most_common()), left=1
    )


def functions_table(found: Counter[Stack], most: int = 20) -> str:
    """The functions with most time of their own; time in C code counts for the Python function that called it."""
    own: Counter[Frame] = Counter()
    for stack, count in found.items():
        python = [frame for frame in stack if frame.file.endswith((".py", ".pyx"))]
        own[python[-1] if python else stack[-1]] += count
    total = found.total()
    lines = [
        [f"`{frame.function}`", f"`{frame.file}`", f"{count / total:.1%}"] for frame, count in own.most_common(most)
    ]
    return markdown(("function", "file", "share of CPU"), lines, left=2)


class Box(NamedTuple):
    """A frame in the picture: where it begins and how wide it is, as shares of all samples."""

    depth: int
    start: float
    width: float
    frame: Frame
    area: str


def boxes(found: Counter[Stack], least: float = 0.004) -> Iterator[Box]:
    """The frames of a flame graph, those narrower than `least` left out."""
    python = {stack: tuple(frame for frame in stack if frame.file.endswith((".py", ".pyx"))) for stack in found}
    yield from _level(sorted((python[stack], count) for stack, count in found.items()), 0, 0.0, found.total(), least)


def _level(some: Sequence[tuple[Stack, int]], depth: int, start: float, total: int, least: float) -> Iterator[Box]:
    groups: dict[Frame, list[tuple[Stack, int]]] = {}
    for stack, count in some:
        if len(stack) > depth:
            groups.setdefault(stack[depth], []).append((stack, count))
    for frame, group in groups.items():
        width = sum(count for _, count in group) / total
        if width >= least:
            yield Box(depth, start, width, frame, area_of((frame,)))
            yield from _level(group, depth + 1, start, total, least)
        start += width
