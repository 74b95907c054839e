"""The pictures of sessions and conversations in the docs: `python -m tests.console.e2e.conversations.screenshots`.

Written to docs/img/console-NAME.png. Look at them before they are committed.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.async_api import Browser, async_playwright

from pipeline.kafka import EmbeddedKafka
from tests.console.e2e.browsing import CHROMIUM, launch_arguments
from tests.console.e2e.conversations.scene import SESSIONS, Scene, conversations
from tests.kafka.deploy import deploy

IMAGES = Path(__file__).parents[4] / "docs" / "img"
DESKTOP, PHONE = (1280, 860), (390, 844)


@dataclass(frozen=True)
class Picture:
    """One of them; `{session}` in its path is the session in which most happens. click: names of buttons, in turn."""

    path: str
    scheme: Literal["light", "dark"] = "light"
    size: tuple[int, int] = DESKTOP
    scroll: str | None = None
    click: tuple[str, ...] = ()


PICTURES = {
    "sessions": Picture("/sessions"),
    "sessions-search": Picture("/sessions?q=ferry", scheme="dark"),
    "sessions-phone": Picture("/sessions?error=true", scheme="dark", size=PHONE),
    "conversation": Picture("/sessions/{session}", scroll="Function call"),
    "conversation-revisions": Picture("/sessions/{session}", scroll="Interrupted", click=("of this assistant: step",)),
    "conversation-events": Picture("/sessions/{session}", scheme="dark", click=("Raw events behind this user",)),
    "conversation-phone": Picture("/sessions/{session}", size=PHONE, scroll="Function call"),
}


async def take(browser: Browser, scene: Scene, name: str) -> None:
    picture = PICTURES[name]
    width, height = picture.size
    context = await browser.new_context(
        base_url=scene.url,
        viewport={"width": width, "height": height},
        color_scheme=picture.scheme,
        reduced_motion="reduce",
        locale="en-GB",
        timezone_id="UTC",
    )
    page = await context.new_page()
    await page.goto(picture.path.format(session=scene.sessions()[0]["session_id"]))
    await page.locator("[data-session], article").first.wait_for()
    if picture.scroll is not None:
        while await page.get_by_text(picture.scroll, exact=True).count() == 0:
            await page.mouse.wheel(0, 300)
            await page.wait_for_timeout(100)
        await page.get_by_text(picture.scroll, exact=True).first.evaluate("it => it.scrollIntoView({block: 'center'})")
    for button in picture.click:
        await page.get_by_role("button", name=button).first.click()
    await page.wait_for_timeout(700)
    await page.screenshot(path=IMAGES / f"console-{name}.png")
    await context.close()


async def main() -> None:
    with EmbeddedKafka(properties={"log.initial.task.delay.ms": 24 * 3600 * 1000}) as kafka, folder() as place:
        deployed = await deploy(kafka.bootstrap_servers, "talks", partitions=2)
        with conversations(deployed, Path(place)) as scene:
            await scene.until_sessions(SESSIONS)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=launch_arguments())
                for name in PICTURES:
                    await take(browser, scene, name)
                await browser.close()


def folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


if __name__ == "__main__":
    asyncio.run(main())
