"""What a collector tells of itself: `/metrics`, `/live`, `/ready`, `/status`, where the setting `web_port` asks for it.

All is read when it is asked for, from what the collector counts anyway.
"""

from __future__ import annotations

import contextlib
import platform
import time
from abc import abstractmethod
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

from prometheus_client.registry import Collector

from pipeline import __version__
from pipeline.observe import collector_metrics as m
from pipeline.observe.families import gauge, histogram, registry_of
from pipeline.observe.health import Health, about_process, shown_settings
from pipeline.settings import Settings
from pipeline.streaming.distribution import Distribution


class Waiting(NamedTuple):
    """What Kafka has not acknowledged, how much of it there may be, for how long it has not moved."""

    unsent_bytes: int
    limit: int
    standstill: float
    kafka: Distribution
    """Seconds Kafka took so far."""


class Observed(Collector):
    """A collector as it is seen from outside. A kind of collector says the rest."""

    kind: ClassVar[str]

    def __init__(self, topic: str) -> None:
        self._topic = topic

    @abstractmethod
    def waiting(self) -> Waiting:
        """As it is now."""

    @abstractmethod
    def counted(self) -> Iterator[Any]:
        """The families of this kind of collector."""

    @abstractmethod
    def counters(self) -> Mapping[str, Any]:
        """For `/status`, as JSON."""

    @abstractmethod
    def ready(self) -> Health:
        """Whether it takes what comes."""

    def live(self) -> Health:
        """Whether it would be of use to start it anew. That Kafka is away is no reason to: it waits for it."""
        return Health(True, "the loop turns")

    def collect(self) -> Iterator[Any]:
        """Every metric of the list, in any order."""
        waiting = self.waiting()
        yield gauge(m.INFO, {(self.kind, __version__, platform.python_version(), self._topic): 1})
        yield gauge(m.TAKES, {(): self.ready().good})
        yield gauge(m.UNSENT_BYTES, {(): waiting.unsent_bytes})
        yield gauge(m.UNSENT_LIMIT, {(): waiting.limit})
        yield gauge(m.KAFKA_STANDSTILL, {(): waiting.standstill})
        yield histogram(m.KAFKA_SECONDS, {(): waiting.kafka})
        yield from self.counted()

    def describe(self) -> list[Any]:
        """Nothing beforehand: else a registry would collect at once."""
        return []


@contextlib.asynccontextmanager
async def observed(settings: Settings, one: Observed) -> AsyncGenerator[None]:
    """The web server, where there is to be one, in the collector's own loop: it answers only while that turns.

    Raises ItemstreamError where the port is taken.
    """
    if not settings.web_port:
        yield
        return
    # Not before it is wanted: a web framework is a good part of what a relay takes of memory.
    from pipeline.observe.server import served
    from pipeline.observe.sockets import listening
    from pipeline.observe.web import exposition, web_app

    registry, started = registry_of(one), time.time()

    async def metrics(accept: str) -> tuple[bytes, str]:
        return exposition(registry, accept)

    async def live() -> Health:
        return one.live()

    async def ready() -> Health:
        return one.ready()

    async def status() -> Mapping[str, Any]:
        return {
            "collector": one.kind,
            **about_process(started),
            "live": one.live().body(),
            "ready": one.ready().body(),
            "counters": one.counters(),
            "settings": shown_settings(settings),
        }

    async with served(web_app(metrics, live, ready, status), listening(settings.web_host, settings.web_port)):
        yield
