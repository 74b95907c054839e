"""A conversation: the timeline, what lies behind each entry, and taking it elsewhere."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any
from urllib.parse import quote

import pytest
from playwright.async_api import Locator, Page, expect

from tests.console.e2e.conversations.conftest import PHONE, Check, Visit
from tests.console.e2e.conversations.events import Talk
from tests.console.e2e.conversations.scene import STARTED_AT, Scene

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]

LIVE_MS = 10_000
LONG = 10_000
IN_SIGHT = """([share, total]) => {
    const first = document.querySelector("article");
    return first !== null && Math.abs(first.getAttribute("aria-posinset") / total - share) < 0.1;
}"""
"""Whether what is there is what lies so far down."""


def entries(page: Page) -> Locator:
    return page.get_by_role("article")


def entry(page: Page, item_id: str) -> Locator:
    return page.locator(f'[data-entry="{item_id}"]')


def find(scene: Scene, wanted: Any) -> tuple[str, dict[str, Any]]:
    """A session and an entry of its timeline for which `wanted` holds."""
    for session in scene.sessions():
        path = f"/api/sessions/{quote(session['session_id'], safe='')}/timeline?limit=1000"
        for one in scene.get(path)["entries"]:
            if wanted(one):
                return session["session_id"], one
    raise AssertionError("the simulated sessions have nothing of that kind")


def positions(printed: str) -> list[int]:
    """Of the entries of timelines, printed one behind the other."""
    decoder, at, found = json.JSONDecoder(), 0, list[int]()
    while at < len(printed):
        page, at = decoder.raw_decode(printed, at)
        found += [one["position"] for one in page["entries"]]
    return found


async def open_at(visit: Visit, session_id: str, item_id: str = "", **options: Any) -> Page:
    query = f"?item={quote(item_id, safe='')}" if item_id else ""
    page = await visit(f"/sessions/{quote(session_id, safe='')}{query}", **options)
    await expect(entries(page).first).to_be_visible()
    return page


async def test_a_call_and_its_output_stand_side_by_side(scene: Scene, visit: Visit, accessible: Check) -> None:
    session_id, call = find(
        scene, lambda one: one["record"].get("call_item_id") and isinstance(one["record"]["output"], dict)
    )
    record = call["record"]
    page = await open_at(visit, session_id, record["call_item_id"])
    shown = entry(page, record["call_item_id"])
    await expect(shown).to_contain_text(record["name"])
    await expect(shown.get_by_role("group", name="arguments")).to_be_visible()
    output = shown.get_by_role("group", name="output")
    assert json.loads(await output.locator("pre").inner_text()) == record["output"]
    await expect(entry(page, call["id"])).to_have_count(0)
    await accessible(page)


async def test_an_interruption_says_what_was_heard(scene: Scene, visit: Visit) -> None:
    session_id, message = find(scene, lambda one: (one["record"].get("heard_ms") or 0) > 1000)
    page = await open_at(visit, session_id, message["id"])
    await expect(entry(page, message["id"])).to_contain_text("The user heard the first")


async def test_revisions_are_stepped_through(scene: Scene, visit: Visit, accessible: Check) -> None:
    session_id, message = find(scene, lambda one: one["revisions"] > 1 and one["record"].get("transcript"))
    page = await open_at(visit, session_id, message["id"])
    await entry(page, message["id"]).get_by_role("button", name="revisions").click()
    panel = page.get_by_role("dialog")
    count = message["revisions"]
    await expect(panel).to_contain_text(f"Revision {count} of {count}")
    await expect(panel.get_by_role("table", name="What this revision changed")).to_be_visible()
    await accessible(page)
    for number in range(count - 1, 0, -1):
        await panel.get_by_role("button", name="Before").click()
        await expect(panel).to_contain_text(f"Revision {number} of {count}")
    await expect(panel).to_contain_text("The first revision")
    # Where one stands is in the address.
    assert f"item={quote(message['id'], safe='')}" in page.url
    assert "show=revisions" in page.url
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()


async def test_the_raw_events_are_one_click_away(scene: Scene, visit: Visit, accessible: Check) -> None:
    session_id, message = find(scene, lambda one: one["record_type"] == "message")
    page = await open_at(visit, session_id, message["id"])
    await entry(page, message["id"]).get_by_role("button", name="Raw events").click()
    panel = page.get_by_role("dialog")
    await expect(panel).to_contain_text("conversation.item.")
    first = await panel.get_by_role("group", name="event ").first.locator("pre").inner_text()
    assert message["id"] in first
    assert "type" in json.loads(first)
    await accessible(page)


async def test_a_link_to_an_item_brings_it_into_sight(scene: Scene, visit: Visit) -> None:
    session_id, last = find(scene, lambda one: one["position"] > 20 and one["record_type"] == "message")
    page = await open_at(visit, session_id, last["id"], height=600)
    await expect(entry(page, last["id"])).to_be_in_viewport()
    await expect(entry(page, last["id"])).to_have_attribute("data-marked", "true")


async def test_a_link_to_what_is_not_there_says_so(scene: Scene, visit: Visit) -> None:
    session_id, _ = find(scene, lambda one: one["position"] > 3)
    page = await open_at(visit, session_id, "no-such-item")
    await expect(page.get_by_text("There is no item or response no-such-item here.")).to_be_visible()
    missing = await visit("/sessions/no-such-session")
    await expect(missing.get_by_role("heading", name="There is no such session")).to_be_visible()


async def copied_of(page: Page, what: str, named: str) -> str:
    """What the menu of the conversation puts onto the clipboard."""
    await page.get_by_role("button", name="Copy", exact=True).click()
    await page.get_by_role("menuitem", name=what).click()
    await expect(page.get_by_role("status").filter(has_text=f"{named} copied")).to_be_visible()
    return await page.evaluate("navigator.clipboard.readText()")


async def test_it_can_be_taken_elsewhere(scene: Scene, visit: Visit, tmp_path: Any) -> None:
    session_id, _ = find(scene, lambda one: one["record_type"] == "function_call_output")
    page = await open_at(visit, session_id)

    async def copied(what: str, named: str) -> str:
        return await copied_of(page, what, named)

    records = json.loads(await copied("As JSON", "JSON"))
    assert await copied("Copy the link", "Link") == f"{scene.url}/sessions/{quote(session_id, safe='')}"
    timeline = scene.get(f"/api/sessions/{quote(session_id, safe='')}/timeline?limit=1000")
    assert records == [one["record"] for one in timeline["entries"]]
    assert f"{scene.url}/api/sessions/" in await copied("As curl", "curl")
    fixture = tmp_path / "fixture.jsonl"
    fixture.write_text(await copied("As a test fixture", "Test fixture"))
    processed = [json.loads(line) for line in scene.run("process", str(fixture)).splitlines()]
    texts = {one["value"].get("text") for one in processed if one["topic"].endswith(".items.messages")}
    assert texts >= {one["text"] for one in records if one.get("item_type") == "message"}


async def test_it_goes_on_while_one_looks(scene: Scene, visit: Visit) -> None:
    async with Talk(scene.deployed, f"sess-{uuid.uuid4().hex}", tenant="live") as talk:
        await talk.user_writes("First of all.")
        await scene.until(lambda: scene.has_session(talk.session_id))
        page = await open_at(visit, talk.session_id)
        await expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
        call = await talk.calls("find_parcel", {"street": "<b>Harbour</b>"}, "call-1")
        await expect(entry(page, call)).to_contain_text("No output", timeout=LIVE_MS)
        await expect(entry(page, call)).to_contain_text("<b>Harbour</b>")
        output = await talk.answers({"found": True}, "call-1")
        await expect(entry(page, call).get_by_role("group", name="output")).to_be_visible(timeout=LIVE_MS)
        await expect(entry(page, output)).to_have_count(0)
        second = await talk.user_writes("<script>alert(1)</script>")
        await expect(entry(page, second)).to_contain_text("<script>alert(1)</script>", timeout=LIVE_MS)


async def test_the_keyboard_walks_it(scene: Scene, visit: Visit) -> None:
    session_id, _ = find(scene, lambda one: one["position"] > 8)
    page = await open_at(visit, session_id)
    for key in ("j", "j", "k"):
        await page.keyboard.press(key)
    await expect(entries(page).first).to_be_focused()
    await page.keyboard.press("e")
    await expect(page.get_by_role("dialog")).to_contain_text("Raw events")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.keyboard.press("u")
    await expect(page.get_by_role("heading", name="Sessions")).to_be_visible()


async def test_on_a_phone_it_is_as_wide_as_the_screen(scene: Scene, visit: Visit, accessible: Check) -> None:
    session_id, _ = find(scene, lambda one: one["record_type"] == "mcp_call")
    page = await open_at(visit, session_id, width=PHONE, scheme="dark")
    assert await page.evaluate("document.documentElement.scrollWidth") == PHONE
    await accessible(page)


async def test_ten_thousand_entries_scroll_with_few_of_them_there(scene: Scene, visit: Visit) -> None:
    turns = LONG // 3 + 1
    scene.run(
        "simulate",
        "--sessions",
        "1",
        "--seed",
        "11",
        "--dialect",
        "openai",
        "--start-time",
        STARTED_AT,
        *["--scenario=written_turn"] * turns,
    )
    await scene.until_settled(lambda lengths: max(lengths) >= LONG, 120)
    (longest,) = [one for one in scene.sessions() if scene.length(one) >= LONG]
    total = scene.length(longest)
    page = await open_at(visit, longest["session_id"])
    for share in (0.5, 0.9, 0.1, 1):
        await page.evaluate("share => window.scrollTo(0, document.documentElement.scrollHeight * share)", share)
        await page.wait_for_function(IN_SIGHT, arg=[share, total])
        assert await entries(page).count() < 60
    last = scene.get(f"/api/sessions/{longest['session_id']}/timeline?offset={total - 1}&limit=1")["entries"][0]
    # Its copy as a command has all of it.
    command = await copied_of(page, "As curl", "curl")
    shell = await asyncio.create_subprocess_shell(command, stdout=asyncio.subprocess.PIPE)
    printed, _ = await shell.communicate()
    assert shell.returncode == 0
    assert positions(printed.decode()) == [*range(total)]
    linked = await open_at(visit, longest["session_id"], last["id"])
    await expect(entry(linked, last["id"])).to_be_in_viewport()
