"""A real Prometheus over a worker, with the rules and panels of this repository."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.observe.support import free_port

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
SCRAPE_SECONDS = 1
_DURATION = re.compile(r"((?<=\[)|(?<=for: )|(?<=offset ))(\d+)m\b")


def alerts() -> list[dict[str, Any]]:
    """Every alert rule."""
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def hurried(rules: str, seconds_per_minute: int) -> str:
    """The rules with every minute of a window, `offset` or `for` so many seconds long; what they compare stays."""
    return _DURATION.sub(lambda found: f"{int(found[2]) * seconds_per_minute}s", rules)


class Prometheus:
    """One that runs: asked over its API."""

    def __init__(self, port: int) -> None:
        self.port = port

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of every series of an instant query."""
        told = self._get("query", query=expression)
        return [(one["metric"], float(one["value"][1])) for one in told["result"]]

    def firing(self) -> set[str]:
        """Names of the alerts that fire."""
        return {one["labels"]["alertname"] for one in self._get("alerts")["alerts"] if one["state"] == "firing"}

    def until(self, true: Callable[[], object], seconds: float) -> float:
        """Wait; how long it took. Raises TimeoutError."""
        started = time.monotonic()
        while not true():
            if time.monotonic() - started > seconds:
                raise TimeoutError(f"not in {seconds:.0f} s")
            time.sleep(0.2)
        return time.monotonic() - started

    def _get(self, path: str, **arguments: str) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(arguments)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]


@contextmanager
def prometheus(
    folder: Path,
    targets: list[int],
    rules: str,
    scrape_seconds: int = SCRAPE_SECONDS,
    collectors: Sequence[int] = (),
) -> Generator[Prometheus]:
    """Runs it over workers on these ports of the loopback, with a rules file's text; collectors are another job."""
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is missing; Debian has it in its package prometheus")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yml").write_text(rules)
    jobs = {"itemstream": targets, "itemstream-collectors": collectors}
    every = f"{scrape_seconds}s"
    config = {
        "global": {"scrape_interval": every, "scrape_timeout": every, "evaluation_interval": "1s"},
        "rule_files": ["rules.yml"],
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}" for port in ports]}]}
            for name, ports in jobs.items()
            if ports
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    port = free_port()
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(
            [
                program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}", "--query.lookback-delta=10s",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    running = Prometheus(port)
    try:
        running.until(lambda: _answers(running), 20)
        yield running
    finally:
        process.terminate()
        process.wait()


def _answers(running: Prometheus) -> bool:
    try:
        return bool(running.query("vector(1)"))
    except OSError:
        return False
