"""A rejected record taken apart, and made again what it was."""

from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.rejected.record import Place, rejected_record
from pipeline.rejected.revive import REDRIVEN, Fix, NotRedrivableError, revive
from pipeline.rejected.selection import Selection
from tests.core.events import START_MS, Record
from tests.rejected.support import rejected_by_core

HEADERS: list[tuple[str, bytes | None]] = [
    ("ce_sessionid", b"s"), ("ce_time", b"2026-01-31T12:00:00Z"), ("twice", b"1"), ("twice", None),
    ("ce_type", b"conversation.item.done"),
]  # fmt: skip


def test_says_where_it_came_from_and_why():
    rejected = rejected_by_core(b"{", HEADERS)
    assert (str(rejected.place), rejected.reason, rejected.by_worker) == ("realtime.rejected-3-12", "not_json", True)
    assert rejected.origin is not None
    assert (str(rejected.origin.place), rejected.origin.timestamp) == ("realtime.server-events-3-7", START_MS)
    assert (rejected.session_id, rejected.event_type) == ("s", "conversation.item.done")
    assert rejected.input_headers == HEADERS


def test_revived_it_is_what_it_was():
    record = revive(rejected_by_core(b"{", HEADERS))
    assert (record.topic, record.partition, record.key, record.value) == ("realtime.server-events", 3, b"sess_1", b"{")
    assert record.headers == [*HEADERS, (REDRIVEN, b"realtime.rejected-3-12")]
    assert record.timestamp == START_MS


def test_a_time_that_only_the_timestamp_told_goes_into_a_header():
    headers = dict(revive(rejected_by_core(b"{")).headers)
    assert headers["ce_time"] == b"2026-09-21T14:13:20.000Z"


def test_rejected_and_redriven_and_rejected_again():
    first = revive(rejected_by_core(b"{", HEADERS))
    second = rejected_by_core(first.value, first.headers)
    assert second.input_headers == HEADERS
    assert revive(second).headers == first.headers


def test_an_input_that_was_itself_a_copy_of_a_rejected_record_keeps_its_headers():
    copy: Any = [*HEADERS, ("kafka_dlt-original-topic", b"elsewhere"), ("itemstream-reject-reason", b"empty")]
    rejected = rejected_by_core(b"{", copy)
    assert rejected.input_headers == copy
    assert rejected.reason == "not_json"


def test_a_fixed_value_takes_the_place_of_the_rejected_one():
    assert revive(rejected_by_core(None), Fix(b"{}")).value == b"{}"


def test_what_had_no_room_is_not_made_up():
    rejected = rejected_by_core(b"{" * 5_000, max_rejected_bytes=3_000)
    assert rejected.left_out == ("value",)
    with pytest.raises(NotRedrivableError, match=r"its value had no room.*realtime\.server-events-3-7; give a value"):
        revive(rejected)
    assert revive(rejected, Fix(b"{}")).value == b"{}"


def test_a_record_that_does_not_say_where_it_came_from():
    with pytest.raises(NotRedrivableError, match="do not say where"):
        revive(rejected_record(Record(b"{")))


def test_a_dead_letter_of_a_subscriber_is_read_by_its_exception():
    headers: list[tuple[str, bytes | None]] = [
        ("ce_sessionid", b"s"),
        ("kafka_dlt-original-topic", b"realtime.items.messages"),
        ("kafka_dlt-original-partition", b"\0\0\0\1"),
        ("kafka_dlt-original-offset", b"\0\0\0\0\0\0\0\2"),
        ("kafka_dlt-exception-fqcn", b"shop.billing.CardRefused"),
        ("kafka_dlt-exception-message", b"no money"),
    ]
    rejected = rejected_record(Record(b"{}", headers=headers))
    assert (rejected.reason, rejected.message, rejected.by_worker) == ("CardRefused", "no money", False)
    assert rejected.input_headers == headers[:1]
    assert revive(rejected).topic == "realtime.items.messages"


@pytest.mark.parametrize("text", ["a.b-c-0-17", "0:17"])
def test_a_place_is_written_in_two_ways(text: str):
    assert Place.parse(text, "a.b-c") == Place("a.b-c", 0, 17)


@pytest.mark.parametrize("text", ["", "17", "0:", "x:1", "0:-1", "a-b", "-0-1", "0:1:2"])
def test_what_is_no_place(text: str):
    with pytest.raises(UsageError, match="names no record"):
        Place.parse(text, "a")


def test_a_place_of_another_topic():
    with pytest.raises(UsageError, match="add --topic b"):
        Place.parse("b-0-1", "a")


def test_selection():
    rejected = rejected_by_core(b"{", HEADERS)
    for meant in (
        Selection(), Selection(reasons=frozenset({"not_json"})), Selection(session="s"),
        Selection(since_ms=START_MS, until_ms=START_MS + 1), Selection(places=frozenset({rejected.place})),
    ):  # fmt: skip
        assert meant.matches(rejected)
    for not_meant in (
        Selection(reasons=frozenset({"empty"})), Selection(session="sess_1"), Selection(since_ms=START_MS + 1),
        Selection(until_ms=START_MS), Selection(places=frozenset({Place("realtime.rejected", 3, 13)})),
    ):  # fmt: skip
        assert not not_meant.matches(rejected)


def test_selected_places_bound_what_is_read():
    places = frozenset({Place("t", 1, 5), Place("t", 1, 9), Place("t", 4, 2)})
    selection = Selection(places=places)
    assert selection.partitions(range(3)) == [1]
    assert selection.offsets(1) == (5, 10)
    assert (Selection().partitions(range(2)), Selection().offsets(0)) == ([0, 1], (0, None))
