"""`make bench-console`: the console with 1,000,000 items in its store, into docs/console-store.md.

    python -m bench.console [--only sqlite|postgresql] [--items N] [--times N] [--pace ITEMS] [--seconds S] [--page]

Fills a store, starts a real `itemstream console` on it, and asks it over HTTP, one question after another: first with
nothing coming in, then while `--pace` items a second come onto the topics, which the console takes meanwhile. Results
are kept in build/console/DATABASE.json; only those of a million items go to the page.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from bench.console.databases import DATABASES
from bench.console.measure import Wanted, measure
from bench.console.page import coming, origin, questions, write
from bench.machine import machine

FOLDER = Path(__file__).parents[2] / "build" / "console"
ITEMS = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(DATABASES))
    parser.add_argument("--items", type=int, default=ITEMS)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--pace", type=int, default=5_000)
    parser.add_argument("--seconds", type=float, default=60, help="the load goes on for, at least")
    parser.add_argument("--page", action="store_true", help="write the page from the results that are there")
    given = parser.parse_args()
    # So that all that was started is stopped too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    wanted = Wanted(given.items, given.times, given.pace, given.seconds)
    for name in [] if given.page else [given.only] if given.only else list(DATABASES):
        _run(name, wanted)
    if given.page or given.items == ITEMS:
        write(FOLDER)


def _run(name: str, wanted: Wanted) -> None:
    logs = FOLDER / f"{name}-{wanted.items}"
    logs.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {name}: {line}", flush=True)

    row = {"when": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine()}
    with DATABASES[name]() as (address, title, size):
        row |= {"database": title, **measure(address, size, wanted, logs, tell)}
    folder = FOLDER if wanted.items == ITEMS else logs
    (folder / f"{name}.json").write_bytes(orjson.dumps(row, option=orjson.OPT_INDENT_2))
    tell("done")
    print("\n\n".join((origin(row), questions(row), coming(row))), flush=True)


if __name__ == "__main__":
    main()
