"""The list of sessions: what is shown, filtered, found, and how it follows what happens."""

from __future__ import annotations

import asyncio
import re
import uuid

import pytest
from playwright.async_api import Page, Route, expect

from tests.console.e2e.conversations.conftest import PHONE, Check, Visit
from tests.console.e2e.conversations.events import Talk
from tests.console.e2e.conversations.scene import SESSIONS, Scene

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

LIVE_MS = 10_000
"""How long a test waits for what should be there within a second: it must not fail on a machine that is busy."""

PARCEL = re.compile("^parcel$", re.IGNORECASE)
AT_EYE_LEVEL = "document.elementFromPoint(600, 400).closest('[data-session]')?.dataset.session"

SCROLL_ON = """() => new Promise(drawn => {
    window.scrollBy(0, 600);
    requestAnimationFrame(() => requestAnimationFrame(drawn));
})"""
"""Until the rows that came into sight are there."""


def rows(page: Page):
    return page.locator("[data-session]")


def entries_of(scene: Scene, query: str) -> set[str]:
    return {one["session_id"] for one in scene.sessions(query)}


async def there_are(page: Page, count: int) -> None:
    """So many rows, those out of sight included."""
    await expect(page.get_by_role("list", name="Sessions").get_by_role("listitem").first).to_have_attribute(
        "aria-setsize", str(count)
    )


async def shown(page: Page) -> set[str]:
    return set(await rows(page).evaluate_all("all => all.map(one => one.dataset.session)"))


async def test_the_list_shows_the_newest_first_and_all_of_them_by_scrolling(scene: Scene, visit: Visit) -> None:
    page = await visit("/sessions")
    newest = scene.get("/api/sessions?limit=1")["sessions"][0]
    await expect(rows(page).first).to_have_attribute("data-session", newest["session_id"])
    seen: set[str] = set()
    await expect(rows(page).nth(1)).to_be_visible()
    for _ in range(SESSIONS):
        seen |= await shown(page)
        await page.evaluate(SCROLL_ON)
    assert seen >= entries_of(scene, "")
    # Only what is in sight is there.
    assert await rows(page).count() < SESSIONS


async def test_filters_narrow_the_list_and_stand_in_the_address(scene: Scene, visit: Visit, accessible: Check) -> None:
    page = await visit("/sessions")
    await page.get_by_role("combobox", name="Provider").click()
    await page.get_by_role("option", name="xai").click()
    await page.get_by_text("Interrupted", exact=True).click()
    await expect(page).to_have_url(f"{scene.url}/sessions?provider=xai&interrupted=true")
    wanted = entries_of(scene, "provider=xai&interrupted=true")
    assert 0 < len(wanted) < SESSIONS
    await there_are(page, len(wanted))
    assert await shown(page) <= wanted
    await accessible(page)
    # The address alone says it all: to somebody else, after a reload, and on the way back.
    again = await visit("/sessions?provider=xai&interrupted=true")
    await there_are(again, len(wanted))
    await page.get_by_role("button", name="Clear").click()
    await expect(page).to_have_url(f"{scene.url}/sessions")
    await expect(page.get_by_role("button", name="Clear")).to_be_hidden()
    await expect(rows(page).first).to_be_visible()
    assert await shown(page) - wanted


async def test_a_search_marks_what_it_found(scene: Scene, visit: Visit, accessible: Check) -> None:
    page = await visit("/sessions")
    await expect(rows(page).first).to_be_visible()
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("parcel")
    await expect(page).to_have_url(f"{scene.url}/sessions?q=parcel")
    wanted = entries_of(scene, "q=parcel")
    assert 0 < len(wanted) < SESSIONS
    await there_are(page, len(wanted))
    marks = page.locator("mark")
    # Typed letter by letter: what was found of the first ones may still be there.
    await expect(rows(page).locator("mark").first).to_be_visible()
    await expect(marks.filter(has_not_text=PARCEL)).to_have_count(0)
    await accessible(page)


async def test_a_search_without_a_hit_says_so(visit: Visit, accessible: Check) -> None:
    page = await visit("/sessions?q=nobodyeversaidthis")
    await expect(page.get_by_role("heading", name="No session matches")).to_be_visible()
    await accessible(page)


async def test_the_keyboard_walks_the_list_and_opens_a_session(scene: Scene, visit: Visit) -> None:
    page = await visit("/sessions")
    await expect(rows(page).first).to_be_visible()
    for key in ("j", "j", "j", "k"):
        await page.keyboard.press(key)
    await expect(rows(page).nth(1)).to_be_focused()
    session = await rows(page).nth(1).get_attribute("data-session")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Conversation")).to_be_visible()
    await expect(page.get_by_text(str(session))).to_be_visible()
    await page.keyboard.press("u")
    await expect(page.get_by_role("heading", name="Sessions")).to_be_visible()


async def test_a_key_pressed_as_soon_as_the_page_is_there_is_that_key_alone(scene: Scene, visit: Visit) -> None:
    page = await visit("/sessions")
    await page.get_by_role("heading", name="Sessions").wait_for()
    # The time of a key counts from the loading of the page.
    await page.evaluate("""() => {
        const press = new KeyboardEvent("keydown", { key: "u", bubbles: true });
        Object.defineProperty(press, "timeStamp", { value: 400 });
        document.body.dispatchEvent(press);
    }""")
    await page.wait_for_timeout(200)
    await expect(page).to_have_url(f"{scene.url}/sessions")


async def test_a_session_that_begins_comes_in_by_itself(scene: Scene, visit: Visit) -> None:
    tenant = uuid.uuid4().hex
    page = await visit(f"/sessions?tenant={tenant}")
    await expect(page.get_by_role("heading", name="No session matches")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    async with Talk(scene.deployed, f"sess-{tenant}", tenant) as talk:
        await talk.user_writes("Is anybody there?")
        await expect(rows(page)).to_have_count(1, timeout=LIVE_MS)
        await expect(rows(page)).to_contain_text("Is anybody there?")
        await talk.user_writes("Hello?")
        await expect(rows(page)).to_contain_text("2 items", timeout=LIVE_MS)


async def test_a_transcript_that_failed_is_an_error_in_what_comes_in_too(scene: Scene, visit: Visit) -> None:
    tenant = uuid.uuid4().hex
    page = await visit(f"/sessions?tenant={tenant}&error=true")
    await expect(page.get_by_role("heading", name="No session matches")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    async with Talk(scene.deployed, f"sess-{tenant}", tenant) as talk:
        await talk.user_is_not_understood()
    await scene.until(lambda: scene.sessions(f"tenant={tenant}&error=true"))
    await expect(rows(page)).to_contain_text("1 error")
    await rows(page).first.click()
    await expect(page.get_by_role("heading", name="Conversation")).to_be_visible()
    await expect(page.locator("main")).to_contain_text("1 error")


async def test_what_comes_while_the_list_is_asked_for_is_in_it(scene: Scene, visit: Visit) -> None:
    tenant = uuid.uuid4().hex
    page = await visit("/pipeline")
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        answer = await route.fetch()
        asked.set()
        await go_on.wait()
        await route.fulfill(response=answer)

    await page.route("**/api/sessions?*", hold, times=1)
    await page.get_by_role("link", name="Sessions", exact=True).click()
    await asyncio.wait_for(asked.wait(), 60)
    async with Talk(scene.deployed, f"sess-{tenant}", tenant) as talk:
        async with page.expect_event("console", lambda said: said.text == tenant) as told:
            # The page's own connection is not to be looked into: another one of it is told the same, at the same time.
            await page.evaluate(
                """tenant => new Promise(there => {
                    const source = new EventSource("/api/stream");
                    source.onopen = () => there();
                    source.addEventListener("session", event => {
                        if (event.data.includes(tenant)) setTimeout(() => console.log(tenant), 500);
                    });
                })""",
                tenant,
            )
            await talk.user_writes("Am I too early?")
        await told.value
    go_on.set()
    await expect(page.get_by_text("Am I too early?")).to_be_visible(timeout=LIVE_MS)


async def test_while_one_reads_below_news_wait_to_be_asked_for(scene: Scene, visit: Visit) -> None:
    page = await visit("/sessions")
    await expect(rows(page).first).to_be_visible()
    await page.evaluate("window.scrollTo(0, 1500)")
    await expect(page.locator("li[aria-posinset='1']")).to_have_count(0)
    await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    read = await page.evaluate(AT_EYE_LEVEL)
    async with Talk(scene.deployed, f"sess-{uuid.uuid4().hex}", tenant="waiting") as talk:
        await talk.user_writes("Do not push the others away.")
    news = page.get_by_role("button", name="1 new session")
    await expect(news).to_be_visible(timeout=LIVE_MS)
    assert read is not None
    assert await page.evaluate(AT_EYE_LEVEL) == read
    await news.click()
    await expect(page.get_by_text("Do not push the others away.")).to_be_visible()


async def test_on_a_phone_the_filters_fold_away(visit: Visit, accessible: Check) -> None:
    page = await visit("/sessions?error=true", width=PHONE)
    await expect(rows(page).first).to_be_visible()
    await expect(page.get_by_role("combobox", name="Tool")).to_be_hidden()
    await page.get_by_role("button", name="Filters (1)").click()
    await expect(page.get_by_role("combobox", name="Tool")).to_be_visible()
    await accessible(page)
