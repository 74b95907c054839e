"""`itemstream demo` as `make demo` runs it, smaller; and that it notices what is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from pipeline.demo import run as demo_run
from pipeline.settings_load import load_settings


@pytest.mark.kafka
def test_the_demo_ends_right():
    told = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", "demo", "--sessions", "30"],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "Right: each of" in told.stdout
    assert "realtime.items.messages" in told.stdout


@pytest.mark.kafka
def test_the_demo_fails_where_a_record_is_lost(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    class Losing(demo_run.Collector):
        lost = 0

        def add(self, topic, key, value, headers=()):
            if topic.endswith("items.messages") and not Losing.lost:
                Losing.lost = 1
                return
            super().add(topic, key, value, headers)

    monkeypatch.setattr(demo_run, "Collector", Losing)
    monkeypatch.setattr(demo_run, "READ_SECONDS", 8.0)
    console = Console(file=(tmp_path / "out").open("w"), width=120)
    assert demo_run.demo(load_settings(), console, sessions=5) is False
    console.file.close()
    assert "Wrong: see above." in (tmp_path / "out").read_text()
