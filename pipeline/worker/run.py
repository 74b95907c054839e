"""One worker process: from the checks to the last commit."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncGenerator, Callable, Generator
from typing import TYPE_CHECKING

from pipeline.app import create_app
from pipeline.core import Partition, Room
from pipeline.core.records import BatchResult
from pipeline.errors import UsageError
from pipeline.logs import get_logger
from pipeline.observe.product import Product
from pipeline.observe.watching import Watching
from pipeline.settings import Settings
from pipeline.streaming import StreamStats, TransactionalStream
from pipeline.streaming.assignment import Assignment
from pipeline.streaming.batch import Handler
from pipeline.streaming.fault_points import FaultHook, no_fault
from pipeline.streaming.standing import Standing
from pipeline.worker.limits import batches_within, within
from pipeline.worker.preflight import preflight
from pipeline.worker.reject_guard import RejectGuard
from pipeline.worker.stream_config import client_id, stream_config
from topics.catalogue import REJECTED

if TYPE_CHECKING:
    from pipeline.observe.tracing import BatchTracer

log = get_logger(__name__)


async def run_worker(
    settings: Settings,
    stop: asyncio.Event,
    *,
    stats: StreamStats | None = None,
    web_socket: socket.socket | None = None,
    tracer: BatchTracer | None = None,
    fault: FaultHook = no_fault,
    assignment_type: type[Assignment] = Assignment,
) -> None:
    """Run until `stop` is set, then commit what is in flight, leave the group and return.

    stats: filled while it runs, for a live view in the same process. web_socket: where the web endpoints listen; None:
    as the settings say. tracer: None: one of its own, where the settings ask for it. Raises PreflightError before
    anything is touched, StreamError (one line) where the worker can't go on. `fault` and `assignment_type` are for
    tests.
    """
    with _tracing(settings, tracer) as tracer:
        await _run(settings, stop, stats or StreamStats(), web_socket, tracer, fault, assignment_type)


async def _run(
    settings: Settings,
    stop: asyncio.Event,
    stats: StreamStats,
    web_socket: socket.socket | None,
    tracer: BatchTracer | None,
    fault: FaultHook,
    assignment_type: type[Assignment],
) -> None:
    limits = await preflight(settings)
    product = Product()
    guard = RejectGuard(settings.reject_limit_ratio, settings.reject_limit_window)
    config = batches_within(stream_config(settings), limits)
    core_settings = within(settings.core_settings(), limits, settings.group)

    room = Room(core_settings.max_awake)

    def before_commit(result: BatchResult) -> None:
        guard.check(result.counts)

    def make_stream(handler: Handler) -> TransactionalStream:
        return TransactionalStream(
            config,
            lambda _: Partition(core_settings, room),
            handler=tracer.traced(handler) if tracer else handler,
            before_commit=before_commit,
            stats=stats,
            observer=Watching(product, REJECTED.full_name(settings.prefix), [tracer] if tracer else []),
            fault=fault,
            assignment_type=assignment_type,
        )

    app = create_app(settings.group, make_stream)

    def standing() -> Standing:
        source = app.source if hasattr(app, "source") else None
        return source.stream.standing() if source else Standing()

    log.info(
        "worker_started", group=settings.group, input=settings.input_topic, delivery=settings.delivery,
        client_id=config.client_id, max_output_bytes=core_settings.max_output_bytes,
    )  # fmt: skip
    async with _logged(stats, settings.stats_interval), _web(settings, web_socket, stats, standing, product):
        await app.start()
        finished = app.source.finished
        assert finished is not None, "the source starts with the app"
        stopped = asyncio.ensure_future(stop.wait())
        try:
            await asyncio.wait({finished, stopped}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopped.cancel()
            await app.stop()
    finished.result()
    log.info("worker_stopped", group=settings.group)


@contextlib.contextmanager
def _tracing(settings: Settings, tracer: BatchTracer | None) -> Generator[BatchTracer | None]:
    """The tracer that was given, or one whose spans are exported at the latest when this ends; None where it is off."""
    if tracer is not None or not settings.tracing:
        yield tracer
        return
    try:
        from pipeline.observe.tracing import SERVICE, BatchTracer, provider_of
    except ImportError as missing:
        raise UsageError(
            f"tracing is on and {missing.name} is missing; get it with: pip install 'itemstream[tracing]'"
        ) from missing
    provider = provider_of(client_id(settings.group))
    try:
        yield BatchTracer(provider.get_tracer(SERVICE), settings.group, settings.input_topic)
    finally:
        provider.shutdown()


@contextlib.asynccontextmanager
async def _web(
    settings: Settings,
    web_socket: socket.socket | None,
    stats: StreamStats,
    standing: Callable[[], Standing],
    product: Product,
) -> AsyncGenerator[None]:
    """The web endpoints, where there is to be a web server; its libraries are imported only then."""
    if web_socket is None and not settings.web_port:
        yield
        return
    from pipeline.observe.server import served
    from pipeline.observe.sockets import listening
    from pipeline.observe.worker_web import worker_web

    sock = web_socket or listening(settings.web_host, settings.web_port)
    async with served(worker_web(settings, stats, standing, product), sock):
        yield


@contextlib.asynccontextmanager
async def _logged(stats: StreamStats, seconds: float) -> AsyncGenerator[None]:
    """A line `stats` every few seconds in which something happened, and one at the end."""

    async def often() -> None:
        before = -1
        while True:
            await asyncio.sleep(seconds)
            if stats.transactions != before:
                before = stats.transactions
                log.info("stats", pid=os.getpid(), **stats.snapshot())

    task = asyncio.create_task(often())
    try:
        yield
    finally:
        task.cancel()
        log.info("stats", pid=os.getpid(), final=True, **stats.snapshot())
