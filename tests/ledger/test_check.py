"""The check finds every kind of fault, and nothing where all is right. The outputs are made up from the ledger."""

import time
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import orjson
import pytest

from pipeline.ledger import Checker, Expected, RawOutput, Report, check
from pipeline.ledger.report import FAULTS
from pipeline.simulate import Faults, sessions

Outputs = list[RawOutput]


def nested(final: dict[str, Any]) -> dict[str, Any]:
    """A record with these dotted fields."""
    record: dict[str, Any] = {}
    for path, value in final.items():
        *parents, last = path.split(".")
        holder = record
        for name in parents:
            if not isinstance(holder.get(name), dict):
                holder[name] = {}
            holder = holder[name]
        holder[last] = value
    if isinstance(parts := record.get("parts"), dict):
        record["parts"] = list(parts.values())
    return record


def outputs_of(expected: list[Expected]) -> Outputs:
    """Outputs as right as can be: every record with its least number of revisions, session by session."""
    sequences: dict[str, int] = {}
    out: Outputs = []
    for number, one in enumerate(expected):
        key = one.session_id.encode()
        if one.reason is not None:
            origin = ("kafka_dlt-original-offset", number.to_bytes(8, "big"))
            out.append(("realtime.rejected", key, b"?", [("itemstream-reject-reason", one.reason.encode()), origin]))
            continue
        for revision in range(1, one.revisions[0] + 1):
            sequence = sequences[one.session_id] = sequences.get(one.session_id, 0) + 1
            record = nested(one.final) | {
                "id": f"{one.session_id}/{one.item_id}/{one.response_id}/{revision}",
                "session_id": one.session_id,
                "session_sequence": sequence,
            }
            if one.item_id is not None:
                record |= {"item_id": one.item_id, "revision": revision}
            out.append((f"realtime.{one.topic}", key, orjson.dumps(record), []))
    return out


@pytest.fixture(scope="module")
def expected() -> list[Expected]:
    faults = Faults(bad_ratio=0.01)
    return [one for session in sessions("check", 30, faults=faults) for one in session.expected]


@pytest.fixture
def outputs(expected: list[Expected]) -> Outputs:
    return outputs_of(expected)


def changed(output: RawOutput, change: Callable[[dict[str, Any]], object]) -> RawOutput:
    record = orjson.loads(output[2] or b"")
    change(record)
    return (output[0], output[1], orjson.dumps(record), output[3])


def first(outputs: Outputs, topic: str) -> int:
    return next(number for number, output in enumerate(outputs) if output[0] == f"realtime.{topic}")


def found(report: Report) -> set[str]:
    return {name for name, findings in report.faults() if findings.count}


def test_all_right(expected: list[Expected], outputs: Outputs) -> None:
    report = check(expected, outputs)
    assert report.ok
    assert found(report) == set()
    assert report.expected == len(expected)
    assert report.outputs == len(outputs)
    assert report.summary().endswith("lost 0, duplicate 0, wrong 0")
    assert sum(report.rejected.values()) == sum(one.reason is not None for one in expected)


def test_the_order_of_sessions_and_topics_does_not_matter(expected: list[Expected], outputs: Outputs) -> None:
    assert check(expected, sorted(outputs, key=lambda output: output[0])).ok


def test_nothing_at_all_is_all_lost(expected: list[Expected]) -> None:
    report = check(expected, [])
    records = sum(one.reason is None for one in expected)
    assert report.lost.count == records
    assert found(report) == {"lost", "rejected_wrong"}


def test_every_single_loss_is_found(expected: list[Expected], outputs: Outputs) -> None:
    for number in range(0, len(outputs), 17):
        report = check(expected, outputs[:number] + outputs[number + 1 :])
        assert not report.ok
        assert found(report) & {"lost", "rejected_wrong"}


def test_a_lost_session_is_found(expected: list[Expected], outputs: Outputs) -> None:
    session_id = expected[0].session_id.encode()
    report = check(expected, [output for output in outputs if output[1] != session_id])
    assert report.lost.count == sum(one.session_id.encode() == session_id and not one.reason for one in expected)


def test_every_single_double_is_found(expected: list[Expected], outputs: Outputs) -> None:
    for number in range(0, len(outputs), 17):
        report = check(expected, [*outputs, outputs[number]])
        assert report.duplicate.count == 1
        assert not report.ok


def test_the_same_revision_under_another_id_is_a_double(expected: list[Expected], outputs: Outputs) -> None:
    number = first(outputs, "items.messages")
    again = changed(outputs[number], lambda record: record.update(id="other", session_sequence=10**3))
    report = check(expected, [*outputs, again])
    assert report.duplicate.count == 1
    assert check(expected, [*outputs, again], delivery="at-least-once").duplicate.count == 1


def test_two_records_with_one_id(expected: list[Expected], outputs: Outputs) -> None:
    one, other = first(outputs, "items.messages"), first(outputs, "responses")
    taken = orjson.loads(outputs[other][2] or b"")["id"]
    outputs[one] = changed(outputs[one], lambda record: record.update(id=taken))
    assert found(check(expected, outputs)) == {"duplicate"}


def test_at_least_once_allows_repeats_and_no_loss(expected: list[Expected], outputs: Outputs) -> None:
    repeated = outputs + outputs[: len(outputs) // 2]
    report = check(expected, repeated, delivery="at-least-once")
    assert report.ok
    assert report.repeats == len(outputs) // 2
    assert not check(expected, repeated).ok
    assert check(expected, repeated[1:], delivery="at-least-once").ok
    assert not check(expected, outputs[1:], delivery="at-least-once").ok


@pytest.mark.parametrize(
    ("topic", "path", "value"),
    [
        ("items.messages", "role", "nobody"),
        ("items.messages", "text", "something else"),
        ("items.messages", "deleted", None),
        ("items.function-calls", "arguments_raw", "{"),
        ("items.function-call-outputs", "call_item_id", "item_x"),
        ("responses", "item_ids", []),
        ("responses", "status", "unheard"),
    ],
)
def test_an_altered_field_is_named(
    expected: list[Expected], outputs: Outputs, topic: str, path: str, value: object
) -> None:
    single = {one.item_id for one in expected if one.revisions == (1, 1)} | {None}
    number = next(
        number
        for number, output in enumerate(outputs)
        if output[0] == f"realtime.{topic}" and orjson.loads(output[2] or b"").get("item_id") in single
    )
    outputs[number] = changed(outputs[number], lambda record: record.update({path: value}))
    report = check(expected, outputs)
    assert found(report) == {"wrong"}
    assert f"{path}: expected" in report.wrong.examples[0]
    assert f"got {value!r}" in report.wrong.examples[0]


def test_a_nested_field_is_held_too(expected: list[Expected], outputs: Outputs) -> None:
    number = next(n for n, output in enumerate(outputs) if b'"usage":{"input_tokens":' in (output[2] or b""))
    outputs[number] = changed(outputs[number], lambda record: record["usage"].update(output_tokens=-1))
    report = check(expected, outputs)
    assert found(report) == {"wrong"}
    assert "usage.output_tokens: expected" in report.wrong.examples[0]


def test_a_wrong_key(expected: list[Expected], outputs: Outputs) -> None:
    number = first(outputs, "responses")
    topic, _, value, headers = outputs[number]
    outputs[number] = (topic, b"elsewhere", value, headers)
    report = check(expected, outputs)
    assert found(report) == {"wrong"}
    assert "key: expected" in report.wrong.examples[0]


def test_a_header_that_tells_another_id(expected: list[Expected], outputs: Outputs) -> None:
    number = first(outputs, "responses")
    topic, key, value, _ = outputs[number]
    told = orjson.loads(value or b"")["id"].encode()
    outputs[number] = (topic, key, value, [("ce_id", told)])
    assert check(expected, outputs).ok
    outputs[number] = (topic, key, value, [("ce_id", b"another")])
    assert found(check(expected, outputs)) == {"wrong"}


def test_two_records_in_the_wrong_order(expected: list[Expected], outputs: Outputs) -> None:
    messages = [n for n, output in enumerate(outputs) if output[0] == "realtime.items.messages"]
    one, other = next((a, b) for a, b in pairwise(messages) if outputs[a][1] == outputs[b][1])
    outputs[one], outputs[other] = outputs[other], outputs[one]
    report = check(expected, outputs)
    assert found(report) == {"out_of_order"}


def test_a_hole_in_the_numbers(expected: list[Expected], outputs: Outputs) -> None:
    last = len(outputs) - 1 - next(n for n, one in enumerate(reversed(outputs)) if one[0] == "realtime.responses")
    outputs[last] = changed(outputs[last], lambda record: record.update(session_sequence=500))
    report = check(expected, outputs)
    assert found(report) == {"gaps"}


def test_a_number_twice(expected: list[Expected], outputs: Outputs) -> None:
    session_id = outputs[-1][1]
    ours = [n for n, output in enumerate(outputs) if output[1] == session_id and output[0] != "realtime.rejected"]
    outputs[ours[-1]] = changed(outputs[ours[-1]], lambda record: record.update(session_sequence=1))
    assert "gaps" in found(check(expected, outputs))


def test_revisions_must_begin_at_one_and_leave_none_out(expected: list[Expected], outputs: Outputs) -> None:
    number = first(outputs, "items.messages")
    outputs[number] = changed(outputs[number], lambda record: record.update(revision=record["revision"] + 5))
    assert "gaps" in found(check(expected, outputs))


def test_a_revision_too_many(expected: list[Expected], outputs: Outputs) -> None:
    one = next(one for one in expected if one.item_id is not None and one.revisions == (1, 1))
    session = [output for output in outputs if output[1] == one.session_id.encode() and output[2] != b"?"]
    number = next(n for n, output in enumerate(outputs) if one.item_id and one.item_id.encode() in (output[2] or b""))
    extra = {"id": "extra", "revision": 2, "session_sequence": len(session) + 1}
    report = check(expected, [*outputs, changed(outputs[number], lambda record: record.update(extra))])
    assert found(report) == {"too_many"}


def test_the_last_revision_is_the_truth(expected: list[Expected], outputs: Outputs) -> None:
    one = next(one for one in expected if one.revisions == (2, 2) and one.item_id is not None)
    numbers = [n for n, output in enumerate(outputs) if f"/{one.item_id}/".encode() in (output[2] or b"")]
    outputs[numbers[0]] = changed(outputs[numbers[0]], lambda record: record.update(role="not yet known"))
    assert check(expected, outputs).ok
    outputs[numbers[1]] = changed(outputs[numbers[1]], lambda record: record.update(item_type="wrong in the end"))
    assert found(check(expected, outputs)) == {"wrong"}


def test_a_record_nobody_expects(expected: list[Expected], outputs: Outputs) -> None:
    number = first(outputs, "items.messages")
    length = sum(output[1] == outputs[number][1] and output[2] != b"?" for output in outputs)
    stranger = {"id": "x", "item_id": "item_nobody_knows", "session_sequence": length + 1}
    report = check(expected, [*outputs, changed(outputs[number], lambda record: record.update(stranger))])
    assert found(report) == {"unexpected"}


def test_a_record_on_the_wrong_topic(expected: list[Expected], outputs: Outputs) -> None:
    number = first(outputs, "items.function-calls")
    _, key, value, headers = outputs[number]
    outputs[number] = ("realtime.items.other", key, value, headers)
    assert "unexpected" in found(check(expected, outputs))


def test_a_value_that_is_no_object(expected: list[Expected], outputs: Outputs) -> None:
    for value in (None, b"", b"[]", b"{"):
        report = check(expected, [*outputs, ("realtime.items.messages", b"k", value, [])])
        assert found(report) == {"unexpected"}


def test_other_sessions_and_other_prefixes_are_not_our_business(expected: list[Expected], outputs: Outputs) -> None:
    number = first(outputs, "items.messages")
    foreign = changed(outputs[number], lambda record: record.update(session_id="somebody else's"))
    report = check(expected, [*outputs, foreign, ("other.items.messages", b"k", b"?", [])])
    assert report.ok
    assert report.foreign == 1
    assert report.outputs == len(outputs) + 1


def test_rejected_for_another_reason(expected: list[Expected], outputs: Outputs) -> None:
    number = first(outputs, "rejected")
    topic, key, value, headers = outputs[number]
    origin = [header for header in headers if header[0] != "itemstream-reject-reason"]
    outputs[number] = (topic, key, value, [("itemstream-reject-reason", b"internal_error"), *origin])
    report = check(expected, outputs)
    assert found(report) == {"rejected_wrong"}
    assert report.rejected["internal_error"] == 1


def test_records_that_need_idle_sessions_may_be_left_out(expected: list[Expected], outputs: Outputs) -> None:
    assert any(one.idle for one in expected)
    idle = {one.item_id for one in expected if one.idle}
    # Numbers are those of the records that are left.
    kept = [one for one in expected if not one.idle]
    early = outputs_of(kept)
    report = check(expected, early, idle=False)
    assert report.ok
    assert report.waiting == len(idle)
    assert not check(expected, early).ok


def test_complete_as_soon_as_nothing_is_missing(expected: list[Expected], outputs: Outputs) -> None:
    checker = Checker(expected)
    for output in outputs[:-1]:
        checker.add(*output)
        assert not checker.complete
    assert checker.outstanding == 1
    checker.add(*outputs[-1])
    assert checker.complete
    assert checker.report().ok


def test_a_report_may_be_asked_for_at_any_time(expected: list[Expected], outputs: Outputs) -> None:
    checker = Checker(expected)
    for output in outputs[:10]:
        checker.add(*output)
    assert checker.report().lost.count == checker.report().lost.count
    for output in outputs[10:]:
        checker.add(*output)
    assert checker.report().ok


def test_the_report_in_words_and_as_values(expected: list[Expected], outputs: Outputs) -> None:
    report = check(expected, outputs[1:])
    plain = report.as_json()
    assert plain["ok"] is False
    assert set(FAULTS) <= set(plain)
    assert orjson.loads(orjson.dumps(plain)) == plain
    from rich.console import Console

    console = Console(width=120)
    with console.capture() as capture:
        console.print(report)
    assert "lost" in capture.get()


def test_time_grows_with_the_records_and_no_faster() -> None:
    """One session of 20,000 records and many small ones: neither may cost more than its records."""
    long = [Expected("items.messages", "long", item_id=f"i{n}", final={"role": "user"}) for n in range(20_000)]
    short = [Expected("items.messages", f"s{n}", item_id="i", final={"role": "user"}) for n in range(60_000)]
    outputs = outputs_of(long + short)
    began = time.perf_counter()
    assert check(long + short, outputs).ok
    assert time.perf_counter() - began < 30
