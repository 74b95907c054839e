"""The live view: figures as the worker tells them, and rates that are honest."""

import io

from rich.console import Console

from pipeline.stack.view import Rate, render


def shown(counters: dict, log: list[dict] | None = None) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(render("title", counters, 12.3, ["realtime.items.messages", "realtime.rejected"], log or []))
    return console.export_text()


def test_rate_is_over_the_last_seconds_only():
    rate = Rate(seconds=5)
    assert rate.note(0, now=0) == 0
    assert rate.note(100, now=1) == 100
    assert [rate.note(100, now=second) for second in range(2, 12)][-1] == 0


def test_before_the_first_counters_it_says_what_it_waits_for():
    assert "waiting for partitions" in shown({})


def test_shows_counters_records_and_lag():
    text = shown(
        {
            "consumed": 1200,
            "used": 900,
            "ignored": 299,
            "rejected": {"not_json": 1},
            "outputs": {"realtime.items.messages": 345},
            "partitions": {"0": {"position": 700, "lag": 3}, "10": {"position": 500, "lag": 4}},
        }
    )
    for part in ("1,200", "900", "299", "not_json 1", "345", "0:700  10:500", "7"):
        assert part in text


def test_shows_the_last_log_lines():
    text = shown(
        {}, [{"event": f"line{n}", "level": "warning", "timestamp": "2026-01-31T10:11:12Z"} for n in range(20)]
    )
    assert "10:11:12 line19" in text
    assert "line1 " not in text
