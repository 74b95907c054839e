"""Rejected records in the browser: the wrong part marked, a dry run, and a redrive that is then in Kafka."""

import asyncio

import orjson
import pytest
from playwright.async_api import expect

from pipeline.rejected.revive import REDRIVEN
from tests.console.e2e.browsing import Browse, tab_to
from tests.console.e2e.scene import BIG, REASONS, Scene
from tests.kafka.support import read_all

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]


async def test_reasons_are_counted_and_the_wrong_part_is_marked(scene: Scene, operator: Browse) -> None:
    page = await operator("/rejected")
    reasons = page.get_by_role("radiogroup", name="Reason")
    for reason in REASONS:
        await expect(reasons.get_by_text(f"{reason} 1")).to_be_visible()
    await expect(reasons.get_by_text("too_large 2")).to_be_visible()

    await reasons.get_by_text("item_invalid 1").click()
    await expect(page).to_have_url(f"{scene.console.url}/rejected?reason=item_invalid")
    records = page.get_by_role("list", name="Rejected records").get_by_role("listitem")
    await expect(records).to_have_count(1)
    await expect(records.locator("mark")).to_have_text("null")

    await reasons.get_by_text("not_json 1").click()
    await expect(records.locator("mark")).to_contain_text("ends here")


async def test_a_dry_run_tells_what_would_come_and_writes_nothing(scene: Scene, operator: Browse) -> None:
    topic = scene.deployed.input_topic
    before = len(await read_all(scene.deployed.bootstrap_servers, topic))
    page = await operator("/rejected?reason=not_json")
    await page.get_by_role("checkbox", name="Choose record").check()
    await page.get_by_role("button", name="Dry run").click()
    await expect(page.get_by_text("Dry run: nothing was sent")).to_be_visible(timeout=20_000)
    await expect(page.get_by_role("region", name="Outcome by record")).to_contain_text("would be rejected again")
    assert len(await read_all(scene.deployed.bootstrap_servers, topic)) == before


async def test_a_redrive_by_keyboard_alone_is_in_kafka(scene: Scene, operator: Browse) -> None:
    deployed = scene.deployed
    page = await operator("/rejected?reason=too_large")
    record = page.get_by_role("listitem").filter(has_text=BIG)
    place = await record.get_attribute("data-record")
    assert place is not None
    await tab_to(page, f"Choose record {place}")
    await page.keyboard.press("Space")
    await tab_to(page, "Redrive …", back=True)
    await page.keyboard.press("Enter")
    question = page.get_by_role("dialog", name="Send them again?")
    await expect(question).to_be_visible()
    await tab_to(page, "Redrive 1 record")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("1 record sent")).to_be_visible(timeout=20_000)
    await expect(record).to_contain_text("redriven", timeout=20_000)

    partition, _, offset = place.partition(":")
    rejected = f"{deployed.prefix}.rejected-{partition}-{offset}".encode()
    sent = [
        one
        for one in await read_all(deployed.bootstrap_servers, deployed.input_topic)
        if dict(one.headers).get(REDRIVEN) == rejected
    ]
    assert [one.key for one in sent] == [BIG.encode()]

    # The worker takes it as it takes any event, and the conversation has it.
    async with asyncio.timeout(30):
        while not (items := await _items(scene, BIG)):  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.1)
    assert items == ["item_big"]
    page = await operator(f"/sessions/{BIG}?item=item_big")
    await expect(page.get_by_text("word word word").first).to_be_visible(timeout=20_000)

    page = await operator("/audit")
    row = page.get_by_role("row").filter(has_text="redrive").first
    await expect(row).to_contain_text("olga")


async def test_a_viewer_is_told_why_not_and_cannot(scene: Scene, viewer: Browse) -> None:
    page = await viewer("/rejected?reason=not_json")
    await page.get_by_role("checkbox", name="Choose record").check()
    await expect(page.get_by_text("Redriving records is for operators.")).to_be_visible()
    await expect(page.get_by_role("button", name="Dry run")).to_be_disabled()
    await expect(page.get_by_role("button", name="Redrive …")).to_be_disabled()

    # Also not past the page.
    told = await page.evaluate(
        """async () => {
            const me = await (await fetch("/api/me")).json();
            const answer = await fetch("/api/rejected/redrive", {
                method: "POST",
                headers: { "Content-Type": "application/json", "X-CSRF-Token": me.csrf_token },
                body: JSON.stringify({ reason: "not_json", dry_run: false }),
            });
            return answer.status;
        }"""
    )
    assert told == 403


async def _items(scene: Scene, session: str) -> list[str]:
    records = await read_all(scene.deployed.bootstrap_servers, scene.deployed.messages)
    return [orjson.loads(one.value)["item_id"] for one in records if one.key == session.encode()]
