"""Every route that tells something: what it says is what is on the topics."""

import asyncio
import io
from typing import Any

import orjson
import pytest

from pipeline.recorded import read_lines, run
from tests.console.api.support import Client
from tests.replay.support import Past, values

pytestmark = pytest.mark.kafka


async def of_session(past: Past, session_id: str) -> list[dict[str, Any]]:
    """Its records, in order."""
    records = [record for record in values(await past.live()) if record["session_id"] == session_id]
    return sorted(records, key=lambda record: record["session_sequence"])


async def test_sessions_are_those_of_the_topics(console: Client, past: Past) -> None:
    there = {record["session_id"] for record in values(await past.live())}
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = await console.get("/api/sessions", limit=7, **({"cursor": cursor} if cursor else {}))
        found += [session["session_id"] for session in page["sessions"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert sorted(found) == sorted(there)


async def test_a_conversation_is_what_the_topics_hold(console: Client, past: Past) -> None:
    session_id = (await console.get("/api/sessions", limit=1))["sessions"][0]["session_id"]
    records = await of_session(past, session_id)
    latest = {record["item_id"]: record for record in records if "item_id" in record}
    told = await console.get(f"/api/sessions/{session_id}/timeline", limit=1000)
    items = {entry["id"]: entry["record"] for entry in told["entries"] if entry["kind"] == "item"}
    assert items == latest
    assert (await console.get(f"/api/sessions/{session_id}"))["total_entries"] == told["total"]
    revised = max(records, key=lambda record: record.get("revision", 0))
    revisions = await console.get(f"/api/sessions/{session_id}/items/{revised['item_id']}/revisions")
    assert [one["record"]["revision"] for one in revisions["revisions"]] == [*range(1, revised["revision"] + 1)]


async def test_the_events_of_an_item_are_those_that_name_it(console: Client, past: Past) -> None:
    session_id = (await console.get("/api/sessions", limit=1))["sessions"][0]["session_id"]
    sent = [event.value for event in past.events if event.session_id == session_id]
    told = await console.get(f"/api/sessions/{session_id}/events")
    assert told["complete"]
    # What follows the last event that made a record is in no record's past.
    assert [event["value"].encode() for event in told["events"]] == sent[: len(told["events"])]
    item_id = next(record["item_id"] for record in await of_session(past, session_id) if "item_id" in record)
    behind = await console.get(f"/api/sessions/{session_id}/events", item_id=item_id)
    assert behind["events"]
    assert all(item_id in event["value"] for event in behind["events"])
    assert {"conversation.item.done", "conversation.item.created", "response.output_item.done"} & {
        event["event_type"] for event in behind["events"]
    }


async def test_a_fixture_makes_what_the_topics_hold(console: Client, past: Past) -> None:
    """`itemstream process` is `read_lines` and `run`."""
    for session in (await console.get("/api/sessions", limit=5))["sessions"]:
        session_id = session["session_id"]
        _, text = await console.ask("GET", f"/api/sessions/{session_id}/fixture")
        core = past.settings.core_settings()
        outputs = await asyncio.to_thread(
            lambda: [*run(read_lines(io.BytesIO(text.encode()), "fixture", "nobody"), core)]  # noqa: B023
        )
        made = [orjson.loads(output.value or b"") for output in outputs if not output.topic.endswith(".rejected")]
        there = await of_session(past, session_id)
        assert [_timeless(record) for record in made] == [_timeless(record) for record in there]


def _timeless(record: dict[str, Any]) -> dict[str, Any]:
    """Without where the event was read."""
    return record | {"source": {**record["source"], "topic": "", "partition": 0, "offset": 0}}


async def test_rejected_records_are_told_with_their_reasons(console: Client, past: Past) -> None:
    rejected = (await past.live())["rejected"]
    told = await console.get("/api/rejected", limit=200)
    assert sum(one["count"] for one in told["reasons"]) == len(rejected)
    assert len(told["rejected"]) == min(200, len(rejected))
    assert all(one["redriven"] == 0 for one in told["rejected"])


async def test_the_pipeline_is_that_of_the_catalogue(console: Client, past: Past) -> None:
    told = await console.get("/api/pipeline")
    topics = {node["id"] for node in told["nodes"] if node["kind"] == "topic"}
    deployed = past.deployed
    assert deployed.input_topic in topics
    assert f"{deployed.prefix}.responses" in topics
    assert {(edge["from"], edge["to"]) for edge in told["edges"]} >= {
        (deployed.input_topic, f"worker:{deployed.group}"),
        (f"worker:{deployed.group}", f"{deployed.prefix}.items.messages"),
    }
    assert sum(one["end"] for one in told["partitions"]) == len(past.events)
    assert {one["lag"] for one in told["partitions"]} == {0}
    # The worker that made this past has ended.
    assert told["status"] == "down"
    assert "no worker" in told["problems"][0]


async def test_sums_are_told(console: Client, past: Past) -> None:
    records = values(await past.live())
    usage = await console.get("/api/usage", by=["model"])
    assert sum(row["responses"] for row in usage["rows"]) == sum("usage" in record for record in records)
    assert usage["priced"] is False
    tools = await console.get("/api/tools")
    assert {tool["kind"] for tool in tools["tools"]} == {"function", "mcp"}
    facets = await console.get("/api/facets")
    assert facets["providers"] == sorted({record["provider"] for record in records if record["provider"]})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/sessions/nobody", 404),
        ("/api/sessions/nobody/timeline", 404),
        ("/api/sessions/nobody/items/none/revisions", 404),
        ("/api/sessions/nobody/events", 404),
        ("/api/sessions/nobody/fixture", 404),
        ("/api/replays/none", 404),
        ("/api/replays/none/difference", 404),
        ("/api/nothing", 404),
        ("/api/sessions?cursor=mine", 422),
        ("/api/audit?cursor=mine", 422),
        ("/api/sessions?limit=0", 422),
        ("/api/sessions?from=yesterday", 422),
    ],
)
async def test_what_is_not_there_is_a_problem(console: Client, path: str, status: int) -> None:
    found, told = await console.ask("GET", path)
    assert (found, told["status"]) == (status, status)
    assert told["detail"]
