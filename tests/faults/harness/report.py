"""Writes the tables of docs/reliability.md from the results: `python -m tests.faults.harness.report`.

A table stands between `<!-- NAME: begin -->` and `<!-- NAME: end -->`; results name the table they belong to.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.faults.harness.result import RESULTS, latest
from tests.faults.worker_faults import SCENARIOS

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"

Row = dict[str, Any]

COLUMNS = ("fault", "delivery", "rounds", "in", "out", "lost", "duplicates", "repeats", "stood still, p50", "longest")
MUTATION_COLUMNS = ("rule broken", "out", "lost", "duplicates", "gaps", "different", "state differs")


def write(page: Path, rows: Sequence[Row]) -> list[str]:
    """Replace every table of the page for which there are rows; their names."""
    text = page.read_text()
    written: list[str] = []
    for name in sorted({row["table"] for row in rows}):
        some = [row for row in rows if row["table"] == name]
        text, found = _replaced(text, name, f"{table(name, some)}\n\n{origin(some)}")
        if found:
            written.append(name)
    page.write_text(text)
    return written


def table(name: str, rows: Iterable[Row]) -> str:
    """The rows in the order of the scenarios, others as they were run, the same fault's deliveries together."""
    some = sorted(rows, key=lambda row: row["when"])
    order = {row["name"]: place for place, row in reversed(list(enumerate(some)))}
    order |= {scenario.name: place - len(SCENARIOS) for place, scenario in enumerate(SCENARIOS)}
    some.sort(key=lambda row: (order[row["name"]], row["delivery"] != "exactly-once"))
    mutations = name == "mutations"
    cells = [_mutation(row) if mutations else _cells(row) for row in some]
    return _markdown(MUTATION_COLUMNS if mutations else COLUMNS, cells)


def origin(rows: Sequence[Row]) -> str:
    """Where and when the figures come from."""
    told = sorted({_environment(row["environment"]) for row in rows})
    days = sorted({row["when"][:10] for row in rows})
    load = sorted({f"{row['workers']} workers, {row['partitions']} partitions" for row in rows})
    busy = [row["load_average"] for row in rows if row.get("load_average")]
    others = f" Load average {min(busy):.0f} to {max(busy):.0f}, other programs included." if busy else ""
    return (
        f"{'; '.join(told)}. {days[0]}{f' to {days[-1]}' if len(days) > 1 else ''}. "
        f"{'; '.join(load)}, session timeout {_seconds(max(row['session_timeout'] for row in rows))}.{others}"
    )


def _cells(row: Row) -> list[str]:
    found = row["found"]
    repeats = f"{found['repeats']:,}" if row["delivery"] == "at-least-once" else "–"
    limit, longest = row["standstill_limit"], _seconds(row["standstill_max"])
    over = limit is not None and row["standstill_max"] > limit
    failed = " **failed**" if len(row["problems"]) > over else ""
    return [
        row["title"] + failed,
        row["delivery"],
        str(row["rounds"]),
        f"{row['input_records']:,}",
        f"{row['records']:,}",
        str(found["lost"]),
        str(found["duplicates"]),
        repeats,
        _seconds(row["standstill_p50"]),
        f"**{longest}**, limit {limit:.0f} s" if over else longest,
    ]


def _mutation(row: Row) -> list[str]:
    found = row["found"]
    counts = [found[name] for name in ("lost", "duplicates", "gaps", "different")] + [row["state_differs"]]
    return [row["title"], f"{row['records']:,}", *(str(count) for count in counts)]


def _markdown(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    numbers = {"rounds", "in", "out", "lost", "duplicates", "repeats", "gaps", "different", "state differs"}
    right = ["---:" if name in numbers or "still" in name or name == "longest" else "---" for name in columns]
    lines = [columns, right, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _environment(told: dict[str, str]) -> str:
    versions = ", ".join(f"{name} {told[name]}" for name in ("itemstream", "kafka", "aiokafka", "python"))
    return f"{told['machine']}; {versions}"


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _replaced(text: str, name: str, content: str) -> tuple[str, bool]:
    pattern = re.compile(rf"(<!-- {re.escape(name)}: begin -->\n).*?(<!-- {re.escape(name)}: end -->)", re.DOTALL)
    new, count = pattern.subn(lambda found: f"{found[1]}{content}\n{found[2]}", text)
    return new, bool(count)


def main() -> int:
    """Exit code 1 where there are no results."""
    rows = list(latest(RESULTS))
    if not rows:
        print(f"no results in {RESULTS}; make them with: make faults", file=sys.stderr)
        return 1
    print(f"{PAGE.name}: {', '.join(write(PAGE, rows))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
