"""Writes the figures of the last soak into docs/reliability.md: `python -m tests.faults.soak.page`."""

from __future__ import annotations

import re
import sys

import orjson

from tests.faults.harness.report import PAGE
from tests.faults.harness.result import RESULTS
from tests.faults.soak.__main__ import figures

PLACE = re.compile(r"(<!-- soak: begin -->\n).*?(<!-- soak: end -->)", re.DOTALL)


def main() -> int:
    """Exit code 1 where there is no result."""
    file = RESULTS / "soak.json"
    if not file.exists():
        print(f"no soak in {RESULTS}; make one with: make soak HOURS=1", file=sys.stderr)
        return 1
    told = orjson.loads(file.read_bytes())
    where = told["environment"]
    lines = ["| | |", "| --- | ---: |", *(f"| {name} | {value} |" for name, value in figures(told))]
    versions = ", ".join(f"{name} {where[name]}" for name in ("itemstream", "kafka", "aiokafka", "python"))
    text = "\n".join([*lines, "", f"{where['machine']}; {versions}. {told['when'][:10]}."])
    page = PAGE.read_text()
    PAGE.write_text(PLACE.sub(lambda found: f"{found[1]}{text}\n{found[2]}", page))
    return 0


if __name__ == "__main__":
    sys.exit(main())
