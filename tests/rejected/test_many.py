"""60 (and 1,000) rejected records of each reason: listed, shown, put right, redriven, each of them once.

The process that redrives is killed time and again.
"""

import asyncio
import contextlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.cli.main import main
from pipeline.core.handlers import HANDLERS
from pipeline.rejected.pointing import AtPath, InText, Nowhere, Sizes, point_at
from pipeline.rejected.record import rejected_record
from pipeline.rejected.revive import REDRIVEN
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import produce, read_all
from tests.rejected.support import BROKEN_TYPE, MAX_EVENT_BYTES, REASONS, bad_value, broken, message, work

pytestmark = pytest.mark.kafka

PARTITIONS = 3
POINTERS = {
    "empty": Nowhere,
    "not_json": InText,
    "not_object": InText,
    "type_missing": AtPath,
    "item_missing": AtPath,
    "item_invalid": AtPath,
    "too_large": Sizes,
    "internal_error": Nowhere,
}
FEW = [
    ("fenced", 0), ("begun", 0), ("records-sent", 0), ("markers-sent", 0), ("committed", 0), ("records-sent", 0),
    ("committed", 0), ("markers-sent", 0),
]  # fmt: skip
MANY = [
    ("fenced", 0), ("begun", 2), ("records-sent", 0), ("records-sent", 3), ("markers-sent", 0), ("markers-sent", 5),
    ("committed", 1), ("committed", 4),
]  # fmt: skip
"""Where the process is killed, and how often it passes that step unharmed. Of 60 of each reason there is one
transaction a partition, of 1,000 there are 14."""


def item_id(reason: str, number: int) -> str:
    return f"item_{reason}_{number}"


@contextlib.contextmanager
def mistake_in_the_core(monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as patch:
        patch.setitem(HANDLERS, BROKEN_TYPE, broken)
        yield


async def reject(bootstrap_servers: str, unique: str, each: int, settings: dict[str, Any]) -> Deployed:
    deployed = await deploy(bootstrap_servers, unique, PARTITIONS)
    events = [
        (number % PARTITIONS, f"sess_{number % 60}".encode(), bad_value(reason, item_id(reason, number)))
        for number in range(each)
        for reason in REASONS
    ]
    await produce(bootstrap_servers, deployed.input_topic, events)
    total = len(events)
    await work(deployed.settings(**settings), lambda now: now["consumed"] >= total)
    return deployed


def put_right(line: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    """What a person would make of an exported line; what was our own mistake stays as it is."""
    if line["reason"] == "internal_error":
        return line
    fixed = {name: value for name, value in line.items() if name not in {"event", "raw", "raw_base64"}}
    return fixed | {"event": message(ids[line["original"]])}


@pytest.mark.timeout(400)
@pytest.mark.parametrize(("each", "kills"), [(60, FEW), pytest.param(1_000, MANY, marks=pytest.mark.slow)])
def test_listed_shown_put_right_and_redriven_once(
    each: int,
    kills: list[tuple[str, int]],
    bootstrap_servers: str,
    unique: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    limits = {"reject_limit_window": 0, "max_event_bytes": MAX_EVENT_BYTES}
    with mistake_in_the_core(monkeypatch):
        deployed = asyncio.run(reject(bootstrap_servers, unique, each, limits))
    where = ["--bootstrap-servers", bootstrap_servers, "--prefix", deployed.prefix]
    topic = f"{deployed.prefix}.rejected"

    # Listed.
    capfdbinary.readouterr()
    assert main(["rejected", "list", "--counts", "--json", *where]) == 0
    assert json.loads(capfdbinary.readouterr().out) == dict.fromkeys(REASONS, each)
    assert main(["rejected", "list", "--json", "--full", *where]) == 0
    lines = [orjson.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    assert Counter(line["reason"] for line in lines) == dict.fromkeys(REASONS, each)

    # Shown: the first of each reason as it is printed, and what is pointed at in all of them.
    for reason in REASONS:
        first = next(line for line in lines if line["reason"] == reason)
        assert main(["rejected", "show", first["record"], *where]) == 0
        shown = capfdbinary.readouterr().out.decode()
        assert first["record"] in shown
        assert reason in shown
    kinds = Counter(
        (rejected.reason, type(point_at(rejected)))
        for rejected in map(rejected_record, asyncio.run(read_all(bootstrap_servers, topic)))
    )
    assert kinds == dict.fromkeys(POINTERS.items(), each)

    # Put right, and redriven by processes that are killed.
    inputs = asyncio.run(read_all(bootstrap_servers, deployed.input_topic))
    by_place = {f"{deployed.input_topic}-{one.partition}-{one.offset}": one for one in inputs}
    ids = {place: _id_of(one.partition, one.offset) for place, one in by_place.items()}
    fixed = tmp_path / "fixed.jsonl"
    fixed.write_bytes(b"\n".join(orjson.dumps(put_right(line, ids)) for line in lines))
    settings = deployed.settings(**limits)
    redriven = 0
    for step, passes in [*kills, ("-", 0)]:
        done = subprocess.run(
            [sys.executable, "-m", "tests.rejected.killed_redrive", step, str(passes), fixed],
            input=settings.model_dump_json(exclude={"sasl_password"}), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == (0 if step == "-" else -9), (step, passes, done.stderr)
        redriven = int(done.stdout or 0)
    assert redriven > 0, "the kills came after everything was done"

    # Nothing twice, whoever tries.
    capfdbinary.readouterr()
    assert main(["rejected", "redrive", "--from", str(fixed), *where]) == 0
    assert f"0 redriven; {each * len(REASONS):,} left alone" in capfdbinary.readouterr().err.decode()
    everything = asyncio.run(read_all(bootstrap_servers, deployed.input_topic))
    again = [one for one in everything if REDRIVEN in dict(one.headers)]
    assert len(everything) == len(inputs) + len(again)
    sources = Counter(dict(one.headers)[REDRIVEN].decode() for one in again)
    assert sources == {line["record"]: 1 for line in lines}
    rejected = {line["record"]: line for line in lines}
    for one in again:
        was = rejected[dict(one.headers)[REDRIVEN].decode()]
        first = by_place[was["original"]]
        assert (one.partition, one.key, one.timestamp) == (first.partition, first.key, first.timestamp)
        if was["reason"] == "internal_error":
            assert one.value == first.value

    # And the worker, its mistake mended, makes of each one item.
    asyncio.run(work(deployed.settings(**limits), lambda now: now["consumed"] >= each * len(REASONS)))
    messages = [orjson.loads(one.value) for one in asyncio.run(read_all(bootstrap_servers, deployed.messages))]
    assert Counter(one["item_id"] for one in messages) == {
        item_id(reason, number): 1 for reason in REASONS for number in range(each)
    }
    assert len(asyncio.run(read_all(bootstrap_servers, topic))) == each * len(REASONS)
    capfdbinary.readouterr()  # the log of the worker
    assert main(["rejected", "list", "--pending", "--counts", "--json", *where]) == 0
    assert json.loads(capfdbinary.readouterr().out) == {}


def _id_of(partition: int, offset: int) -> str:
    """Which item a place of the input is: events were written in the order of their numbers and reasons."""
    turn, reason = divmod(offset, len(REASONS))
    return item_id(REASONS[reason], turn * PARTITIONS + partition)
