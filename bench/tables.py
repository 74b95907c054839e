"""Markdown tables out of results; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.programs import Program
from bench.stats import spread
from bench.targets import Verdict

Row = Mapping[str, Any]


def medians(results: Iterable[Row]) -> dict[tuple[str, str], float]:
    """Records per second by input and program."""
    rates: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in results:
        if "rate" in row:
            rates[row["input"], row["program"]].append(row["rate"])
    return {name: spread(some).median for name, some in rates.items()}


def throughput_table(name: str, programs: Sequence[Program], results: Sequence[Row]) -> str:
    """The programs over one input, the fastest first."""
    lines: list[tuple[float, list[str]]] = []
    for program in programs:
        some = [row for row in results if row["input"] == name and row["program"] == program.name]
        if some:
            lines.append((spread([row["rate"] for row in some]).median, _throughput(program, some)))
    lines.sort(key=lambda line: -line[0])
    head = ("program", "delivery", "records/s", "spread", "CPU a record", "broker's", "memory", "records out")
    return markdown(head, (line for _, line in lines), left=2)


def _throughput(program: Program, rows: Sequence[Row]) -> list[str]:
    rate = spread([row["rate"] for row in rows])
    return [
        _title(program),
        program.delivery,
        f"**{rate.median:,.0f}**",
        f"{rate.least:,.0f} – {rate.most:,.0f}",
        f"{_median(rows, 'cpu_us'):.1f} µs",
        f"{_median(rows, 'broker_cpu_us'):.1f} µs",
        f"{_median(rows, 'peak_mib'):,.0f} MiB",
        _counted(rows),
    ]


def latency_table(programs: Sequence[Program], results: Sequence[Row]) -> str:
    """The programs in their order."""
    lines = [
        [
            _title(program), program.delivery, *(f"{row[name]:,.1f}" for name in ("p50", "p90", "p99", "max")),
            program.settings + (f"; **{row['missing']} missing**" if row["missing"] else ""),
        ]
        for program in programs
        for row in results
        if row["input"] == "latency" and row["program"] == program.name
    ]  # fmt: skip
    return markdown(("program", "delivery", "p50, ms", "p90", "p99", "max", "settings"), lines, left=2, last_left=True)


def settings_table(programs: Sequence[Program]) -> str:
    """How each program was set."""
    return markdown(("program", "delivery", "settings"), ([p.title, p.delivery, p.settings] for p in programs), left=3)


def verdict_table(verdicts: Sequence[Verdict]) -> str:
    """Targets, what was found, and whether that is enough."""
    told = {True: "met", False: "**not met**", None: "–"}
    lines = [[verdict.text, verdict.wanted, verdict.found, told[verdict.met]] for verdict in verdicts]
    return markdown(("", "wanted", "found", ""), lines, left=1, last_left=True)


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]], *, left: int, last_left: bool = False) -> str:
    """A table whose first `left` columns are text."""
    rule = ["---" if place < left else "---:" for place in range(len(head))]
    if last_left:
        rule[-1] = "---"
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rule, *lines))


def replaced(text: str, name: str, content: str) -> str:
    """The page with what is between the markers of `name` replaced. Raises ValueError where there are none."""
    pattern = re.compile(rf"(<!-- {re.escape(name)}: begin -->\n).*?(<!-- {re.escape(name)}: end -->)", re.DOTALL)
    new, count = pattern.subn(lambda found: f"{found[1]}{content}\n{found[2]}", text)
    if not count:
        raise ValueError(f"no markers named {name}")
    return new


def _title(program: Program) -> str:
    return f"**{program.title}**" if program.title == "itemstream" else program.title


def _median(rows: Sequence[Row], name: str) -> float:
    return spread([row[name] for row in rows]).median


def _counted(rows: Sequence[Row]) -> str:
    if not all(row["complete"] for row in rows):
        return "cut"
    if all(row["counted"] == row["expected"] for row in rows):
        return f"{rows[0]['counted']:,}"
    found = sorted({row["counted"] for row in rows})
    return f"**{', '.join(f'{number:,}' for number in found)}** of {rows[0]['expected']:,}"
