"""What axe has to say of a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

AXE = Path(__file__).parents[3] / "pipeline/console/page/node_modules/axe-core/axe.min.js"
SERIOUS = ("serious", "critical")


@cache
def _source() -> str:
    return AXE.read_text(encoding="utf-8")


async def faults(page: Page) -> list[str]:
    """Serious and critical ones, each with the first places where it is."""
    await page.evaluate(_source())
    found: dict[str, Any] = await page.evaluate("axe.run()")
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:120] for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in SERIOUS
    ]
