"""`python deploy/grafana/generate.py`: the dashboards' JSON, out of panels.py."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from deploy.grafana.panels import DASHBOARDS
from deploy.grafana.parts import Dashboard, Panel

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = {"type": "prometheus", "uid": "${source}"}
HEIGHT, COLUMNS = 8, 24


def dashboard_json(dashboard: Dashboard) -> str:
    """The file Grafana reads."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in dashboard.rows:
        panels.append(
            {"type": "row", "title": title, "gridPos": {"x": 0, "y": y, "w": COLUMNS, "h": 1}, "collapsed": False}
        )
        y += 1
        x = 0
        height = 4 if all(panel.kind == "stat" for panel in row) else HEIGHT
        for panel in row:
            if x + panel.width > COLUMNS:
                x, y = 0, y + height
            panels.append(_panel(panel, {"x": x, "y": y, "w": panel.width, "h": height}))
            x += panel.width
        y += height
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
    body = {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["itemstream"],
        "timezone": "browser",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [_source(), _job(dashboard.info)]},
        "links": [{"type": "dashboards", "tags": ["itemstream"], "title": "itemstream", "asDropdown": False}],
        "panels": panels,
    }
    return json.dumps(body, indent=2) + "\n"


def _panel(panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    custom: dict[str, Any] = {}
    if panel.kind == "timeseries":
        custom = {"fillOpacity": 10, "stacking": {"mode": "normal" if panel.stacked else "none"}}
    return {
        **({"transformations": [_columns(panel)]} if panel.columns else {}),
        "type": panel.kind,
        "title": panel.title,
        "description": panel.help,
        "gridPos": place,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0, "custom": custom}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": SOURCE,
                "expr": expression,
                "legendFormat": legend or "__auto",
                **({"format": "table", "instant": True} if panel.kind == "table" else {}),
            }
            for number, (expression, legend) in enumerate(panel.queries)
        ],
    }


def _columns(panel: Panel) -> dict[str, Any]:
    """Of a table: these columns in this order, named so."""
    order = {name: number for number, (name, _) in enumerate(panel.columns)}
    return {
        "id": "organize",
        "options": {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": dict(panel.columns)},
    }


def _source() -> dict[str, Any]:
    return {"type": "datasource", "name": "source", "label": "Prometheus", "query": "prometheus"}


def _job(info: str) -> dict[str, Any]:
    """All of it are the jobs that have the metric, not all that Prometheus knows: every process has a CPU."""
    query = f"label_values({info}, job)"
    return {
        "type": "query", "name": "job", "label": "job", "datasource": SOURCE, "definition": query,
        "query": {"query": query, "refId": "job"}, "refresh": 2, "multi": True, "includeAll": True,
        "current": {"text": "All", "value": "$__all"},
    }  # fmt: skip


def main() -> None:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for dashboard in DASHBOARDS:
        (FOLDER / f"{dashboard.uid}.json").write_text(dashboard_json(dashboard))


if __name__ == "__main__":
    main()
