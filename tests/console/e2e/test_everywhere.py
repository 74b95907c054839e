"""Every view: no serious fault of accessibility, nothing wider than a phone, dark and light, nothing in the log."""

from typing import Literal

import pytest
from playwright.async_api import Browser, ViewportSize, expect

from tests.console.e2e.axe import faults
from tests.console.e2e.browsing import DESKTOP, PHONE, logged_in
from tests.console.e2e.scene import Scene

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

VIEWS = ("/tools", "/usage", "/rejected", "/replay", "/replay/new", "/pipeline", "/audit")
LOOKS = [
    ("light", DESKTOP),
    ("dark", PHONE),
    pytest.param("dark", DESKTOP, marks=pytest.mark.slow),
    pytest.param("light", PHONE, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("colours", "screen"), LOOKS)
async def test_every_view(
    scene: Scene, browser: Browser, colours: Literal["light", "dark"], screen: ViewportSize
) -> None:
    said: list[str] = []
    context = await logged_in(browser, scene, "olga", colours=colours, screen=screen)
    try:
        for view in VIEWS:
            page = await context.new_page()
            page.on("console", lambda told: said.append(told.text) if told.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: said.append(str(error)))
            await page.goto(view)
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await expect(page.locator("[aria-busy=true]")).to_have_count(0)
            assert await faults(page) == [], view
            wider = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wider <= 0, view
            await page.close()
        assert said == []
    finally:
        await context.close()
