"""The pictures of docs/performance.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt

from bench.hot_spots import Box
from bench.programs import EXACTLY_ONCE, Program
from bench.stats import spread

Row = Mapping[str, Any]

OWN = {True: "#0b6e4f", False: "#6bbf9c"}
OTHERS = {True: "#4a5a70", False: "#a9b6c8"}
"""Colours by whether it is exactly once."""

AREAS = ("#0b6e4f", "#c8963e", "#4a5a70", "#a9b6c8", "#8f5b8f", "#b5534c", "#6bbf9c", "#d9c7a0", "#777777")

# The same figures give the same bytes.
mpl.rcParams.update({"svg.hashsalt": "itemstream", "svg.fonttype": "none", "font.size": 9})
_METADATA = {"Date": None, "Creator": None}


def throughput(
    inputs: Sequence[tuple[str, str]], programs: Sequence[Program], results: Sequence[Row], file: Path
) -> None:
    """Median and extremes of every program; one panel an input."""
    panels = [(name, title) for name, title in inputs if any(row["input"] == name for row in results)]
    figure, axes = plt.subplots(1, len(panels), figsize=(4.2 * len(panels), 4.6), squeeze=False)
    for axis, (name, title) in zip(axes[0], panels, strict=True):
        bars = []
        for program in programs:
            rates = [row["rate"] for row in results if row["input"] == name and row["program"] == program.name]
            if rates:
                bars.append((spread(rates), program))
        bars.sort(key=lambda bar: bar[0].median)
        places = range(len(bars))
        middles = [rate.median / 1000 for rate, _ in bars]
        reach = [
            [(rate.median - rate.least) / 1000 for rate, _ in bars],
            [(rate.most - rate.median) / 1000 for rate, _ in bars],
        ]
        axis.barh(places, middles, xerr=reach, color=[_colour(p) for _, p in bars], error_kw={"lw": 0.8})
        axis.set_yticks(places, [_label(program) for _, program in bars])
        axis.set_title(title)
        axis.set_xlabel("thousand records/s")
        _bare(axis)
    _save(figure, file)


def latency(programs: Sequence[Program], results: Sequence[Row], file: Path) -> None:
    """p50 to p99 of every program, on a logarithmic scale."""
    rows = {row["program"]: row for row in results if row["input"] == "latency"}
    shown = [program for program in reversed(programs) if program.name in rows]
    figure, axis = plt.subplots(figsize=(8, 0.38 * len(shown) + 1.2))
    for place, program in enumerate(shown):
        row = rows[program.name]
        axis.plot([row["p50"], row["p99"]], [place, place], color=_colour(program), lw=5, solid_capstyle="butt")
        axis.plot(row["p50"], place, "o", color=_colour(program), ms=7)
        axis.annotate(f" {row['p50']:.0f} / {row['p99']:.0f}", (row["p99"], place), va="center", fontsize=8)
    axis.set_yticks(range(len(shown)), [_label(program) for program in shown])
    axis.set_xscale("log")
    axis.set_xlabel("milliseconds from produce to a read_committed reader: p50 (dot) to p99")
    axis.margins(x=0.12)
    _bare(axis)
    _save(figure, file)


def flames(boxes: Sequence[Box], file: Path) -> None:
    """A flame graph: the width of a frame is its share of the CPU time, callers above."""
    deepest = max(box.depth for box in boxes)
    areas = sorted({box.area for box in boxes})
    colours = dict(zip(areas, AREAS, strict=False))
    figure, axis = plt.subplots(figsize=(12, 0.19 * deepest + 1))
    for box in boxes:
        axis.barh(
            -box.depth,
            box.width,
            left=box.start,
            height=0.92,
            color=colours.get(box.area, "#777777"),
            lw=0.3,
            ec="white",
        )
        room = int(box.width * 190)
        if room > 5:
            name = box.frame.function.rpartition(".")[2][:room]
            axis.text(box.start + 0.001, -box.depth, name, va="center", fontsize=6, color="white", clip_on=True)
    for area in areas:
        axis.barh(0, 0, color=colours.get(area, "#777777"), label=area)
    axis.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=4, frameon=False, fontsize=8)
    axis.set_xlim(0, 1)
    axis.axis("off")
    _save(figure, file)


def _colour(program: Program) -> str:
    return (OWN if program.title == "itemstream" else OTHERS)[program.delivery == EXACTLY_ONCE]


def _label(program: Program) -> str:
    return f"{program.title}, {program.delivery.replace('-', ' ')}"


def _bare(axis: Any) -> None:
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)


def _save(figure: Any, file: Path) -> None:
    figure.savefig(file, format="svg", bbox_inches="tight", metadata=_METADATA)
    plt.close(figure)
    # No blank at an end of a line, as everywhere in the repository.
    file.write_text("".join(line.rstrip() + "\n" for line in file.read_text().splitlines()))
