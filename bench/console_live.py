"""How soon the console's page shows what was said, and how it scrolls: real Kafka, worker and console, and Chromium.

    PYTHONPATH=. .venv/bin/python -m bench.console_live [--messages 50] [--turns 3334] [--print]

Messages are sent one after another. Each counts from the moment the producer has Kafka's acknowledgement to the first
frame in which the text is in sight on the conversation's page; both are told by the clock of this machine. Then the
mouse wheel is turned through a conversation of 10,000 items, and the times between frames are taken. The table goes
into docs/console.md; `--print` leaves that as it is.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
import uuid
from pathlib import Path

from playwright.async_api import Page, async_playwright

from bench.stats import percentile
from bench.tables import markdown, replaced
from pipeline.kafka import EmbeddedKafka
from tests.console.e2e.browsing import CHROMIUM, DESKTOP, launch_arguments
from tests.console.e2e.console import ConsoleProcess
from tests.console.e2e.conversations.events import Talk
from tests.console.e2e.conversations.scene import OPEN, STARTED_AT, Scene
from tests.console.e2e.scene import worker
from tests.kafka.deploy import deploy

DOCS = Path(__file__).parents[1] / "docs" / "console.md"
NAME = "live"
PAUSE_SECONDS = 0.3
SAID_BEFORE = 20
"""More than one screen, at whose end the reader is: the page then follows."""
SLOW_MS = 33
TURNS, STEP_PIXELS, STEPS = 3_334, 400, 400
SEEN = """text => new Promise(seen => {
    const look = () => {
        const there = [...document.querySelectorAll("article")].find(one => one.textContent.includes(text));
        const box = there?.getBoundingClientRect();
        if (box && box.bottom > 0 && box.top < window.innerHeight) seen(Date.now());
        else requestAnimationFrame(look);
    };
    look();
})"""
"""When a text is in sight, in ms."""
RECORD = """() => {
    window.frames_of_bench = [];
    let before = performance.now();
    const next = now => { window.frames_of_bench.push(now - before); before = now; requestAnimationFrame(next); };
    requestAnimationFrame(now => { before = now; requestAnimationFrame(next); });
}"""
IN_SIGHT = """() => Number(document.querySelector("article")?.getAttribute("aria-posinset") ?? 0)"""


async def opened(page: Page, scene: Scene, session_id: str) -> None:
    await page.goto(f"{scene.url}/sessions/{session_id}")
    await page.get_by_role("article").first.wait_for(timeout=60_000)


async def lateness(scene: Scene, page: Page, count: int) -> list[float]:
    """Milliseconds from Kafka's acknowledgement of each message to its text in sight, ascending."""
    taken: list[float] = []
    async with Talk(scene.deployed, f"sess-{uuid.uuid4().hex}", tenant="bench") as talk:
        for number in range(SAID_BEFORE):
            await talk.user_writes(f"What was said before, number {number}.")
        await scene.until(lambda: any(scene.length(one) == SAID_BEFORE for one in scene.sessions()))
        await opened(page, scene, talk.session_id)
        await page.get_by_role("status").filter(has_text="Live").wait_for(timeout=60_000)
        for number in range(count):
            text = f"Message number {number} of {uuid.uuid4().hex}."
            await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
            seen = asyncio.create_task(page.evaluate(SEEN, text))
            await asyncio.sleep(PAUSE_SECONDS)  # a page at rest, and the browser at what it is to look for
            await talk.user_writes(text)
            acknowledged = time.time() * 1000
            async with asyncio.timeout(60):
                taken.append(await seen - acknowledged)
    return sorted(taken)


async def frames(scene: Scene, page: Page, turns: int) -> tuple[int, list[float]]:
    """Entries of a long conversation, and the milliseconds between frames while the wheel is turned, ascending."""
    speaking = ["--scenario=written_turn"] * turns
    simulated = ("simulate", "--sessions", "1", "--seed", "11", "--dialect", "openai", "--start-time", STARTED_AT)
    await asyncio.to_thread(scene.run, *simulated, *speaking)
    total = turns * 3
    await scene.until(lambda: any(scene.length(one) >= total for one in scene.sessions()))
    longest = max(scene.sessions(), key=scene.length)
    await opened(page, scene, longest["session_id"])
    await page.evaluate("window.scrollTo(0, 0)")
    await page.mouse.move(DESKTOP["width"] / 2, DESKTOP["height"] / 2)
    await page.evaluate(RECORD)
    before = await page.evaluate(IN_SIGHT)
    for _ in range(STEPS):
        await page.mouse.wheel(0, STEP_PIXELS)
        await asyncio.sleep(0.01)
    taken: list[float] = await page.evaluate("window.frames_of_bench")
    assert await page.evaluate(IN_SIGHT) > before, "the wheel did not move the page"
    return scene.length(longest), sorted(taken)


def table(late: list[float], entries: int, between: list[float]) -> str:
    """Both measurements."""
    slow = sum(one > SLOW_MS for one in between)
    lines = [
        [f"{len(late):,} messages, from Kafka's acknowledgement to the text in sight", *figures(late), "–"],
        [
            f"{len(between):,} frames, wheeling through {entries:,} entries",
            *figures(between),
            f"{100 * slow / len(between):.1f} %",
        ],
    ]
    return markdown(("", "p50, ms", "p95", "max", f"over {SLOW_MS} ms"), lines, left=1)


def figures(ascending: list[float]) -> tuple[str, ...]:
    return tuple(f"{one:,.0f}" for one in (percentile(ascending, 0.5), percentile(ascending, 0.95), ascending[-1]))


async def measured(servers: str, folder: Path, messages: int, turns: int) -> str:
    deployed = await deploy(servers, uuid.uuid4().hex[:8], partitions=2)
    with worker(deployed), ConsoleProcess(deployed, folder, **OPEN) as console:
        scene = Scene(deployed, console)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=launch_arguments())
            page = await browser.new_page(viewport=DESKTOP)
            late = await lateness(scene, page, messages)
            entries, between = await frames(scene, page, turns)
            await browser.close()
    return table(late, entries, between)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=50)
    parser.add_argument(
        "--turns", type=int, default=TURNS, help="of three entries each, of the conversation that is scrolled"
    )
    parser.add_argument("--print", action="store_true", help="leave docs/console.md as it is")
    options = parser.parse_args()
    with EmbeddedKafka() as kafka, tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(measured(kafka.bootstrap_servers, Path(folder), options.messages, options.turns))
    print(found)
    if not options.print:
        DOCS.write_text(replaced(DOCS.read_text(encoding="utf-8"), NAME, found), encoding="utf-8")


if __name__ == "__main__":
    main()
