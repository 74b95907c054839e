"""What dashboards are made of: panels as data, and how expressions over the metrics are written.

`$job` is the dashboard's variable, `$__rate_interval` is Grafana's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Panel:
    """One panel. `queries`: expression and legend; `unit` as Grafana names it; `columns` of a table: name and title."""

    title: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    help: str = ""
    kind: Literal["timeseries", "stat", "table"] = "timeseries"
    width: int = 8
    stacked: bool = False
    columns: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Dashboard:
    """One dashboard: rows of panels, each row with its title. `info`: the metric whose jobs it can show."""

    uid: str
    title: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]
    info: str = "itemstream_build_info"


JOB = '{job=~"$job"}'
EACH = "{{instance}} {{process}}"


def rate(metric: str, *by: str, where: str = "") -> str:
    """Per second, summed by labels."""
    selector = f'{{job=~"$job"{"," + where if where else ""}}}'
    return f"sum by ({', '.join(by)}) (rate({metric}{selector}[$__rate_interval]))"


def quantile(share: float, metric: str, *by: str) -> str:
    """A quantile of a histogram, by labels."""
    return f"histogram_quantile({share}, {rate(metric + '_bucket', *by, 'le')})"


def quantiles(metric: str) -> tuple[tuple[str, str], ...]:
    """Median, 95th and 99th percentile."""
    return tuple((quantile(share, metric), f"p{share * 100:.0f}") for share in (0.5, 0.95, 0.99))
