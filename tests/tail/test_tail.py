"""`itemstream tail` on a real broker: what it prints, in which order, to whom."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from pipeline.cli.main import main
from pipeline.core import CoreSettings, Partition
from pipeline.core.records import Output
from pipeline.simulate import Faults
from pipeline.simulate.generate import sessions
from tests.core.events import Record
from tests.kafka.deploy import Deployed, deploy
from tests.kafka.support import read_all
from topics.catalogue import CATALOGUE

pytestmark = pytest.mark.kafka

COMMAND = (sys.executable, "-m", "pipeline.cli.main", "tail")


def outputs(prefix: str, seed: int, count: int = 5, start_ms: int | None = None) -> list[Output]:
    """What the core brings out of simulated sessions, some of their events broken."""
    core = Partition(CoreSettings(prefix=prefix))
    out: list[Output] = []
    # Not long ago: what is older than a topic's retention may be deleted before it is read.
    start_ms = start_ms or time.time_ns() // 1_000_000 - 600_000
    for session in sessions(seed, count, faults=Faults(0, 0.05), start_ms=start_ms):
        events = [
            Record(event.value, session.session_id.encode(), list(event.headers), number, event.time_ms)
            for number, event in enumerate(session.events)
        ]
        out += [*core.process(events).outputs, *core.end().outputs]
    return out


async def write(bootstrap_servers: str, written: list[Output]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap_servers) as producer:
        sent = [
            await producer.send(
                one.topic,
                one.value,
                one.key,
                0,
                timestamp_ms=one.timestamp,
                headers=[(k, v or b"") for k, v in one.headers],
            )
            for one in written
        ]
        await asyncio.gather(*sent)


@pytest.fixture
async def filled(bootstrap_servers: str, unique: str) -> Deployed:
    """The topics with the records of five sessions on them."""
    deployed = await deploy(bootstrap_servers, unique, 1)
    await write(bootstrap_servers, outputs(deployed.prefix, 4))
    return deployed


def where(deployed: Deployed) -> list[str]:
    return ["--bootstrap-servers", deployed.bootstrap_servers, "--prefix", deployed.prefix]


def run(deployed: Deployed, *arguments: str) -> list[str]:
    done = subprocess.run([*COMMAND, *arguments, *where(deployed)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


async def test_all_as_json_is_every_record_in_the_order_of_its_session(filled: Deployed) -> None:
    lines = [orjson.loads(line) for line in run(filled, "--all", "--json")]
    there = 0
    for spec in CATALOGUE:
        if spec.model is not None:
            there += len(await read_all(filled.bootstrap_servers, spec.full_name(filled.prefix)))
    assert len(lines) == there > 50
    by_session: dict[str, list[int]] = {}
    for line in lines:
        by_session.setdefault(line["value"]["session_id"], []).append(line["value"]["session_sequence"])
    assert len(by_session) == 5
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_session.values())


async def test_one_session_of_one_topic(filled: Deployed) -> None:
    everything = [orjson.loads(line) for line in run(filled, "messages", "--json")]
    session = everything[0]["value"]["session_id"]
    mine = [line for line in everything if line["value"]["session_id"] == session]
    assert 0 < len(mine) < len(everything)
    assert [orjson.loads(line) for line in run(filled, "items.messages", "--session", session, "--json")] == mine
    lines = run(filled, "messages", "--session", session)
    assert len(lines) == len(mine)
    assert all(line.split("\t")[1] == session for line in lines)
    assert mine[0]["value"]["text"].split("\n")[0] in lines[0]


async def test_rejected_records_say_why(filled: Deployed) -> None:
    lines = run(filled, "rejected")
    records = await read_all(filled.bootstrap_servers, f"{filled.prefix}.rejected")
    assert len(lines) == len(records) > 0
    reason = dict(records[0].headers)["itemstream-reject-reason"].decode()
    assert f"rejected  {reason}: " in lines[0]
    (session, *_) = {line.split("\t")[1] for line in lines}
    assert all(line.split("\t")[1] == session for line in run(filled, "rejected", "--session", session))


async def test_since(bootstrap_servers: str, unique: str) -> None:
    deployed = await deploy(bootstrap_servers, unique, 1)
    now = time.time_ns() // 1_000_000
    old, new = (outputs(deployed.prefix, seed, 2, at) for seed, at in ((1, now - 7_200_000), (2, now - 300_000)))
    await write(bootstrap_servers, [*old, *new])
    recent = [one for one in new if one.topic.endswith("messages")]
    assert len(run(deployed, "messages", "--since", "1h")) == len(recent)
    assert len(run(deployed, "messages")) > len(recent)


def test_follow_shows_what_comes_and_ends_well(bootstrap_servers: str, unique: str) -> None:
    deployed = asyncio.run(deploy(bootstrap_servers, unique, 1))
    asyncio.run(write(bootstrap_servers, outputs(deployed.prefix, 1, 1)))
    follower = subprocess.Popen(
        [*COMMAND, "messages", "--follow", "--json", *where(deployed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert follower.stdout is not None
        os.set_blocking(follower.stdout.fileno(), False)
        seen = b""
        deadline = time.monotonic() + 60
        seed = 10
        while b"\n" not in seen:  # it begins at the end, wherever that is when it has started
            assert time.monotonic() < deadline
            asyncio.run(write(bootstrap_servers, outputs(deployed.prefix, seed, 1)))
            seed += 1
            time.sleep(0.3)
            seen += follower.stdout.read() or b""
        shown = {orjson.loads(line)["value"]["id"] for line in seen.splitlines()[:-1]}
        written = [one for one in outputs(deployed.prefix, 1, 1) if one.topic == deployed.messages]
        before = {orjson.loads(one.value or b"")["id"] for one in written}
        assert shown.isdisjoint(before)
        follower.send_signal(signal.SIGINT)
        assert follower.wait(30) == 0
        assert follower.stderr is not None
        assert follower.stderr.read() == b""
    finally:
        follower.kill()


def test_a_reader_that_goes_away_is_no_failure(bootstrap_servers: str, unique: str, tmp_path: Path) -> None:
    deployed = asyncio.run(deploy(bootstrap_servers, unique, 1))
    asyncio.run(write(bootstrap_servers, outputs(deployed.prefix, 4, 20)))
    for more in ("", "--json"):
        command = " ".join([*COMMAND, "--all", more, *where(deployed)])
        script = f"{command} 2>{tmp_path}/err | head -1; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
        assert done.stdout.splitlines()[-1] == "0"
        assert len(done.stdout.splitlines()) == 2
        assert (tmp_path / "err").read_text() == ""


def lines_of_terminal(command: list[str]) -> Iterator[str]:
    leader, follower = pty.openpty()
    process = subprocess.Popen(command, stdout=follower, env={**os.environ, "TERM": "xterm-256color", "TZ": "UTC"})
    os.close(follower)
    text = b""
    while True:
        try:
            chunk = os.read(leader, 65_536)
        except OSError:
            break
        if not chunk:
            break
        text += chunk
    os.close(leader)
    assert process.wait() == 0
    yield from text.decode().split("\r\n")


def test_a_terminal_gets_colours_and_a_heading_a_session(bootstrap_servers: str, unique: str) -> None:
    deployed = asyncio.run(deploy(bootstrap_servers, unique, 1))
    written = outputs(deployed.prefix, 4, 1)
    asyncio.run(write(bootstrap_servers, written))
    lines = list(lines_of_terminal([*COMMAND, "--all", *where(deployed)]))
    session = (written[0].key or b"").decode()
    assert [line for line in lines if "──" in line] == [f"\x1b[1m── {session} ──\x1b[0m"]
    assert any("\x1b[1;36m" in line for line in lines), "users are cyan"
    assert all("\x1b" not in line for line in run(deployed, "--all"))


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "name topics, or say --all"),
        (("mesages",), 2, "did you mean 'messages'?"),
        (("messages", "--all"), 2, "name topics, or say --all"),
        (("messages", "--since", "noon"), 2, "--since noon: write how long ago"),
        (("messages", "--bootstrap-servers", "127.0.0.1:1"), 1, "no Kafka broker answers at 127.0.0.1:1"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: tuple[str, ...], code: int, told: str, capsys) -> None:
    assert main(["tail", *arguments]) == code
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1
    assert told in errors[0]
