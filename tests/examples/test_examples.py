"""The programs of examples/ on a real broker."""

import asyncio
import json
import re
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka.admin import NewTopic

from tests.examples.support import filled, of_events, simulated, start, write
from tests.kafka.support import read_all
from topics.admin import connect

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(200)]

DONE = "conversation.item.done"
PAUSES = (2.5, 4.0)
"""Seconds until the program is killed."""

OF_THE_GROUP = re.compile(
    r"Heartbeat (failed for group|failed: local member_id|session expired|send request failed)"
    r"|Error sending \w+ to node"
    r"|Marking the coordinator dead|Group Coordinator Request failed|OffsetCommit failed for group .* will rejoin"
)
"""Warnings of aiokafka's group_coordinator that a busy machine is enough for."""


def call(number: int, name: str, arguments: str) -> dict[str, Any]:
    item = {
        "id": f"c{number}",
        "type": "function_call",
        "call_id": f"call_{number}",
        "name": name,
        "arguments": arguments,
    }
    return {"type": DONE, "event_id": f"e{number}", "item": item}


def output(number: int, text: str) -> dict[str, Any]:
    item = {"id": f"o{number}", "type": "function_call_output", "call_id": f"call_{number}", "output": text}
    return {"type": DONE, "event_id": f"f{number}", "item": item}


async def make_topic(bootstrap_servers: str, name: str) -> None:
    async with connect(bootstrap_servers) as admin:
        await admin.create_topics([NewTopic(name, 2, 1)])


def told_besides_the_group(errors: str) -> list[str]:
    """Lines of standard error without the client's on its group: who was killed is missed, who is slow is late."""
    return [line for line in errors.splitlines() if not OF_THE_GROUP.match(line)]


def test_tool_executor_writes_each_result_once_though_killed(bootstrap_servers: str, unique: str) -> None:
    count = 200
    calls = [call(n, "add", json.dumps({"numbers": [n, 1]})) for n in range(count)]
    wrong = [call(count, "add", '{"numbers": 7}'), call(count + 1, "other", "{}")]
    outputs = of_events(f"test-{unique}", *calls, *wrong)
    deployed = filled(bootstrap_servers, unique, outputs[:80])
    results = f"{deployed.prefix}.tool-results"
    asyncio.run(make_topic(bootstrap_servers, results))

    def written() -> list[Any]:
        return [orjson.loads(one.value) for one in asyncio.run(read_all(bootstrap_servers, results))]

    for pause in (*PAUSES, None):
        program = start("tool_executor.py", deployed, env={"TOOL_RESULTS": results})
        if pause is not None:
            time.sleep(pause)
            program.kill()
            program.communicate()
            # Something is left to do for the next one.
            write(deployed, outputs[80:160] if pause == PAUSES[0] else outputs[160:])
            continue
        deadline = time.monotonic() + 90
        while len(written()) < count + 1 and time.monotonic() < deadline and program.poll() is None:
            time.sleep(0.2)
        program.terminate()
        errors = program.communicate(timeout=60)[1]
        assert program.returncode == 0, errors
        assert told_besides_the_group(errors) == []
    told = {one["call_id"]: one for one in written()}
    assert len(written()) == len(told) == count + 1
    assert all(told[f"call_{n}"]["output"] == n + 1 for n in range(count))
    assert "TypeError" in told[f"call_{count}"]["error"]


def test_cost_per_tenant_and_day(bootstrap_servers: str, unique: str, tmp_path: Path) -> None:
    outputs = simulated(f"test-{unique}", 40)
    deployed = filled(bootstrap_servers, unique, outputs)
    records = [orjson.loads(one.value or b"") for one in outputs if one.topic.endswith(".responses")]
    models = {record["model"] for record in records}
    # A dollar a token of any kind: then the costs are the tokens.
    kinds = ("text_in", "cached_in", "audio_in", "text_out", "audio_out")
    prices = {model: dict.fromkeys(kinds, 1_000_000) for model in models if model}
    (tmp_path / "prices.json").write_text(json.dumps(prices))
    program = start("cost_per_tenant.py", deployed, str(tmp_path / "prices.json"))
    lines = program.communicate()[0].splitlines()
    assert program.returncode == 0
    expected: dict[tuple[str, str], list[int]] = {}
    for record in records:
        line = expected.setdefault((record["tenant"] or "-", record["source"]["received_at"][:10]), [0, 0])
        usage = record["usage"] or {}
        line[0] += 1
        if record["model"]:
            line[1] += (usage.get("input_tokens") or 0) + (usage.get("output_tokens") or 0)
    shown = {tuple(line.split("\t")[:2]): [float(cell) for cell in line.split("\t")[2:]] for line in lines[1:]}
    assert shown == expected


def test_alerts_on_tool_errors(bootstrap_servers: str, unique: str) -> None:
    failed = {"id": "m1", "type": "mcp_call", "server_label": "billing", "name": "pay", "arguments": "{}",
              "error": {"type": "http_error", "code": 503, "message": "no answer"}}  # fmt: skip
    outputs = of_events(
        f"test-{unique}", call(1, "add", "{}"), output(1, '{"error":"no numbers"}'), call(2, "add", "{nonsense"),
        call(3, "add", "{}"), output(3, '{"sum":1}'), {"type": DONE, "event_id": "e", "item": failed},
    )  # fmt: skip
    deployed = filled(bootstrap_servers, unique, outputs)
    program = start("tool_alerts.py", deployed)
    assert program.stdout is not None
    alerts = [json.loads(program.stdout.readline()) for _ in range(3)]
    program.terminate()
    rest, errors = program.communicate(timeout=60)
    assert (rest, told_besides_the_group(errors), program.returncode) == ("", [], 0)
    assert {alert["item_id"]: alert["what"] for alert in alerts} == {
        "o1": "add answered with an error: no numbers",
        "c2": "add was called with what is no JSON: {nonsense",
        "m1": "billing.pay failed: no answer",
    }
