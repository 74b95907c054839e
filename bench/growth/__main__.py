"""`make bench-growth`: measure how costs grow, and write tables and plots into docs/scaling.md.

    python -m bench.growth [--only SECTION …] [--events N] [--page]

Results are kept in build/growth/SECTION.json; --page writes the page from what is there and measures nothing.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from datetime import UTC, datetime

import orjson

from bench.growth.deployment import LOGS
from bench.growth.page import write
from bench.growth.sections import SECTIONS, Run, warm_up
from pipeline.kafka import EmbeddedKafka

EVENTS = 200_000


def main() -> None:
    """Run the sections that are asked for."""
    parser = argparse.ArgumentParser(description="How costs grow.")
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS), metavar="SECTION")
    parser.add_argument("--events", type=int, default=EVENTS, help="measured at each size")
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there")
    given = parser.parse_args()
    LOGS.mkdir(parents=True, exist_ok=True)
    # So that Kafka and the worker are stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    failed: list[str] = []
    if not given.page:
        began = time.monotonic()

        def tell(line: str) -> None:
            print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True)

        with EmbeddedKafka() as kafka:
            tell("warm-up")
            warm_up(Run(kafka, given.events, tell))
            for name in given.only:
                tell(name)
                try:
                    rows = list(SECTIONS[name](Run(kafka, given.events, tell)))
                except Exception as error:  # the other sections are worth their minutes all the same
                    tell(f"{name} failed, its old table stays: {error}")
                    failed.append(name)
                    continue
                kept = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "rows": rows}
                (LOGS / f"{name}.json").write_bytes(orjson.dumps(kept, option=orjson.OPT_INDENT_2))
        tell("done")
    print("\n".join(f"written: {path}" for path in write(LOGS)))
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
