"""A browser in which somebody is logged in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Page, ViewportSize

from tests.console.e2e.scene import Scene

Browse = Callable[[str], Awaitable[Page]]
"""Opens a path of the console in a page, once it is there."""

CHROMIUM = shutil.which(os.environ.get("CHROMIUM", "chromium"))
"""Debian's, as users have it."""
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
PHONE: ViewportSize = {"width": 390, "height": 844}
MOST_TABS = 80


def launch_arguments() -> list[str]:
    """As root it runs without its sandbox only."""
    return ["--no-sandbox"] if os.geteuid() == 0 else []


async def logged_in(
    browser: Browser,
    scene: Scene,
    name: str,
    *,
    colours: Literal["light", "dark"] = "light",
    screen: ViewportSize = DESKTOP,
    permissions: Sequence[str] = (),
) -> BrowserContext:
    """A browser of their own for somebody who has given their token."""
    context = await browser.new_context(
        base_url=scene.console.url, color_scheme=colours, viewport=screen, permissions=permissions
    )
    context.set_default_timeout(15_000)
    answer = await context.request.post("/api/login", data={"token": scene.console.tokens[name]})
    assert answer.status == 204, await answer.text()
    return context


async def tab_to(page: Page, name: str, *, back: bool = False) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(MOST_TABS):
        await page.keyboard.press("Shift+Tab" if back else "Tab")
        focused = await page.evaluate(
            """() => {
                const at = document.activeElement;
                return (at?.getAttribute("aria-label") || at?.textContent || "").trim();
            }"""
        )
        if focused == name:
            return
    raise AssertionError(f"the keyboard does not get to {name!r}")
