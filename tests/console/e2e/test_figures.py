"""Tools, usage and the pipeline in the browser: their figures are those of the topics."""

import asyncio
import csv
import io
import itertools
import re
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.async_api import Browser, BrowserContext, expect

from tests.console.e2e.axe import faults
from tests.console.e2e.browsing import Browse, logged_in
from tests.console.e2e.console import ConsoleProcess
from tests.console.e2e.scene import PARTITIONS, Scene, send
from tests.kafka.support import read_all
from tests.rejected.support import message
from topics.catalogue import CATALOGUE

pytestmark = [pytest.mark.kafka, pytest.mark.asyncio(loop_scope="session")]


NOTHING = re.compile(r"(?<![\d.,])0/s")
SOMETHING = re.compile(r"[1-9][\d.,]*/s")


async def _flow(scene: Scene) -> None:
    """Events, until cancelled: a rate is shown for as long as there is one."""
    for wave in itertools.count():
        await send(scene.deployed, [("sess_now", orjson.dumps(message(f"item_now_{wave}_{one}"))) for one in range(10)])
        await asyncio.sleep(0.3)


async def _values(scene: Scene, topic: str) -> list[dict[str, Any]]:
    records = await read_all(scene.deployed.bootstrap_servers, f"{scene.deployed.prefix}.{topic}")
    return [orjson.loads(record.value) for record in records]


async def _tokens_told(context: BrowserContext) -> int:
    """How many tokens a console has counted."""
    told = await (await context.request.get("/api/usage")).json()
    return sum(row["total_tokens"] for row in told["rows"])


async def test_tools_are_counted_and_lead_to_their_sessions(scene: Scene, operator: Browse) -> None:
    # The latest revision counts, and each call once.
    records = [*await _values(scene, "items.function-calls"), *await _values(scene, "items.mcp-calls")]
    calls = {(one["session_id"], one["item_id"]): (one.get("server_label"), one["name"]) for one in records}
    expected = Counter(calls.values())
    page = await operator("/tools")
    table = page.get_by_role("region", name="Tools by calls, failures and latency")
    (_, name), many = expected.most_common(1)[0]
    row = table.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))
    await expect(row.get_by_role("cell").first).to_have_text(f"{many:,}")
    await expect(page.get_by_role("img", name="Calls by tool over time")).to_be_visible()
    for chart in ("Failures", "Latency"):
        await page.get_by_text(chart, exact=True).click()
    await expect(page.get_by_role("img", name="Latency by tool")).to_be_visible()

    # A head sorts, and says so.
    head = table.get_by_role("columnheader", name="Calls")
    await expect(head).to_have_attribute("aria-sort", "descending")
    await head.get_by_role("button").click()
    await expect(head).to_have_attribute("aria-sort", "ascending")
    await expect(table.locator("tbody td:nth-child(2)")).to_have_text(
        [f"{many:,}" for many in sorted(expected.values())]
    )

    await row.get_by_role("link", name=name, exact=True).click()
    await expect(page).to_have_url(f"{scene.console.url}/sessions?tool={name}")


async def test_usage_adds_up_and_is_copied_as_csv(scene: Scene, operator: Browse) -> None:
    responses = [one for one in await _values(scene, "responses") if one["usage"] is not None]
    expected = sum(one["usage"]["total_tokens"] or 0 for one in responses)
    page = await operator("/usage?by=tenant,model")
    await page.get_by_role("button", name="Copy as CSV").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    rows = list(csv.DictReader(io.StringIO(await page.evaluate("navigator.clipboard.readText()"))))
    assert sum(int(row["total_tokens"]) for row in rows) == expected > 0
    tenants = {one["tenant"] for one in responses}
    assert {row["tenant"] for row in rows} == {tenant or "(not told)" for tenant in tenants}
    await expect(page.get_by_role("img", name="All tokens by day and tenant")).to_be_visible()

    await page.get_by_role("button", name="How to set prices").click()
    await expect(page.get_by_role("group", name="prices.toml")).to_contain_text("input_audio")


async def test_a_cost_that_lacks_a_price_says_so(scene: Scene, browser: Browser, tmp_path: Path) -> None:
    responses = [one for one in await _values(scene, "responses") if (one["usage"] or {}).get("total_tokens")]
    tokens: Counter[str | None] = Counter()
    for one in responses:
        tokens[one["model"]] += one["usage"]["total_tokens"]
    model = min((name for name in tokens if name), key=tokens.__getitem__)
    assert len(tokens) > 1
    prices = tmp_path / "prices.toml"
    kinds = ("input_text", "input_audio", "cached_text", "cached_audio", "output_text", "output_audio")
    each = "\n".join(f"{kind} = 1_000_000.0" for kind in kinds)  # so a cost is a number of tokens
    prices.write_text(f'currency = "USD"\n[models."{model}"]\n{each}\n', encoding="utf-8")
    with ConsoleProcess(scene.deployed, tmp_path, console_prices=prices) as console:
        context = await logged_in(
            browser, replace(scene, console=console), "vera", permissions=["clipboard-read", "clipboard-write"]
        )
        try:
            # Its store is a new one: it reads the topics first.
            async with asyncio.timeout(60):
                while await _tokens_told(context) < tokens.total():  # noqa: ASYNC110 - another process
                    await asyncio.sleep(0.1)
            page = await context.new_page()
            await page.goto("/usage?by=day,model")
            table = page.get_by_role("region", name="Usage by day, model")
            await expect(page.get_by_role("img", name="Cost by day and tenant")).to_be_visible()
            together = table.locator("tfoot td").last
            await expect(together).to_contain_text(f"≥ {tokens[model]:,}.00 USD")
            lacking = await table.locator("tbody tr").filter(has_text="–").count()
            await expect(together).to_contain_text(f"{lacking} of {await table.locator('tbody tr').count()} rows")
            note = page.get_by_role("status").filter(has_text="have no price")
            for name in tokens.keys() - {model}:
                await expect(note).to_contain_text(name or "(not told)")
            await page.get_by_role("button", name="Copy as CSV").click()
            await expect(page.get_by_role("button", name="Copied")).to_be_visible()
            rows = [*csv.DictReader(io.StringIO(await page.evaluate("navigator.clipboard.readText()")))]
            assert {row["model"] for row in rows if row["cost"]} == {model}
            # Where a row is of several models, what has a price is summed.
            await page.goto("/usage?by=day")
            await expect(page.get_by_role("region", name="Usage by day").locator("tbody")).to_contain_text("≥")
            assert await faults(page) == []
        finally:
            await context.close()


async def test_the_pipeline_is_drawn_as_it_is_and_lives(scene: Scene, operator: Browse) -> None:
    page = await operator("/pipeline")
    drawn = page.get_by_role("region", name="Topology, drawn")
    for spec in CATALOGUE:
        await expect(drawn.locator("title", has_text=spec.full_name(scene.deployed.prefix)).first).to_be_attached()
    partitions = page.get_by_role("region", name="Input partitions")
    await expect(partitions.get_by_role("row")).to_have_count(1 + PARTITIONS)
    await expect(partitions).not_to_contain_text("nobody")
    await page.get_by_role("tab", name="Workers").click()
    await expect(page.get_by_role("region", name="Processes of the worker").get_by_role("row")).to_have_count(2)
    await expect(page.locator("[data-health]")).to_have_attribute("data-health", "ok")

    read = page.locator("div", has=page.get_by_text("Events read", exact=True)).last
    await expect(read).to_contain_text(NOTHING)
    flowing = asyncio.create_task(_flow(scene))
    try:
        await expect(read).to_contain_text(SOMETHING)
    finally:
        flowing.cancel()
        with suppress(asyncio.CancelledError):
            await flowing
