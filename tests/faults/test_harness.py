"""The harness itself: its checks find what they are for."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.core import Output
from tests.faults.harness import report, standstill
from tests.faults.harness.verdict import judge


def output(item: str, sequence: int, revision: int = 1, text: str = "hello") -> Output:
    value = {"id": f"{item}-{revision}", "item_id": item, "revision": revision, "session_id": "s", "text": text}
    return Output("t.items.messages", b"s", orjson.dumps({**value, "session_sequence": sequence}), [], 1)


def rejected(offset: int) -> Output:
    place: Any = [("kafka_dlt-original-partition", b"\0"), ("kafka_dlt-original-offset", bytes([offset]))]
    return Output("t.rejected", None, None, place, 1)


A, B, C = output("a", 1), output("b", 2), output("a", 3, revision=2)
WANTED = [A, B, C, rejected(7)]


@pytest.mark.parametrize(
    ("actual", "wrong"),
    [
        (WANTED, {}),
        ([A, C, rejected(7)], {"lost": 1, "gaps": 1}),
        ([A, B, B, C, rejected(7)], {"duplicates": 1}),
        ([*WANTED, rejected(7)], {"duplicates": 1}),
        ([A, C, B, rejected(7)], {"out_of_order": 1}),
        ([A, output("b", 2, text="other"), C, rejected(7)], {"different": 1}),
        ([A, B, C, output("x", 4), rejected(7)], {"unexpected": 1}),
        ([A, B, output("a", 2, revision=2), rejected(7)], {"different": 1, "gaps": 1}),
        ([], {"lost": 4}),
    ],
)
def test_the_verdict_names_what_is_wrong(actual: list[Output], wrong: dict[str, int]) -> None:
    assert judge(WANTED, actual, repeats_allowed=False).wrong() == wrong


def test_repeats_are_allowed_at_least_once_where_they_are_the_same() -> None:
    found = judge(WANTED, [A, B, A, B, C, rejected(7)], repeats_allowed=True)
    assert (found.wrong(), found.repeats) == ({}, 2)
    found = judge(WANTED, [*WANTED, output("a", 1, text="other")], repeats_allowed=True)
    assert found.wrong() == {"duplicates": 1}


def test_headers_and_timestamps_count() -> None:
    for changed in (A._replace(headers=[("h", b"1")]), A._replace(timestamp=2), A._replace(key=b"x")):
        assert judge([A], [changed], repeats_allowed=False).wrong() == {"different": 1}


def test_a_standstill_begins_when_something_is_due() -> None:
    # Due at 1, 2 and 10; the first two arrive in time, nothing is due until 10, then it takes 3 s.
    found = standstill.standstills(0, [(1.0, 1.01), (2.0, 2.01), (10.0, 13.0)])
    assert [(still.begin, still.end) for still in found] == [(10.0, 13.0)]


def test_a_standstill_ends_at_the_first_arrival() -> None:
    found = standstill.standstills(0, [(1.0, 5.0), (1.5, 5.1), (2.0, 9.0)])
    assert [round(still.seconds, 2) for still in found] == [4.0, 0.1, 3.9]


def test_standstills_count_for_the_round_they_are_in() -> None:
    stills = [standstill.Still(0, 0.0, 0.5), standstill.Still(1, 9.5, 13.0), standstill.Still(0, 21.0, 22.0)]
    assert standstill.longest_per_round(stills, [1.0, 10.0, 20.0]) == [0.0, 3.5, 1.0]
    assert standstill.summary([0.0, 3.5, 1.0]) == (1.0, 3.5)


def test_the_page_gets_its_tables(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Page\n<!-- workers: begin -->\nold\n<!-- workers: end -->\nafter\n")
    versions = {"machine": "2 cores", "python": "3", "kafka": "4", "aiokafka": "0", "itemstream": "1"}
    row: dict[str, Any] = {
        "name": "kill",
        "title": "kill -9",
        "table": "workers",
        "delivery": "exactly-once",
        "rounds": 10,
        "workers": 3,
        "partitions": 6,
        "session_timeout": 3.0,
        "input_records": 12345,
        "records": 1000,
        "standstill_p50": 3.1,
        "standstill_max": 3.456,
        "standstill_limit": 6.0,
        "load_average": 2.2,
        "problems": [],
        "when": "2026-01-02T03:04:05",
        "found": {"lost": 0, "duplicates": 0, "repeats": 0},
        "environment": versions,
    }
    assert report.write(page, [row, row | {"table": "elsewhere"}]) == ["workers"]
    text = page.read_text()
    assert "| kill -9 | exactly-once | 10 | 12,345 | 1,000 | 0 | 0 | – | 3.10 s | 3.46 s |" in text
    assert "Load average 2 to 2" in text
    assert "2 cores; itemstream 1, kafka 4, aiokafka 0, python 3. 2026-01-02." in text
    over = row | {"standstill_max": 7.0, "problems": ["stood still for 7.0 s"]}
    assert "| kill -9 | " in report.table("workers", [over])
    assert "**7.00 s**, limit 6 s |" in report.table("workers", [over])
    assert "kill -9 **failed**" in report.table("workers", [over | {"problems": ["lost 1", "stood still"]}])
    assert text.startswith("# Page\n")
    assert text.endswith("after\n")
    assert "old" not in text
