"""The parts of a console, as its routes are given them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, ParamSpec, TypeVar

from fastapi import Depends, Request

from pipeline.console.access.identity import Access
from pipeline.console.models import Features
from pipeline.console.prices import Prices
from pipeline.console.queries import Queries
from pipeline.console.services import AuditLog, DeadLetters, LiveEvents, PipelineView, Replays, SessionEvents

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """All that the routes need."""

    prefix: str
    features: Features
    access: Access
    queries: Queries
    events: SessionEvents
    dead_letters: DeadLetters
    replays: Replays
    pipeline: PipelineView
    audit: AuditLog
    live: LiveEvents
    prices: Prices | None
    problems: Callable[[], list[str]]
    """Why it is not ready; empty where it is."""


def console_of(request: Request) -> Console:
    """The console that serves a request."""
    return request.app.state.console


Here = Annotated[Console, Depends(console_of)]


async def ask(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask the store, which may block, in a thread."""
    return await asyncio.to_thread(question, *args, **kwargs)
