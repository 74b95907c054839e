"""The web endpoints of one worker process."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.applications import Starlette

from pipeline import __version__
from pipeline.observe.collector import StreamCollector
from pipeline.observe.families import registry_of
from pipeline.observe.health import Health, Status, live, ready
from pipeline.observe.product import Product
from pipeline.observe.web import exposition, web_app
from pipeline.settings import Settings
from pipeline.streaming import StreamStats
from pipeline.streaming.standing import Standing


def worker_web(settings: Settings, stats: StreamStats, standing: Callable[[], Standing], product: Product) -> Starlette:
    """The application over a stream's counters; everything is read when it is asked for."""
    registry = registry_of(StreamCollector(stats, standing, product, build_labels(settings), settings.progress_limit))
    page = Status(settings, stats, standing)

    async def metrics(accept: str) -> tuple[bytes, str]:
        return exposition(registry, accept)

    async def is_live() -> Health:
        return live(standing(), settings.progress_limit, time.monotonic())

    async def is_ready() -> Health:
        return ready(standing())

    async def status() -> Mapping[str, Any]:
        return page.body()

    return web_app(metrics, is_live, is_ready, status)


def build_labels(settings: Settings) -> dict[str, str]:
    """Labels of `itemstream_build_info`."""
    return {
        "version": __version__,
        "python": platform.python_version(),
        "group": settings.group,
        "prefix": settings.prefix,
        "delivery": settings.delivery,
    }
