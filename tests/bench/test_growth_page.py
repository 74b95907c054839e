"""Tables and plots of the scaling page, and the rate out of a run's looks."""

from pathlib import Path

import orjson
import pytest

from bench.growth.page import PAGE, TABLES, Column, replaced, table, write

ROW = {
    "rate": 12_345.6, "worker_us": 40.04, "broker_us": 9.9, "rss_mib": 101.4, "core_us": 10.1,
    "restored_records": 1_234, "restore_seconds": 0.123, "rss_running_mib": 90.0, "rss_restored_mib": 80.0,
    "settings": "some", "written": 9_999, "live": 99, "read": 999, "seconds": 1.5,
}  # fmt: skip


def test_a_table_has_a_line_a_row() -> None:
    columns = (Column("size", lambda row: str(row["size"])), Column("double", lambda row: str(2 * row["size"])))
    assert table(columns, [{"size": 1}, {"size": 4}]) == (
        "| size | double |\n| --: | --: |\n| 1 | 2 |\n| 4 | 8 |"
    )  # fmt: skip


def test_only_what_is_between_the_markers_changes() -> None:
    text = "before\n<!-- growth:items -->\nold\nlines\n<!-- /growth:items -->\nafter <!-- growth:state -->\n"
    assert replaced(text, "items", r"new \1") == (
        "before\n<!-- growth:items -->\nnew \\1\n<!-- /growth:items -->\nafter <!-- growth:state -->\n"
    )


def test_a_page_without_the_markers_is_told() -> None:
    with pytest.raises(ValueError, match="growth:items"):
        replaced("nothing here", "items", "table")


def test_the_page_has_a_place_for_every_table() -> None:
    text = PAGE.read_text()
    for name in TABLES:
        assert replaced(text, name, "x") != text


def test_results_come_into_the_page(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="only in the benchmark's environment")
    page = tmp_path / "page.md"
    page.write_text("".join(f"<!-- growth:{name} -->\n<!-- /growth:{name} -->\n" for name in TABLES))
    for name in TABLES:
        kept = {"when": "2026-01-02T03:04:05+00:00", "rows": [ROW | {"size": 10}, ROW | {"size": 1_000}]}
        (tmp_path / f"{name}.json").write_bytes(orjson.dumps(kept))
    written = write(tmp_path, page, tmp_path / "img")
    text = page.read_text()
    assert text.count("| 1,000 |") == len(TABLES) - 1  # the changelog's rows are settings, not sizes
    assert "12,346" in text
    assert all(path.exists() for path in written)
    first = [path.read_bytes() for path in written]
    write(tmp_path, page, tmp_path / "img")
    assert [path.read_bytes() for path in written] == first
