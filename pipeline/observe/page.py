"""docs/metrics.md, out of the list."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from pipeline.observe.metric import Metric
from pipeline.observe.metrics import MAX_NAMES, METRICS

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"

_HEAD = f"""# Metrics

What a process exposes on `http://127.0.0.1:PORT/metrics` (settings `web_host`, `web_port`; port 0, the default: no web
server): `itemstream worker` all but the chapters of collectors; `itemstream ingest http` and `ingest relay` those, and
what is of the process. Written by `make metrics` from `pipeline/observe/metrics.py`.

- A worker's counters count what is **committed**, so their sums are what a `read_committed` reader sees.
- `worker --processes N` has one port for all: each process's series carry the label `process` (0 to N-1).
- Names that clients choose (`name`, `model`) are bounded: the {MAX_NAMES} most used since the process started, the rest
  is `other`; characters that are not printable are replaced, and what is longer than 64 is cut.
- Collectors count what they are asked; all of it is read when Prometheus asks, none of it while audio passes.
- Time of an input record is its Kafka timestamp.
"""


def page() -> str:
    """The whole page."""
    parts = [_HEAD]
    for chapter, metrics in groupby(METRICS, key=lambda one: one.chapter):
        parts.append(f"\n## {chapter}\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n")
        parts += [_row(metric) for metric in metrics]
    return "".join(parts)


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.help} |\n"
