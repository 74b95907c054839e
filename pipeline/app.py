"""The Faust app: life cycle, agents and sensors. Kafka and the web are not Faust's job here.

Faust's own consumer, producer, conductor and tables are never started: see the documentation on delivery for what they
would lose. The records come from a `TransactionalStream`, through a Faust channel, to the agents.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, cast

import faust
import faust.app
from mode import Service

from pipeline import agents
from pipeline.core.records import BatchResult
from pipeline.streaming import Batch, TransactionalStream
from pipeline.streaming.batch import Handler

MakeStream = Callable[[Handler], TransactionalStream]
"""Builds the stream around the handler that takes its batches to the agents."""


class _Boot(faust.app.BootStrategy):
    """What starts with the app: sensors and agents; nothing that connects to Kafka, nothing that listens."""

    enable_kafka = False

    def server(self) -> Iterable[Any]:
        return self._chain(self.sensors(), self.agents())


class ItemstreamApp(faust.App):
    """A Faust app whose agents are fed by a transactional stream.

    `source` is the service that runs the stream; it exists once the app has started.
    """

    BootStrategy = _Boot
    mundane_level = "debug"  # what starts and stops is told by the worker
    source: Source

    def _create_directories(self) -> None:
        """No tables, so nothing to keep on disk."""

    async def _producer_flush(self, logger: Any) -> None:
        """Faust's producer was never started."""

    async def _on_agent_error(self, agent: Any, exc: BaseException) -> None:
        """An agent's failure is the app's: going on would commit around the batch it failed on."""
        await self.crash(exc)


class Source(Service):
    """Runs the transactional stream as long as the app runs."""

    mundane_level = "debug"

    def __init__(self, stream: TransactionalStream, **options: Any) -> None:
        self.stream = stream
        self.finished: asyncio.Future[None] | None = None
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType]

    async def on_start(self) -> None:
        self.finished = asyncio.ensure_future(self.stream.run())

    async def on_stop(self) -> None:
        """Commit what is in flight and leave the group; errors are for whoever waits for `finished`."""
        if self.finished is not None:
            self.stream.stop()
            await asyncio.wait({self.finished})


def create_app(name: str, make_stream: MakeStream) -> ItemstreamApp:
    """The app, not started."""
    app = ItemstreamApp(
        name,
        # Never connected to: Faust only wants to know a transport.
        broker="kafka://localhost",
        store="memory://",
        cache="memory://",
        web_enabled=False,
        topic_disable_leader=True,
        autodiscover=False,
    )
    channel: Any = cast(Any, app).channel(value_type=None, maxsize=1)
    agents.register(app, channel)

    async def through_agents(batch: Batch) -> BatchResult:
        await channel.put(batch)
        return await batch.result()

    # Table recovery would do this, and there is none.
    app.flow_control.resume()

    class _Source(Source):
        def __init__(self, **options: Any) -> None:
            super().__init__(make_stream(through_agents), **options)
            app.source = self

    app.service(cast(Any, _Source))
    return app
