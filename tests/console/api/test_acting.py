"""What an operator does from the page, found again in Kafka; and what comes in, told while one looks."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.console.kafka.audit import audit_topic
from pipeline.replay.job import ENDED
from pipeline.replay.store import Jobs
from tests.console.api.support import Client, client_of, running
from tests.kafka.deploy import deploy
from tests.kafka.support import read_all
from tests.rejected.support import bad_value, message, work
from tests.replay.support import Past, collect
from tests.replay.support import past as simulated
from topics.catalogue import CATALOGUE, REJECTED

pytestmark = pytest.mark.kafka


async def test_a_redrive_is_tried_then_done_then_told(bootstrap_servers: str, unique: str, tmp_path: Path) -> None:
    deployed = await deploy(bootstrap_servers, unique, 2)
    # An item that a lower limit rejects is usable once the limit is as it was; what is no JSON stays so.
    values = [orjson.dumps(message("item_1", "x" * 3000)), bad_value("not_json", "item_2")]
    await deployed_send(deployed, values)
    await work(deployed.settings(max_event_bytes=2048), lambda now: now["consumed"] >= 2)
    settings = deployed.settings(
        console_port=0, console_store=str(tmp_path / "c.sqlite3"), console_local_role="operator"
    )
    async with running(settings) as url, client_of(url) as console:
        rejected = (await console.until("/api/rejected", lambda told: len(told["rejected"]) == 2))["rejected"]
        ids = {one["reason"]: one["id"] for one in rejected}
        assert ids.keys() == {"too_large", "not_json"}

        _, tried = await console.post("/api/rejected/redrive", {"ids": [*ids.values()], "dry_run": True})
        outcomes = {one["id"]: one["outcome"] for one in tried["records"]}
        assert outcomes == {ids["too_large"]: "usable", ids["not_json"]: "rejected_again"}
        assert tried["sent"] == 0
        assert len(await read_all(bootstrap_servers, deployed.input_topic)) == 2

        _, done = await console.post("/api/rejected/redrive", {"reason": "too_large", "dry_run": False})
        assert (done["sent"], [one["outcome"] for one in done["records"]]) == (1, ["sent"])
        again = await read_all(bootstrap_servers, deployed.input_topic)
        assert [record.value for record in again].count(values[0]) == 2
        await work(settings, lambda now: now["consumed"] >= 1)
        (item,) = await read_all(bootstrap_servers, deployed.messages)
        assert orjson.loads(item.value)["item_id"] == "item_1"

        _, once_more = await console.post("/api/rejected/redrive", {"ids": [ids["too_large"]], "dry_run": False})
        assert (once_more["sent"], once_more["records"][0]["outcome"]) == (0, "skipped")
        told = {one["reason"]: one["redriven"] for one in (await console.get("/api/rejected"))["rejected"]}
        assert told == {"too_large": 1, "not_json": 0}

        entries = (await console.get("/api/audit"))["entries"]
        assert [(one["who"], one["action"], one["outcome"], one["details"]["sent"]) for one in entries] == [
            ("local", "redrive", "done", 0),
            ("local", "redrive", "done", 1),
        ]
        assert len(await read_all(bootstrap_servers, audit_topic(deployed.prefix))) == 4
    # The store is made anew; what was done is still known.
    async with running(settings, rebuild=True) as url, client_of(url) as console:
        assert (await console.get("/api/audit"))["entries"] == entries
        page = await console.get("/api/audit", limit=1)
        assert (await console.get("/api/audit", cursor=page["next_cursor"]))["entries"] == entries[1:]


async def deployed_send(deployed: Any, values: list[bytes | None]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=deployed.bootstrap_servers) as producer:
        for value in values:
            await producer.send_and_wait(deployed.input_topic, value, b"session_1", partition=0)


async def test_a_replay_is_previewed_then_done(console: Client, past: Past, unique: str) -> None:
    status, job = await console.post("/api/replays", {"kind": "difference"})
    assert (status, job["kind"], job["target"]) == (201, "difference", None)
    ended = await console.until(f"/api/replays/{job['id']}", lambda told: told["state"] != "running")
    assert (ended["state"], ended["share"], ended["error"]) == ("done", 1.0, None)
    found = await console.get(f"/api/replays/{job['id']}/difference")
    assert found["summary"]["same"] > 0
    assert (found["differences"], found["complete"]) == ([], True)

    to = f"again-{unique}"
    session = (await console.get("/api/sessions", limit=1))["sessions"][0]["session_id"]
    status, job = await console.post("/api/replays", {"kind": "topics", "to_prefix": to, "sessions": [session]})
    assert (status, job["selection"]["sessions"], job["who"]) == (201, [session], "local (console)")
    ended = await console.until(f"/api/replays/{job['id']}", lambda told: told["state"] != "running")
    assert (ended["state"], ended["share"], ended["error"]) == ("done", 1.0, None)
    there = [row for rows in (await past.live()).values() for row in rows if row[2] == session.encode()]
    made = [row for rows in (await past.content(to)).values() for row in rows]
    assert sorted(row[3] for row in made) == sorted(row[3] for row in there)
    assert ended["outputs"] == len(made)
    assert job["id"] in [one["id"] for one in (await console.get("/api/replays"))["jobs"]]

    status, problem = await console.post(f"/api/replays/{job['id']}/cancel")
    assert (status, problem["detail"]) == (409, f"job {job['id']} is done already")
    actions = [(one["action"], one["outcome"]) for one in (await console.get("/api/audit"))["entries"]]
    assert actions[:3] == [
        ("replay cancel", f"failed: job {job['id']} is done already"),
        ("replay", "done"),
        ("replay", "done"),
    ]


async def test_a_console_that_ends_breaks_no_job(past: Past, tmp_path: Path, unique: str) -> None:
    settings = past.deployed.settings(
        console_port=0, console_store=str(tmp_path / "c.sqlite3"), console_local_role="operator"
    )
    async with running(settings) as url, client_of(url) as console:
        _, job = await console.post("/api/replays", {"kind": "topics", "to_prefix": f"cut-{unique}"})
    # Its process was told to end before it had begun, or a little later.
    async with running(settings) as url, client_of(url) as console:
        stands = await console.until(f"/api/replays/{job['id']}", lambda told: told["state"] != "running")
        if stands["state"] == "interrupted":
            status, told = await console.post(f"/api/replays/{job['id']}/resume")
            assert (status, told["state"]) == (200, "running")
        await console.until(f"/api/replays/{job['id']}", lambda told: told["state"] == "done")
    (ended,) = [one for one in await Jobs(settings).all() if one.id == job["id"]]
    assert ended.state in ENDED
    made = await past.content(f"cut-{unique}")
    assert {name: len(rows) for name, rows in made.items()} == {
        name: len(rows) for name, rows in (await past.live()).items()
    }


async def test_what_comes_in_is_told_while_one_looks(bootstrap_servers: str, unique: str, tmp_path: Path) -> None:
    deployed = await deploy(bootstrap_servers, unique, 2)
    events = simulated(400, faults=False)
    session = events[0].session_id
    settings = deployed.settings(console_port=0, console_store=str(tmp_path / "c.sqlite3"))
    async with running(settings) as url, client_of(url) as console:
        async with console.stream(session=session) as stream:
            first = await anext(stream)
            assert first.name in ("pipeline", "replay")
            await collect(deployed, events)
            working = asyncio.create_task(work(settings, lambda now: now["consumed"] >= len(events)))
            seen: dict[str, Any] = {}
            last: str | None = None
            async for event in stream:
                if event.name == "entry":
                    seen[event.data["id"]] = event.data["record"]
                last = event.id
                if seen and last:
                    break
            # What is told is in Kafka already, and is what is there.
            records = await read_all_items(bootstrap_servers, deployed.prefix)
            for record in seen.values():
                assert record in records
        await working
        await console.until(
            "/api/pipeline", lambda told: told["projection"]["lag"] == 0 and told["partitions"][0]["lag"] == 0
        )
        # Who comes back is told what happened meanwhile; who was away for too long, that they don't know.
        if last is not None:
            async with console.stream(last_event_id=last, session=session) as stream:
                names = {(await anext(stream)).name for _ in range(3)}
                assert "gap" not in names
        async with console.stream(last_event_id="other-7") as stream:
            assert (await anext(stream)).name == "gap"


async def read_all_items(bootstrap_servers: str, prefix: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for spec in CATALOGUE:
        if spec is not REJECTED:
            found += [orjson.loads(one.value) for one in await read_all(bootstrap_servers, spec.full_name(prefix))]
    return found
