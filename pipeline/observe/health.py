"""Whether a worker lives, whether it is ready, and what it says of itself."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from pipeline import __version__
from pipeline.core import Partition
from pipeline.settings import Settings
from pipeline.streaming import StreamStats
from pipeline.streaming.standing import Standing


@dataclass(frozen=True, slots=True)
class Health:
    """An answer, and its reason where it is a no."""

    good: bool
    reason: str

    def body(self) -> dict[str, Any]:
        """As JSON."""
        return {"ok": self.good, "reason": self.reason}


def live(standing: Standing, limit: float, now: float) -> Health:
    """Whether the loop turns, and moves on while there is lag: a worker that does neither is best started anew.

    limit: seconds of standstill that are still life (`progress_limit`); now: time.monotonic.
    """
    still = standing.standstill(now)
    if still <= limit:
        return Health(True, "the loop turns")
    oldest = min(standing.waiting, key=lambda one: one.since, default=None)
    return Health(False, f"no progress for {still:.0f} s: {oldest.what if oldest else 'the loop does not turn'}")


def ready(standing: Standing) -> Health:
    """Whether the group has given this process its partitions, and all of them are restored."""
    if standing.ready:
        return Health(True, f"{len(standing.partitions)} partitions flow")
    if not standing.assigned:
        return Health(False, "waits for an assignment")
    return Health(False, f"partitions {', '.join(map(str, standing.opening))} are being restored")


class Status:
    """The page `/status`: what the process owns, where it stands, what is in force. No contents, no secrets."""

    def __init__(self, settings: Settings, stats: StreamStats, standing: Callable[[], Standing]) -> None:
        self._settings = settings
        self._stats = stats
        self._standing = standing
        self._started = time.time()

    def body(self) -> dict[str, Any]:
        """As JSON."""
        standing, now = self._standing(), time.monotonic()
        return {
            **about_process(self._started),
            "live": live(standing, self._settings.progress_limit, now).body(),
            "ready": ready(standing).body(),
            "standstill_seconds": round(standing.standstill(now), 1),
            "waiting": [{"what": one.what, "seconds": round(now - one.since, 1)} for one in standing.waiting],
            "opening": list(standing.opening),
            "partitions": {
                str(one.partition): {
                    "committed": one.committed,
                    "lag": one.lag,
                    "oldest_waiting_ms": one.oldest_ms,
                    "state": one.core.size()._asdict() if isinstance(one.core, Partition) else None,
                }
                for one in sorted(standing.partitions, key=lambda one: one.partition)
            },
            "counters": self._stats.snapshot(),
            "settings": shown_settings(self._settings),
        }


def about_process(started: float) -> dict[str, Any]:
    """Versions, and where it runs since when (Unix time), as JSON."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "pid": os.getpid(),
        "host": platform.node(),
        "uptime_seconds": round(time.time() - started, 1),
    }


def shown_settings(settings: Settings) -> dict[str, Any]:
    """Every setting but secrets, of which only whether they are set is told."""
    return {
        name: ("(set)" if value.get_secret_value() else "") if isinstance(value, SecretStr) else value
        for name, value in ((name, getattr(settings, name)) for name in type(settings).model_fields)
    }
