"""Conversations of all kinds, held long ago and always the same: pictures of them look the same each time."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from pipeline.console.api.page import Page as BuiltPage
from pipeline.kafka import EmbeddedKafka
from tests.console.e2e.axe import faults
from tests.console.e2e.browsing import CHROMIUM
from tests.console.e2e.conversations.scene import SESSIONS, Scene, conversations
from tests.kafka.deploy import deploy

PHONE = 390
# Nothing here takes so long, but on a machine that does other things too.
expect.set_options(timeout=15_000)
Visit = Callable[..., Awaitable[Page]]
Check = Callable[[Page], Awaitable[None]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def scene(kafka: EmbeddedKafka, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Scene]:
    if not BuiltPage().is_built:
        pytest.skip("the console's page is not built: run `make page`")
    if CHROMIUM is None:
        pytest.skip("no Chromium: `apt-get install chromium`, or CHROMIUM names one")
    deployed = await deploy(kafka.bootstrap_servers, f"talks-{uuid.uuid4().hex[:8]}", partitions=2)
    with conversations(deployed, tmp_path_factory.mktemp("conversations")) as there:
        await there.until_sessions(SESSIONS)
        yield there


@pytest_asyncio.fixture(loop_scope="session")
async def visit(scene: Scene, browser: Browser) -> AsyncGenerator[Visit]:
    """Opens the page at a path. It may not complain: no exception, nothing against the security policy."""
    contexts: list[Any] = []
    complaints: list[str] = []

    async def visit(path: str, *, width: int = 1280, height: int = 800, scheme: str = "light", url: str = "") -> Page:
        context = await browser.new_context(
            base_url=url or scene.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # pyright: ignore[reportArgumentType]
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if is_complaint(said.type, said.text) else None)
        await page.goto(path)
        return page

    yield visit
    for context in contexts:
        await context.close()
    assert complaints == []


def is_complaint(kind: str, text: str) -> bool:
    """Answers such as 401 and 404 are told on the browser's console too: they are what some tests ask for."""
    return kind in ("error", "warning") and "Failed to load resource" not in text


@pytest.fixture
def accessible() -> Check:
    """Asserts that axe finds no serious fault in a page as it is now."""

    async def check(page: Page) -> None:
        assert await faults(page) == []

    return check
