"""What the API asks of Kafka: everything that is not in the store. An unknown session or job is a `NotFoundError`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from fastapi.sse import ServerSentEvent

from pipeline.console.models import (
    Audit,
    Differences,
    Job,
    Pipeline,
    RawEvents,
    RedriveRequest,
    RedriveResult,
    RejectedPage,
    ReplayRequest,
)
from pipeline.errors import ItemstreamError


class NotFoundError(ItemstreamError):
    """There is no such thing."""


class RefusedError(ItemstreamError):
    """Not as things stand now: a job that has ended can't be cancelled."""


class SessionEvents(Protocol):
    """The server events of a session, in the input topic."""

    async def events(self, session_id: str, item_id: str | None) -> RawEvents:
        """All there are within reach, or those behind one item."""
        ...

    def fixture(self, session_id: str) -> AsyncIterator[bytes]:
        """JSON lines for `itemstream process`."""
        ...


class DeadLetters(Protocol):
    """The rejected topic."""

    async def page(self, reason: str | None, cursor: str | None, limit: int) -> RejectedPage:
        """Newest first."""
        ...

    async def redrive(self, request: RedriveRequest) -> RedriveResult:
        """Send again, or only tell what would come of it."""
        ...


class Replays(Protocol):
    """Replay jobs."""

    async def all(self) -> list[Job]:
        """Newest first."""
        ...

    async def find(self, job_id: str) -> Job:
        """How a job stands."""
        ...

    async def start(self, request: ReplayRequest, who: str) -> Job:
        """Make a job and have it worked on."""
        ...

    async def resume(self, job_id: str) -> Job:
        """Have a job worked on that nobody works on."""
        ...

    async def cancel(self, job_id: str) -> Job:
        """End a job for good."""
        ...

    async def difference(self, job_id: str) -> Differences:
        """What a job of kind `difference` has found."""
        ...


class PipelineView(Protocol):
    """Topics, workers, rates and lag."""

    async def now(self) -> Pipeline:
        """As of the last second."""
        ...


class AuditLog(Protocol):
    """What operators did."""

    def recorded(
        self, who: str, action: str, details: Mapping[str, Any]
    ) -> AbstractAsyncContextManager[dict[str, Any]]:
        """Writes down that something is begun, before it is, and how it ended. Raises where it can't be written.

        What the block puts into the dictionary it is given is added to the details.
        """
        ...

    async def page(self, cursor: str | None, limit: int) -> Audit:
        """Newest first."""
        ...


class LiveEvents(Protocol):
    """Everything as it happens."""

    def events(
        self, session: str | None, last_event_id: str | None, is_allowed: Callable[[], bool]
    ) -> AsyncIterator[ServerSentEvent]:
        """For one listener, as long as it is allowed to listen.

        session: also its entries. last_event_id: what it was told last, before it went away.
        """
        ...
