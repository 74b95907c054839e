"""Sessions played: interleaved in time, paced, exported; and the command that does it."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import orjson
import pytest

from pipeline.cli.main import main
from pipeline.ledger import Expected, read_ledger
from pipeline.simulate import Faults, SimulatedEvent, interleave, sessions
from pipeline.simulate.clock import Pace, Stamp
from pipeline.simulate.export import Exporter
from pipeline.simulate.playing import Load, play


class Kept:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.events: list[SimulatedEvent] = []

    async def write(self, events: Sequence[SimulatedEvent]) -> None:
        self.events += events


def test_interleaving_keeps_time_and_each_sessions_order() -> None:
    played = list(sessions(1, 40))
    together = list(interleave(iter(played)))
    times = [event.time_ms for event in together]
    assert times == sorted(times)
    assert len(together) == sum(len(session.events) for session in played)
    for session in played:
        assert [event for event in together if event.session_id == session.session_id] == session.events


def test_sessions_go_on_at_the_same_time() -> None:
    together = list(interleave(sessions(1, 40)))
    changes = sum(a.session_id != b.session_id for a, b in pairwise(together))
    assert changes > len(together) / 3


def test_a_session_ends_with_its_last_event() -> None:
    ended: list[str] = []
    seen: dict[str, int] = {}
    for event in interleave(sessions(1, 10), on_end=lambda session: ended.append(session.session_id)):
        assert event.session_id not in ended
        seen[event.session_id] = seen.get(event.session_id, 0) + 1
    assert sorted(ended) == sorted(seen)


def test_a_pace_is_kept_by_the_clock_and_made_up_for() -> None:
    now = 100.0
    pace = Pace(50.0, clock=lambda: now)
    assert pace.allowed(0, 1000) == 1
    assert pace.allowed(1, 1000) == 0
    assert pace.wait(1) == pytest.approx(0.02)
    now = 110.0
    assert pace.allowed(1, 1000) == 500
    assert pace.allowed(1, 100) == 100
    assert pace.wait(1) == 0.0


def test_no_rate_is_no_wait() -> None:
    pace = Pace(None)
    assert pace.allowed(10**9, 7) == 7
    assert pace.wait(10**9) == 0.0


async def test_a_rate_is_kept() -> None:
    began = asyncio.get_running_loop().time()
    sink = Kept()
    played = await play(Load(rate=2_000, seconds=0.5), sink)
    assert played.events == len(sink.events) >= 1_000
    assert asyncio.get_running_loop().time() - began >= (played.events - 1) / 2_000 - 0.05
    assert played.rate <= 2_100


async def test_a_load_tells_what_must_come_of_it() -> None:
    expected: list[Expected] = []
    sink = Kept()
    played = await play(Load(seed=9, count=12), sink, expected.extend)
    assert played.sessions == 12
    wanted = [one for session in sessions(9, 12) for one in session.expected]
    assert sorted(map(str, expected)) == sorted(map(str, wanted))


async def test_without_a_rate_no_session_begins_after_the_time() -> None:
    played = await play(Load(seconds=0.3), Kept())
    assert played.sessions >= 1
    assert played.seconds < 10


def test_times_are_rfc_3339() -> None:
    stamp = Stamp()
    assert stamp(1_780_000_000_007) == b"2026-05-28T20:26:40.007Z"
    assert stamp(1_780_000_000_999) == b"2026-05-28T20:26:40.999Z"
    assert stamp(1_780_000_001_000) == b"2026-05-28T20:26:41.000Z"


async def test_export_keeps_the_providers_bytes(tmp_path: Path) -> None:
    exporter = Exporter(str(tmp_path / "events.jsonl"))
    session = next(sessions(2, 1, faults=Faults(bad_ratio=0.1)))
    await exporter.write(session.events)
    await exporter.close()
    lines = (tmp_path / "events.jsonl").read_bytes().splitlines()
    assert len(lines) == len(session.events)
    for line, event in zip(lines, session.events, strict=True):
        told = orjson.loads(line)
        assert told["session_id"] == session.session_id
        assert told["direction"] == "received"
        if event.whole:
            assert (event.value or b"") in line
            assert list(told) == ["time", "session_id", "sequence", "provider", "tenant", "direction", "event"]
        else:
            assert told["raw"] == (event.value or b"").decode(errors="replace")


def test_the_command_writes_events_and_ledger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, ledger = tmp_path / "events.jsonl", tmp_path / "ledger.jsonl"
    arguments = ["simulate", "--sessions", "5", "--seed", "3", "--to", str(out), "--ledger", str(ledger)]
    assert main(arguments) == 0
    first = out.read_bytes(), ledger.read_bytes()
    assert main(arguments) == 0
    assert (out.read_bytes(), ledger.read_bytes()) == first
    assert "events of 5 sessions" in capsys.readouterr().err
    wanted = [one.line() for session in sessions(3, 5) for one in session.expected]
    assert sorted(map(str, (one.line() for one in read_ledger(ledger)))) == sorted(map(str, wanted))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--dialect", "none"], 2, "--dialect none does not exist"),
        (["--scenario", "none"], 2, "--scenario none does not exist"),
        (["--dialect", "xai", "--scenario", "image"], 2, "the dialect xai has no image"),
        (["--start-time", "noon"], 2, "is not an RFC 3339 time"),
        (["--to", "/nowhere/at/all"], 1, "cannot write to /nowhere/at/all"),
        (["--to", "-", "--ledger", "/nowhere/at/all"], 1, "cannot write the ledger /nowhere/at/all"),
        (["--sessions", "0"], 2, "--sessions"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "--sessions", "1", *arguments]) == code
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1
