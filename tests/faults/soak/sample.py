"""What a long run is watched by: memory, open files and lag, and whether they grow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Sample:
    """One look. seconds: since the load began. rss: bytes, and files: open ones, by process id. lag: input records."""

    seconds: float
    rss: dict[int, int]
    files: dict[int, int]
    lag: int
    records: int


def look(pids: Sequence[int], seconds: float, lag: int, records: int) -> Sample:
    """Of the processes that run."""
    rss: dict[int, int] = {}
    files: dict[int, int] = {}
    for pid in pids:
        try:
            rss[pid] = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
            files[pid] = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        except OSError:  # it ended
            continue
    return Sample(round(seconds, 1), rss, files, lag, records)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Least squares: how much the second value grows in an hour of the first (seconds)."""
    if len(points) < 2:
        return 0.0
    middle_x, middle_y = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return 3600 * sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0
