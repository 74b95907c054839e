"""Runs the drills, one after another, and writes the table of docs/runbook.md."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from tests.observe.drills.causes import DRILLS
from tests.observe.drills.collectors import RELAY_DRILLS, relay_site
from tests.observe.drills.site import SCRAPE_SECONDS, SECONDS_PER_MINUTE, Drill, site
from tests.observe.prometheus import ROOT, Prometheus, alerts
from tests.observe.support import get, until_true

PAGE = ROOT / "docs" / "runbook.md"
FIRES_IN, CLEARS_IN = 90.0, 120.0

Row = tuple[str, str, float | None, float | None]
"""Alert, cause, seconds until it fired, and until it was over; None where it did not within the time."""


class Watched(Protocol):
    """A site: Prometheus looks at it."""

    prometheus: Prometheus


S = TypeVar("S", bound=Watched)


async def run(drill: Drill[S], where: S) -> list[Row]:
    """One drill."""
    names = set(drill.alerts)
    await until_true(lambda: not names & where.prometheus.firing(), CLEARS_IN)
    cause = drill.cause(where)
    started = time.monotonic()
    await anext(cause)
    fired = await _when_each(names, where, started, FIRES_IN, firing=True)
    ended = time.monotonic()
    await anext(cause, None)
    cleared = await _when_each(set(fired), where, ended, CLEARS_IN, firing=False)
    return [(name, drill.words, fired.get(name), cleared.get(name)) for name in drill.alerts]


async def _when_each(
    names: set[str], where: Watched, since: float, seconds: float, *, firing: bool
) -> dict[str, float]:
    """Seconds until each was first seen firing, or not firing."""
    seen: dict[str, float] = {}
    while names - seen.keys() and time.monotonic() - since < seconds:
        now = await asyncio.to_thread(where.prometheus.firing)
        for name in names - seen.keys():
            if (name in now) is firing:
                seen[name] = time.monotonic() - since
        await asyncio.sleep(0.3)
    return seen


def table(rows: list[Row]) -> str:
    """For the page."""
    lines = ["| alert | cause | fired after | over, after the cause was |", "|---|---|---|---|"]
    lines += [f"| {name} | {words} | {_seconds(fired)} | {_seconds(cleared)} |" for name, words, fired, cleared in rows]
    return "\n".join(lines)


def _seconds(value: float | None) -> str:
    return "**not seen**" if value is None else f"{value:.0f} s"


async def main() -> int:
    """Returns 0 where every alert fired and cleared."""
    for name in ("aiokafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # they tell of all that is broken here on purpose
    wanted = set(sys.argv[1:])
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="itemstream-drills-") as folder:
        if drills := _chosen(DRILLS, wanted):
            async with site(Path(folder)) as where:
                await until_true(lambda: get(where.port, "/ready")[0] == 200, 60)
                rows += await _run_all(drills, where)
        if drills := _chosen(RELAY_DRILLS, wanted):
            async with relay_site(Path(folder) / "relay") as relayed:
                await until_true(lambda: get(relayed.web_port, "/ready")[0] == 200, 60)
                rows += await _run_all(drills, relayed)
    if not wanted:
        assert {row[0] for row in rows} == {rule["alert"] for rule in alerts()}
    write(rows)
    return int(any(None in row for row in rows))


def _chosen(drills: Sequence[Drill[S]], wanted: set[str]) -> list[Drill[S]]:
    return [drill for drill in drills if not wanted or wanted & set(drill.alerts)]


async def _run_all(drills: Sequence[Drill[S]], where: S) -> list[Row]:
    rows: list[Row] = []
    for drill in drills:
        rows += await run(drill, where)
        print(*table(rows).splitlines()[-len(drill.alerts) :], sep="\n", flush=True)
    return rows


def write(rows: list[Row]) -> None:
    """Write the table into the page; lines of alerts that were not drilled now stay as they are."""
    head, *lines = (part.splitlines() for part in (table(rows[:0]), table(rows)))
    new = {line.split(" | ")[0]: line for line in lines[0][2:]}
    text = PAGE.read_text()
    old = {line.split(" | ")[0]: line for line in re.findall(r"^\| Itemstream\w+ \| .*$", text, re.MULTILINE)}
    words = (
        f"In the rules a minute lasted {SECONDS_PER_MINUTE} s; thresholds as they are. "
        f"Scraped every {SCRAPE_SECONDS} s.\n\n"
    )
    body = "\n".join([*head, *{**old, **new}.values()])
    PAGE.write_text(
        re.sub(
            r"(<!-- drills:begin -->\n).*(<!-- drills:end -->)",
            lambda found: found[1] + words + body + "\n" + found[2],
            text,
            flags=re.DOTALL,
        )
    )


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
