"""Tables and verdicts out of results."""

from typing import Any

import pytest

from bench.programs import AT_LEAST_ONCE, EXACTLY_ONCE, LATENCY, PROGRAMS, Program
from bench.relay_ends import WAYS
from bench.tables import latency_table, medians, replaced, throughput_table, verdict_table
from bench.targets import LIMITS, TARGETS, relay_verdicts, verdicts

OWN = Program("own", "itemstream", EXACTLY_ONCE, lambda run, delivery: [], "defaults")
PEER = Program("peer", "Peer", AT_LEAST_ONCE, lambda run, delivery: [], "tuned")


def run(program: str, rate: float, **changes: Any) -> dict[str, Any]:
    return {
        "program": program, "input": "pass", "rate": rate, "cpu_us": 5.0, "broker_cpu_us": 3.0, "peak_mib": 100.0,
        "counted": 1000, "expected": 1000, "complete": True, **changes,
    }  # fmt: skip


def test_a_table_has_the_median_and_the_extremes_the_fastest_first() -> None:
    rows = [run("own", 10.0), run("own", 30_000.0), run("own", 20.0), run("peer", 50_000.0), run("peer", 1.0)]
    lines = throughput_table("pass", (OWN, PEER), rows).splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| Peer | at-least-once | **25,000** | 1 – 50,000 |")
    assert lines[3].startswith("| **itemstream** | exactly-once | **20** | 10 – 30,000 | 5.0 µs | 3.0 µs | 100 MiB |")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "| 1,000 |"),
        ({"counted": 1001}, "| **1,001** of 1,000 |"),
        ({"counted": 400, "complete": False}, "| cut |"),
    ],
)
def test_a_wrong_number_of_records_shows(changes: dict[str, Any], told: str) -> None:
    assert throughput_table("pass", (OWN,), [run("own", 1.0, **changes)]).endswith(told)


def test_programs_that_did_not_run_have_no_row() -> None:
    assert "Peer" not in throughput_table("pass", (OWN, PEER), [run("own", 1.0)])
    assert "itemstream" not in throughput_table("mix", (OWN, PEER), [run("own", 1.0)])


def test_latencies_tell_missing_records() -> None:
    row = {"program": "peer", "input": "latency", "missing": 3, "p50": 1.0, "p90": 2.0, "p99": 3.0, "max": 1234.5}
    assert latency_table((OWN, PEER), [row]).splitlines()[2] == (
        "| Peer | at-least-once | 1.0 | 2.0 | 3.0 | 1,234.5 | tuned; **3 missing** |"
    )


def test_medians_are_those_of_the_rounds() -> None:
    assert medians([run("own", 1.0), run("own", 3.0), {"program": "own", "input": "latency"}]) == {("pass", "own"): 2.0}


def test_every_target_is_held_against_what_was_measured() -> None:
    rates = {pair: 100_000.0 for target in TARGETS for pair in (target.of, target.over) if pair}
    told = {limit.program: {"p50": 14.0, "p99": 30.0} for limit in LIMITS}
    found = {verdict.text: verdict for verdict in verdicts(rates, told)}
    assert found["pass-through exactly once / Quix Streams"].met is False
    assert found["pass-through exactly once / Quix Streams"].found == "1.00"
    assert found["pass-through exactly once / confluent-kafka"].met is True
    assert found["items only, records/s"].found == "100,000"
    assert found["latency exactly once, p99"].met is True
    assert found["latency at least once, p99"].met is False
    assert "**not met**" in verdict_table(list(found.values()))


def test_what_the_relay_adds_is_held_to_both_readings() -> None:
    added = {way: {"p50": 0.2, "p99": 1.5} for way in WAYS} | {"round trip": {"p50": 0.31, "p99": 2.0}}
    told = [(verdict.wanted, verdict.found, verdict.met) for verdict in relay_verdicts(added)]
    assert told == [("≤ 0.3 ms", "0.20 ms", True), ("≤ 2 ms", "1.50 ms", True)] * 2 + [
        ("≤ 0.3 ms", "0.31 ms", False),
        ("≤ 2 ms", "2.00 ms", True),
    ]


def test_what_was_not_measured_is_no_success() -> None:
    assert {verdict.met for verdict in [*verdicts({}, {}), *relay_verdicts({})]} == {None}


def test_targets_name_programs_that_exist() -> None:
    names = {program.name for program in PROGRAMS}
    assert {pair[1] for target in TARGETS for pair in (target.of, target.over) if pair} <= names
    assert {limit.program for limit in LIMITS} <= {program.name for program in LATENCY}


def test_a_page_is_changed_between_its_markers_only() -> None:
    page = "before\n<!-- a: begin -->\nold\n<!-- a: end -->\nafter\n"
    assert replaced(page, "a", "new") == "before\n<!-- a: begin -->\nnew\n<!-- a: end -->\nafter\n"
    assert replaced(replaced(page, "a", "new"), "a", "old") == page
    with pytest.raises(ValueError, match="no markers named b"):
        replaced(page, "b", "new")
