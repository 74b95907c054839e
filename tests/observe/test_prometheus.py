"""Alert rules and dashboards: they parse, they use metrics of the list, their unit tests pass."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deploy.grafana.generate import FOLDER, dashboard_json
from deploy.grafana.panels import DASHBOARDS
from pipeline.observe.metrics import METRICS

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy" / "prometheus" / "alerts.yml"
RUNBOOK = ROOT / "docs" / "runbook.md"
SERIES = {name for metric in METRICS for name in metric.series}
OF_PROMETHEUS = {"up"}


def alerts() -> list[dict[str, str]]:
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def panel_expressions() -> Iterator[tuple[str, str]]:
    """Title and expression of each query, Grafana's variables filled in."""
    for dashboard in DASHBOARDS:
        for _, row in dashboard.rows:
            for panel in row:
                for expression, _ in panel.queries:
                    filled = expression.replace("$job", ".*").replace("$__rate_interval", "1m")
                    yield f"{dashboard.uid}: {panel.title}", filled


def names_in(expression: str) -> set[str]:
    without_labels = re.sub(r"\{[^}]*\}|\b(by|on|without|ignoring|group_left)\s*\([^)]*\)", "", expression)
    return set(re.findall(r"\b(?:itemstream|process)_\w+|\bup\b", without_labels))


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is missing; Debian has it in its package prometheus")
    return found


def run(promtool: str, *arguments: str | Path) -> str:
    done = subprocess.run(
        [promtool, *arguments], cwd=RULES.parent, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_and_their_unit_tests(promtool: str) -> None:
    assert f"{len(alerts())} rules found" in run(promtool, "check", "config", "prometheus.yml")
    assert "SUCCESS" in run(promtool, "test", "rules", "alerts_test.yml")


def test_every_alert_has_a_test_that_fires_and_a_section_of_the_runbook() -> None:
    tests = yaml.safe_load((RULES.parent / "alerts_test.yml").read_text())["tests"]
    firing = {one["alertname"] for test in tests for one in test["alert_rule_test"] if one["exp_alerts"]}
    names = [rule["alert"] for rule in alerts()]
    assert firing == set(names)
    sections = set(re.findall(r"^### (Itemstream\w+)$", RUNBOOK.read_text(), re.MULTILINE))
    assert sections == set(names)
    for rule in yaml.safe_load(RULES.read_text())["groups"]:
        for alert in rule["rules"]:
            assert alert["annotations"]["runbook"] == f"docs/runbook.md#{alert['alert'].lower()}"


def test_every_expression_of_a_panel_parses(promtool: str, tmp_path: Path) -> None:
    rules = [{"record": f"panel:{n}", "expr": expression} for n, (_, expression) in enumerate(panel_expressions())]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(rules)} rules found" in run(promtool, "check", "rules", "--lint=none", file)


def test_only_metrics_of_the_list_are_used_and_each_has_its_place() -> None:
    used = {name for _, expression in panel_expressions() for name in names_in(expression)}
    in_alerts = {name for rule in alerts() for name in names_in(rule["expr"])}
    assert used | in_alerts <= SERIES | OF_PROMETHEUS, (used | in_alerts) - SERIES
    unseen = [metric.name for metric in METRICS if not set(metric.series) & (used | in_alerts)]
    assert unseen == ["process_virtual_memory_bytes"]


def test_the_dashboards_are_those_of_the_panels() -> None:
    written = {file.name: file.read_text() for file in FOLDER.glob("*.json")}
    assert written == {f"{one.uid}.json": dashboard_json(one) for one in DASHBOARDS}, "make dashboards"
    for text in written.values():
        panels = json.loads(text)["panels"]
        places = {(x, y) for one in panels for x in _span(one, "x", "w") for y in _span(one, "y", "h")}
        assert len(places) == sum(one["gridPos"]["w"] * one["gridPos"]["h"] for one in panels), "panels overlap"
        assert max(x for x, _ in places) < 24


def test_every_dashboard_has_its_picture() -> None:
    page = ROOT / "docs" / "dashboards.md"
    shown = {(page.parent / path).resolve() for path in re.findall(r"!\[.*\]\((.+)\)", page.read_text())}
    taken = set((page.parent / "dashboards").glob("*.png"))
    assert taken == shown
    assert {picture.stem for picture in taken} == {one.uid for one in DASHBOARDS}, "make pictures"


def _span(panel: dict[str, dict[str, int]], start: str, size: str) -> range:
    place = panel["gridPos"]
    return range(place[start], place[start] + place[size])
