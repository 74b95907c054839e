"""What is around every view: navigation, colours, keys, who one is, and the way in."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.console.e2e.console import ConsoleProcess
from tests.console.e2e.conversations.conftest import PHONE, Check, Visit
from tests.console.e2e.conversations.scene import Scene

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

VIEWS = ("Sessions", "Tools", "Usage", "Rejected", "Replay", "Pipeline", "Audit")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (PHONE, "dark")])
async def test_every_view_opens_and_is_accessible(visit: Visit, accessible: Check, width: int, scheme: str) -> None:
    page = await visit("/", width=width, scheme=scheme)
    await expect(page).to_have_url("/".join([*page.url.split("/")[:3], "sessions"]))
    for view in VIEWS:
        if width == PHONE:
            await page.get_by_role("button", name="Menu").click()
        await page.get_by_role("navigation", name="Views").get_by_role("link", name=view).click()
        await expect(page.get_by_role("heading", name=view, level=1)).to_be_visible()
        await expect(page.locator("[aria-busy=true]")).to_have_count(0)
        await expect(page).to_have_title(f"{view} · itemstream")
        await accessible(page)
        assert await is_as_wide_as_the_screen(page)


async def is_as_wide_as_the_screen(page: Page) -> bool:
    return await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def test_colours_follow_the_system_until_one_is_chosen(visit: Visit) -> None:
    page = await visit("/sessions", scheme="dark")
    root = page.locator("html")
    await expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    await page.emulate_media(color_scheme="light")
    await expect(root).to_have_attribute("data-mantine-color-scheme", "light")
    await page.get_by_role("button", name="Colours").click()
    await page.get_by_role("menuitemradio", name="Dark").click()
    await expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    await page.reload()
    await expect(root).to_have_attribute("data-mantine-color-scheme", "dark")


async def test_two_keys_go_to_a_view_and_one_lists_the_keys(visit: Visit, accessible: Check) -> None:
    page = await visit("/sessions")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("g")
    await page.keyboard.press("u")
    await expect(page.get_by_role("heading", name="Usage", level=1)).to_be_visible()
    await expect(page.locator("main")).to_be_focused()
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    await accessible(page)


async def test_the_first_stop_of_the_tab_key_leads_to_the_content(visit: Visit) -> None:
    page = await visit("/sessions")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


async def test_an_address_that_does_not_exist_says_so(visit: Visit, accessible: Check) -> None:
    page = await visit("/nowhere/at/all")
    await expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    await accessible(page)


async def test_who_did_not_log_in_can_not_log_out(visit: Visit) -> None:
    page = await visit("/sessions")
    await page.get_by_role("button", name="local").click()
    await expect(page.get_by_text("local is an operator")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="Log out")).to_have_count(0)


async def test_with_tokens_one_logs_in_and_out(scene: Scene, visit: Visit, accessible: Check, tmp_path: Path) -> None:
    with ConsoleProcess(scene.deployed, tmp_path, console_retention=0) as own:
        page = await visit("/usage", url=own.url)
        await expect(page.get_by_label("Token")).to_be_focused()
        await accessible(page)
        await page.get_by_label("Token").fill("not-a-token")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Token")).to_have_attribute("aria-invalid", "true")
        await page.get_by_label("Token").fill(own.tokens["vera"])
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_role("heading", name="Usage", level=1)).to_be_visible()
        await page.get_by_role("button", name="vera").click()
        await expect(page.get_by_text("vera is a viewer")).to_be_visible()
        await page.get_by_role("menuitem", name="Log out").click()
        await expect(page.get_by_label("Token")).to_be_visible()
