"""The ledger held against the core, through `pipeline.core` alone: two readings of one contract must agree."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from pipeline.core import BatchResult, CoreSettings, Partition
from pipeline.ledger import RawOutput, Report, check
from pipeline.simulate import DIALECTS, SCENARIOS, Faults, SimulatedEvent, SimulatedSession, interleave, sessions

SEEDS = (1, 2, 3)


@dataclass(slots=True)
class Record:
    """An input record as the core sees it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]
    timestamp_type: int | None = 0


def records(events: Iterable[SimulatedEvent]) -> Iterable[Record]:
    for offset, event in enumerate(events):
        key = event.session_id.encode()
        yield Record("realtime.server-events", 0, offset, event.time_ms, key, event.value, event.headers)


def raw(result: BatchResult) -> list[RawOutput]:
    return [(out.topic, out.key, out.value, out.headers) for out in result.outputs]


def run_core(played: list[SimulatedSession]) -> tuple[Report, BatchResult]:
    core = Partition(CoreSettings())
    result = core.process(records(interleave(played)), 2**53)
    outputs = raw(result) + raw(core.end())
    expected = [one for session in played for one in session.expected]
    return check(expected, outputs), result


def explain(report: Report) -> str:
    return "\n".join(f"{name}: {text}" for name, found in report.faults() for text in found.examples[:5])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_core_brings_out_what_the_ledger_says(dialect: str, seed: int) -> None:
    report, _ = run_core(list(sessions(seed, 40, [dialect])))
    assert report.ok, explain(report)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_scenario_alone(dialect: str) -> None:
    features = DIALECTS[dialect].features
    for name, scenario in SCENARIOS.items():
        if scenario.feature is None or scenario.feature in features:
            report, _ = run_core(list(sessions(f"alone {name}", 12, [dialect], scenarios=[name])))
            assert report.ok, f"{name}\n{explain(report)}"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_repeats_change_nothing_and_broken_records_are_rejected(dialect: str) -> None:
    faults = Faults(repeat_ratio=0.05, bad_ratio=0.02)
    report, result = run_core(list(sessions(7, 40, [dialect], faults=faults)))
    assert report.ok, explain(report)
    counts = result.counts
    assert counts.consumed == counts.used + counts.ignored + sum(counts.rejected.values())


MATTERS = {
    "session.updated",
    "conversation.item.deleted",
    "conversation.item.truncated",
    "conversation.item.input_audio_transcription.completed",
    "conversation.item.input_audio_transcription.failed",
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "response.created",
    "response.function_call_arguments.done",
    "response.done",
}
"""Events that tell something in every dialect that nothing else tells."""


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_core_that_overlooked_a_type_of_event_would_be_found_out(dialect: str) -> None:
    played = list(sessions("overlooked", 40, [dialect]))
    events = list(interleave(played))
    expected = [one for session in played for one in session.expected]
    opened, last = DIALECTS[dialect].opened_by, "conversation.item.done"
    for overlooked in sorted(MATTERS | {opened, last if DIALECTS[dialect].item_done else "response.output_item.done"}):
        name = f'"type":"{overlooked}"'.encode()
        left = [event for event in events if name not in (event.value or b"")[:9000]]
        assert len(left) < len(events), overlooked
        core = Partition(CoreSettings())
        outputs = raw(core.process(records(left), 2**53)) + raw(core.end())
        assert not check(expected, outputs).ok, overlooked


@pytest.mark.parametrize("dialect", DIALECTS)
def test_without_headers(dialect: str) -> None:
    report, _ = run_core(list(sessions(8, 30, [dialect], bare=True)))
    assert report.ok, explain(report)
