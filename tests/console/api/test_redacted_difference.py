"""What a viewer is shown of a replay's differences holds nothing that the console's rules take out."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.console.kafka.shown_differences import Shown
from pipeline.ingest.redact import compile_rules
from pipeline.replay.comparison import Difference, Stored
from pipeline.replay.content import Topics
from tests.console.api.support import client_of, running
from tests.console.api.test_acting import deployed_send
from tests.kafka.deploy import deploy
from tests.kafka.support import read_all
from tests.rejected.support import message, work

SECRET = "4111-1111"
MESSAGES = "realtime.items.messages"


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("rules", "fields"),
    [
        (("$.text", "$.parts", "$.item.content"), {"role", "item.role"}),
        # A rule that fails on every record: what it is is told, nothing of what was said.
        (("builtins:len",), {"role"}),
    ],
)
async def test_neither_side_shows_what_the_rules_take_out(
    bootstrap_servers: str, unique: str, tmp_path: Path, rules: tuple[str, ...], fields: set[str]
) -> None:
    deployed = await deploy(bootstrap_servers, unique, 1)
    await deployed_send(deployed, [orjson.dumps(message("item_1", f"my card is {SECRET}"))])
    await work(deployed.settings(), lambda now: now["consumed"] >= 1)
    (record,) = await read_all(bootstrap_servers, deployed.messages)
    text = record.value.decode()
    assert SECRET in text
    # As an older release may have made it: both sides are somebody's number.
    older = text.replace(SECRET, f"{SECRET}-0000").replace('"role":"user"', '"role":"caller"')
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers) as producer:
        await producer.send_and_wait(deployed.messages, older.encode(), record.key, partition=0)

    settings = deployed.settings(
        console_port=0,
        console_store=str(tmp_path / "c.sqlite3"),
        console_local_role="operator",
        console_redact=list(rules),
    )
    async with running(settings) as url, client_of(url) as console:
        _, job = await console.post("/api/replays", {"kind": "difference"})
        ended = await console.until(f"/api/replays/{job['id']}", lambda told: told["state"] != "running")
        assert (ended["state"], ended["error"]) == ("done", None)
        found = await console.get(f"/api/replays/{job['id']}/difference")
    assert SECRET not in orjson.dumps(found).decode()
    (changed,) = found["differences"]
    assert (changed["id"], changed["verdict"], found["summary"]["changed"]) == ("item_1", "changed", 1)
    assert {field["path"] for field in changed["fields"]} == fields
    assert found["summary"]["fields"].keys() == fields


def difference(before: dict[str, Any], after: dict[str, Any]) -> Difference:
    stored = [
        Stored(MESSAGES, b"s", orjson.dumps({"session_id": "s", "item_id": "i"} | record), [], 0)
        for record in (before, after)
    ]
    return Difference("changed", "item\x1fss\x1fi", "item", "s", 1, *stored)


def test_a_rule_that_fails_on_one_side_withholds_both() -> None:
    """What fails is what has no text; else the other side's would be told as what is new."""
    shown = Shown(Topics("realtime"), compile_rules(["tests.console.api.test_redacted_difference:only_texts"]))
    line = shown.line(difference({"text": SECRET, "role": "user"}, {"text": None, "role": "system"}))
    assert line["fields"] == {"role": {"before": "user", "after": "system"}}
    assert shown.fields == {"role": 1}
    (note,) = shown.notes()
    assert note == "1 of the changed records is shown without what was said: a rule of console_redact failed on it"


def only_texts(record: dict[str, Any]) -> None:
    record["text"] = record["text"].upper()


def test_a_change_of_nothing_but_what_is_taken_out_is_still_one() -> None:
    shown = Shown(Topics("realtime"), compile_rules(["$.text"]))
    line = shown.line(difference({"text": SECRET}, {"text": "other"}))
    assert (line["difference"], line["fields"]) == ("changed", {})
    assert shown.notes() == ["1 of the changed records is changed only in what console_redact takes out"]


def test_names_of_fields_are_those_that_are_left() -> None:
    """The keys of a tool's arguments may be anything, and what is below a field that is taken out is so too."""
    shown = Shown(Topics("realtime"), compile_rules(["$.arguments"]))
    shown.line(difference({"arguments": {SECRET: 1}, "name": "a"}, {"arguments": {SECRET: 2}, "name": "b"}))
    assert shown.fields == {"name": 1}


def test_a_rejected_record_is_told_by_its_reason_alone() -> None:
    topic = "realtime.rejected"
    old, new = (
        Stored(topic, b"s", SECRET.encode(), [("itemstream-reject-reason", reason)], 0)
        for reason in (b"not_json", b"too_large")
    )
    shown = Shown(Topics("realtime"), compile_rules(["builtins:len"]))
    line = shown.line(Difference("changed", "rejected\x1f0:7", "rejected", None, 1, old, new))
    assert line["fields"] == {"reason": {"before": "not_json", "after": "too_large"}}
    assert SECRET not in orjson.dumps(line).decode()
