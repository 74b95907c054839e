"""The tables of the console's measurement, its verdicts, and the records that come in meanwhile."""

import asyncio
import copy
from pathlib import Path
from typing import Any

import orjson

from bench.console.load import SECONDS, TICKS, Load, base
from bench.console.page import PAGE, is_level, is_quick, keeps_pace, write
from bench.console.records import is_new_item

ROW: dict[str, Any] = {
    "database": "SQLite 3", "when": "2026-01-02T03:04:05+00:00", "machine": "2 cores", "entries": 1_400_000,
    "sessions": 120_000, "bytes": 3_600_000_000, "rate": 7_000.4, "pace": 5_000,
    "quiet": {"list": [1.0, 2.0, 3.0]}, "busy": {"list": [10.0, 200.0, 300.0]},
    "coming": {
        "seconds": 60.0, "records_rate": 8_000.0, "items_rate": 5_001.0, "written_rate": 8_000.0,
        "lag": [500, 600, 400, 550], "most_lag": 2_000, "drained_seconds": 0.5, "cpu": 0.8, "memory_mib": 300.0,
    },
}  # fmt: skip


def test_the_page_has_a_place_for_every_database(tmp_path: Path) -> None:
    for name in ("sqlite", "postgresql"):
        (tmp_path / f"{name}.json").write_bytes(orjson.dumps(ROW))
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text())
    write(tmp_path, page)
    written = page.read_text()
    assert written.count("| list | 1.0 | 2.0 | 3.0 | 10.0 | 200.0 | 300.0 | met |") == 2
    assert written.count("500 → 600 → 400 → 550 | met |") == 2


def test_what_is_wanted_can_be_missed() -> None:
    slow, late, behind = (copy.deepcopy(ROW) for _ in range(3))
    slow["busy"]["list"][1] = 200.1
    late["coming"]["items_rate"] = 4_999.0
    behind["coming"]["lag"] = [500, 3_000, 6_000, 9_000]
    assert is_quick(ROW, "list")
    assert not is_quick(slow, "list")
    assert keeps_pace(ROW)
    assert not keeps_pace(late)
    assert is_level(ROW)
    assert not is_level(behind)


class Written:
    """A producer that keeps what it is given."""

    def __init__(self) -> None:
        self.records: list[tuple[str, int, bytes, bytes]] = []

    def create_batch(self) -> "Written":
        return Written()

    def append(self, *, key: bytes, value: bytes, timestamp: int) -> bool:
        self.records.append(("", 0, key, value))
        return True

    async def send_batch(self, batch: "Written", topic: str, partition: int) -> None:
        self.records += [(topic, partition, key, value) for *_, key, value in batch.records]


def test_the_load_has_the_pace_and_whole_sessions_of_their_own() -> None:
    written = Written()
    load = Load(written, 4, 500)

    async def ticks(first: int, last: int) -> None:
        for number in range(first, last):
            await load.tick(number)

    length = SECONDS * TICKS
    asyncio.run(ticks(0, length))
    ramp = len(written.records)
    asyncio.run(ticks(length, 2 * length))
    steady = written.records[ramp:]
    items = sum(is_new_item(topic, value) for topic, _, _, value in steady)
    assert 500 * SECONDS <= items <= 600 * SECONDS
    # No record is of two sessions, none comes twice, and a session is in one partition.
    told = [orjson.loads(value) for *_, value in written.records]
    assert len({(one["session_id"], one["id"]) for one in told}) == len(told)
    assert [one["session_id"].encode() for one in told] == [key for _, _, key, _ in written.records]
    places = {(key, partition) for _, partition, key, _ in written.records}
    assert len(places) == len({key for key, _ in places})
    assert {key for key, _ in places}.isdisjoint(one.key for one in base())
