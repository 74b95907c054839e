"""The pictures of the docs, of a real console over real Kafka: `python -m tests.console.e2e.screenshots [NAME]…`.

Written to docs/img/console-NAME.png. Look at them before they are committed.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson
from playwright.async_api import Page, async_playwright

from pipeline.kafka import EmbeddedKafka
from tests.console.e2e.browsing import CHROMIUM, DESKTOP, PHONE, launch_arguments, logged_in
from tests.console.e2e.scene import Scene, scene, send
from tests.rejected.support import message

IMAGES = Path(__file__).parents[3] / "docs" / "img"
COUNT, DAYS = 14_000, 7
PRICES = """currency = "USD"

[models."*"]
input_text = 4.0
input_audio = 32.0
cached_text = 0.4
cached_audio = 0.4
output_text = 16.0
output_audio = 64.0
"""

Act = Callable[[Page, Scene], Awaitable[None]]


async def _look(_: Page, __: Scene) -> None:
    """Nothing but look."""


@dataclass(frozen=True)
class Picture:
    """One of them: where, in which colours, and what is done before."""

    path: str
    act: Act = _look
    colours: Literal["light", "dark"] = "light"
    screen: Literal["desktop", "phone"] = "desktop"


async def _dry_run(page: Page, _: Scene) -> None:
    await page.get_by_role("checkbox", name="Every record with").check()
    await page.get_by_role("button", name="Dry run").click()
    await page.get_by_text("Dry run: nothing was sent").wait_for(timeout=30_000)


async def _difference(page: Page, _: Scene) -> None:
    await page.get_by_role("button", name="Preview the difference").click()
    await page.get_by_role("heading", name="The difference").wait_for(timeout=60_000)
    await page.get_by_role("button", name="would come new").first.click()


async def _flow(page: Page, there: Scene) -> None:
    """While events come."""
    await page.locator("[data-health]").wait_for()
    for number in range(120):
        item = orjson.dumps(message(f"item_{number}", "Good morning, is the ferry at nine still going?"))
        await send(there.deployed, [(f"sess_{number % 9}", item)])
        await asyncio.sleep(0.03)


PICTURES = {
    "tools": Picture("/tools"),
    "usage": Picture("/usage", colours="dark"),
    "rejected": Picture("/rejected?reason=too_large", _dry_run),
    "rejected-phone": Picture("/rejected?reason=item_invalid", screen="phone"),
    "replay": Picture("/replay/new?since=1d", _difference),
    "pipeline": Picture("/pipeline", _flow, colours="dark"),
}


async def take(there: Scene, names: list[str], folder: Path) -> None:
    """Each picture in a browser of its own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=launch_arguments())
        for name in names:
            picture = PICTURES[name]
            screen = DESKTOP if picture.screen == "desktop" else PHONE
            context = await logged_in(browser, there, "olga", colours=picture.colours, screen=screen)
            page = await context.new_page()
            await page.goto(picture.path)
            await page.get_by_role("heading", level=1).wait_for()
            await page.locator("[aria-busy=true]").first.wait_for(state="detached")
            await picture.act(page, there)
            await page.wait_for_timeout(500)  # what moves comes to rest
            file = folder / f"console-{name}.png"
            await page.screenshot(path=file)
            print(file, file.stat().st_size)
            await context.close()
        await browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}; default: all")
    parser.add_argument("--to", type=Path, default=IMAGES)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    prices = folder / "prices.toml"
    prices.write_text(PRICES, encoding="utf-8")
    try:
        with (
            EmbeddedKafka(properties={"log.initial.task.delay.ms": 24 * 3600 * 1000}) as kafka,
            scene(kafka.bootstrap_servers, uuid.uuid4().hex[:4], folder, COUNT, DAYS, console_prices=prices) as there,
        ):
            asyncio.run(take(there, arguments.names or list(PICTURES), arguments.to))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
