"""Repeats and broken records: mixed in as asked, each broken one with the reason in the ledger."""

import json
from collections import Counter
from random import Random

import pytest

from pipeline.simulate import Faults, sessions
from pipeline.simulate.faults import BREAKERS


def reason_by_hand(value: bytes | None) -> str:
    """Why a value cannot be used, by a plain reading."""
    if not value:
        return "empty"
    try:
        event = json.loads(value.decode())
    except ValueError:
        return "not_json"
    if not isinstance(event, dict):
        return "not_object"
    if not isinstance(event.get("type"), str):
        return "type_missing"
    if event.get("item") is None:
        return "item_missing"
    item = event["item"]
    return "fine" if isinstance(item, dict) and isinstance(item.get("id"), str) else "item_invalid"


@pytest.mark.parametrize("number", range(len(BREAKERS)))
def test_a_breaker_breaks_as_it_says(number: int) -> None:
    breaker, reason = BREAKERS[number]
    for seed in range(50):
        assert reason_by_hand(breaker(Random(seed))) == reason


def test_every_reason_a_record_of_usual_size_can_have_occurs() -> None:
    reasons = {reason for _, reason in BREAKERS}
    assert reasons == {"empty", "not_json", "not_object", "type_missing", "item_missing", "item_invalid"}


def test_broken_records_are_in_the_ledger() -> None:
    for session in sessions(4, 20, faults=Faults(bad_ratio=0.05)):
        broken = Counter(reason_by_hand(event.value) for event in session.events if not event.whole)
        assert broken == Counter(one.reason for one in session.expected if one.reason is not None)
        assert all(one.topic == "rejected" for one in session.expected if one.reason is not None)


def test_broken_records_tell_no_type_in_their_headers() -> None:
    for session in sessions(4, 5, faults=Faults(bad_ratio=0.1)):
        for event in session.events:
            assert event.whole is ("ce_type" in dict(event.headers))


def test_repeats_are_the_same_records_again() -> None:
    clean = list(sessions(4, 12))
    repeated = list(sessions(4, 12, faults=Faults(repeat_ratio=0.05)))
    for before, after in zip(clean, repeated, strict=True):
        assert len(after.events) > len(before.events)
        assert [one.line() for one in after.expected] == [one.line() for one in before.expected]
        firsts = list(dict.fromkeys((event.sequence, event.value) for event in after.events))
        assert firsts == [(event.sequence, event.value) for event in before.events]
