"""Replay in the browser: a preview of the difference, topics of its own, watching, going on and cancelling."""

import asyncio
import re
import sys

import pytest
from playwright.async_api import Page, expect

from pipeline.replay.jobs import Order, create
from pipeline.replay.selection import Selection
from pipeline.replay.store import Jobs
from tests.console.e2e.browsing import Browse
from tests.console.e2e.scene import OTHER, Scene
from tests.replay.support import content

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

SLOW = 60_000
"""Milliseconds: a process starts, joins a group and reads."""


async def test_a_replay_started_here_is_in_topics_of_its_own(scene: Scene, operator: Browse) -> None:
    deployed, to = scene.deployed, f"{scene.deployed.prefix}-again"
    page = await operator("/replay")
    await page.get_by_role("link", name="New replay").click()
    await page.get_by_role("radio", name="Into topics of their own").check()
    await page.get_by_role("button", name="Start the replay").click()
    await expect(page.get_by_text("Say where to")).to_be_visible()
    await page.get_by_role("textbox", name="Prefix of the topics").fill(deployed.prefix)
    await expect(page.get_by_text("is the prefix of the live topics")).to_be_visible()
    await page.get_by_role("textbox", name="Prefix of the topics").fill(to)
    await page.get_by_role("combobox", name="Sessions").fill(scene.session)
    await page.get_by_role("combobox", name="Sessions").press("Enter")
    await expect(page.get_by_role("group", name="command")).to_contain_text(f"--session {scene.session}")
    await page.get_by_role("button", name="Start the replay").click()

    await expect(page).to_have_url(re.compile(r"/replay/\d{8}-\w+$"))
    await _reaches(page, "done")
    await expect(page.get_by_text(f"to topics {to}.…")).to_be_visible()

    live, again = (
        await content(deployed.bootstrap_servers, deployed.prefix),
        await content(deployed.bootstrap_servers, to),
    )
    key = scene.session.encode()
    expected = {name: [row for row in rows if row[2] == key] for name, rows in live.items()}
    assert sum(map(len, again.values())) > 0
    assert again == expected

    page = await operator("/audit")
    await expect(page.get_by_role("row").filter(has_text=to)).to_contain_text("olga")


async def test_the_difference_is_previewed(scene: Scene, operator: Browse) -> None:
    """What was too large for the first worker is not for this release's settings."""
    page = await operator(f"/replay/new?session={OTHER}")
    await page.get_by_role("button", name="Preview the difference").click()
    await _reaches(page, "done")
    await expect(page.get_by_role("heading", name="The difference")).to_be_visible()
    await expect(page.get_by_text("Would come new", exact=True)).to_be_visible()
    entry = page.get_by_role("button", name=re.compile("would come new.*item_other"))
    await entry.click()
    await expect(page.get_by_text("It is on no topic yet.")).to_be_visible()


async def test_a_job_of_another_terminal_is_watched_and_cancelled(scene: Scene, operator: Browse) -> None:
    """The one who works on it is slow, and ends when it is cancelled from the page."""
    settings = scene.settings
    planned = await create(settings, Order(kind="topics", to=f"{settings.prefix}-slow", max_rate=40))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pipeline.cli.main", "replay", "resume", planned.job.id,
        "--bootstrap-servers", settings.bootstrap_servers, "--prefix", settings.prefix, "--group", settings.group,
        "--input-topic", settings.input_topic,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        page = await operator(f"/replay/{planned.job.id}")
        await _reaches(page, "running")
        bar = page.get_by_role("progressbar", name="How much is done")
        # It moves, without a look again.
        await expect(bar).to_have_attribute("aria-valuenow", re.compile("^[1-9]"), timeout=SLOW)
        await page.get_by_role("button", name="Cancel the job …").click()
        await page.get_by_role("button", name="Cancel the job", exact=True).click()
        await _reaches(page, "cancelled")
        assert (await Jobs(settings).find(planned.job.id)).state == "cancelled"
        assert await asyncio.wait_for(process.wait(), 60) == 1
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.slow
async def test_a_job_that_nobody_works_on_goes_on_from_here(scene: Scene, operator: Browse) -> None:
    settings = scene.settings
    selection = Selection(sessions=frozenset({scene.session}))
    planned = await create(settings, Order(kind="topics", to=f"{settings.prefix}-left", selection=selection))
    page = await operator(f"/replay/{planned.job.id}")
    await _reaches(page, "interrupted")
    await page.get_by_role("button", name="Go on").click()
    await _reaches(page, "done")
    assert (await Jobs(settings).find(planned.job.id)).state == "done"


async def test_what_is_refused_is_told(scene: Scene, operator: Browse, viewer: Browse) -> None:
    page = await operator("/replay/20200101-nobody")
    await expect(page.get_by_role("alert")).to_contain_text("there is no replay job 20200101-nobody")
    page = await operator("/replay/new?since=yesterday")
    await page.get_by_role("button", name="Preview the difference").click()
    await expect(page.get_by_text("Write 30s, 10m, 2h or 3d ago")).to_be_visible()
    page = await viewer("/replay/new")
    await expect(page.get_by_text("is for operators")).to_be_visible()
    await expect(page.get_by_role("button", name="Preview the difference")).to_have_count(0)


async def _reaches(page: Page, state: str) -> None:
    badge = page.locator("[data-job-state]")
    await expect(badge).to_have_attribute("data-job-state", state, timeout=SLOW)
