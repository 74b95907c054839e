"""One worker process: from the checks to the last commit."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator

from pipeline.app import create_app
from pipeline.core import Partition
from pipeline.core.records import BatchResult
from pipeline.logs import get_logger
from pipeline.settings import Settings
from pipeline.streaming import StreamStats, TransactionalStream
from pipeline.streaming.assignment import Assignment
from pipeline.streaming.batch import Handler
from pipeline.streaming.fault_points import FaultHook, no_fault
from pipeline.worker.limits import batches_within, within
from pipeline.worker.preflight import preflight
from pipeline.worker.reject_guard import RejectGuard
from pipeline.worker.stream_config import stream_config

log = get_logger(__name__)


async def run_worker(
    settings: Settings,
    stop: asyncio.Event,
    *,
    stats: StreamStats | None = None,
    fault: FaultHook = no_fault,
    assignment_type: type[Assignment] = Assignment,
) -> None:
    """Run until `stop` is set, then commit what is in flight, leave the group and return.

    stats: filled while it runs, for a live view in the same process. Raises PreflightError before anything is touched,
    StreamError (one line) where the worker can't go on. `fault` and `assignment_type` are for tests.
    """
    limits = await preflight(settings)
    stats = stats or StreamStats()
    guard = RejectGuard(settings.reject_limit_ratio, settings.reject_limit_window)
    config = batches_within(stream_config(settings), limits)
    core_settings = within(settings.core_settings(), limits, settings.group)

    def before_commit(result: BatchResult) -> None:
        guard.check(result.counts)

    def make_stream(handler: Handler) -> TransactionalStream:
        return TransactionalStream(
            config,
            lambda _: Partition(core_settings),
            handler=handler,
            before_commit=before_commit,
            stats=stats,
            fault=fault,
            assignment_type=assignment_type,
        )

    app = create_app(settings.group, make_stream, settings.web_host, settings.web_port)
    log.info(
        "worker_started", group=settings.group, input=settings.input_topic, delivery=settings.delivery,
        client_id=config.client_id, max_output_bytes=core_settings.max_output_bytes,
    )  # fmt: skip
    async with _logged(stats, settings.stats_interval):
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
