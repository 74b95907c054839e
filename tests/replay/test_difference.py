"""What a dry run shows: nothing where nothing changed, and exactly what a changed core changes."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from pipeline.core import content
from pipeline.replay.comparison import Difference
from pipeline.replay.content import Topics, differences
from pipeline.replay.dry_run import Compared, dry_run
from pipeline.replay.jobs import Order
from pipeline.replay.selection import Selection
from tests.replay.conftest import COUNT
from tests.replay.support import Past, another_joiner, values


async def compared(past: Past, **order: Any) -> tuple[Compared, Sequence[Difference]]:
    found: list[Difference] = []
    made = Order(kind="in-place", to=past.deployed.prefix, **order)
    return await dry_run(past.settings, made, asyncio.Event(), lambda _: None, found.append), found


@pytest.mark.kafka
async def test_the_same_core_makes_no_difference(past: Past) -> None:
    result, found = await compared(past)
    tally = result.tally
    assert found == []
    assert tally.counts.consumed == COUNT
    live = await past.live()
    assert tally.records == sum(map(len, live.values()))
    chains = {(one["session_id"], one.get("item_id"), one.get("response_id")) for one in values(live)}
    assert tally.verdicts["same"] == len(chains) + len(live["rejected"])
    assert dict(tally.verdicts) == {"same": tally.verdicts["same"]}


@pytest.mark.kafka
async def test_another_text_joiner_shows_as_exactly_the_fields_it_changes(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["pipeline.core.enrich.message"], "text_of", content.text_of)  # undone at the end
    joined = another_joiner()
    result, found = await compared(past)
    latest = {
        (one["session_id"], one["item_id"]): one
        for one in sorted(values(await past.live()), key=lambda one: one["session_sequence"])
        if "item_id" in one
    }
    spoken = {key: one for key, one in latest.items() if one["item_type"] == "message" and one["text"]}
    wanted = {
        ("s" + "\x1f".join(key)): [("text", one["text"], joined(one["parts"]))]
        for key, one in spoken.items()
        if one["text"] != joined(one["parts"])
    }
    assert len(wanted) > 100
    assert dict(result.tally.fields) == {"text": len(wanted)}
    assert dict(result.tally.verdicts) == {"same": result.tally.verdicts["same"], "changed": len(wanted)}
    topics = Topics(past.deployed.prefix)
    assert {one.chain.removeprefix("item\x1f"): one.fields(topics) for one in found} == wanted


@pytest.mark.kafka
async def test_of_a_selection_only_what_it_means_is_compared(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    session = values(await past.live())[5]["session_id"]
    result, _ = await compared(past, selection=Selection(sessions=frozenset({session})))
    records = [one for one in values(await past.live()) if one["session_id"] == session]
    assert result.tally.records >= len(records) > 0
    assert set(result.tally.verdicts) == {"same"}
    half = past.events[COUNT // 2].time_ms
    for selection in (
        Selection(since_ms=half),
        Selection(until_ms=half),
        Selection(event_types=frozenset({"response.done"})),
    ):
        result, found = await compared(past, selection=selection)
        assert found == []
        assert 0 < result.tally.records < sum(map(len, (await past.live()).values()))


def test_differences_are_told_by_path() -> None:
    before = {"a": 1, "b": {"c": [1, 2], "d": None}, "e": [1], "f": 1}
    after = {"a": 1, "b": {"c": [1, 3], "d": 0}, "e": [1, 2], "g": 1}
    assert list(differences(before, after)) == [
        ("b.c.1", 2, 3),
        ("b.d", None, 0),
        ("e", [1], [1, 2]),
        ("f", 1, "(missing)"),
        ("g", "(missing)", 1),
    ]
