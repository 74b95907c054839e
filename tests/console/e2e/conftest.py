"""A scene, a browser, and people who are logged in; one of each for all tests in here."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from pipeline.console.api.page import Page as BuiltPage
from pipeline.kafka import EmbeddedKafka
from tests.console.e2e import scene as scenes
from tests.console.e2e.browsing import CHROMIUM, Browse, launch_arguments, logged_in
from tests.console.e2e.scene import Scene

expect.set_options(timeout=20_000)  # a busy machine is slow and not wrong


@pytest.fixture(scope="session")
def scene(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    if not BuiltPage().is_built:
        pytest.skip("the console's page is not built: run `make page`")
    if CHROMIUM is None:
        pytest.skip("no Chromium: `apt-get install chromium`, or CHROMIUM names one")
    folder: Path = tmp_path_factory.mktemp("console")
    with scenes.scene(kafka.bootstrap_servers, uuid.uuid4().hex[:8], folder) as there:
        yield there


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=launch_arguments())
        yield running
        await running.close()


async def _browse(browser: Browser, scene: Scene, name: str) -> AsyncIterator[Browse]:
    context = await logged_in(browser, scene, name, permissions=["clipboard-read", "clipboard-write"])

    async def go(path: str) -> Page:
        page = await context.new_page()
        await page.goto(path)
        return page

    yield go
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def operator(browser: Browser, scene: Scene) -> AsyncIterator[Browse]:
    """Opens a path as an operator."""
    async for go in _browse(browser, scene, "olga"):
        yield go


@pytest_asyncio.fixture(loop_scope="session")
async def viewer(browser: Browser, scene: Scene) -> AsyncIterator[Browse]:
    """The same as a viewer."""
    async for go in _browse(browser, scene, "vera"):
        yield go
