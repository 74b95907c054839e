"""What a worker process sets up once: the event loop, signals, memory, the libraries' voices."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pipeline.worker.heap import hold_little, trim_for_ever

GC_THRESHOLDS = (1_000_000, 20, 50)
"""A batch makes some hundred thousand objects that go again at once, and next to no cycles among them; by default the
collector looks for some every 700, and walks through all sessions of the state far too often."""


def run_until_signalled(main: Callable[[asyncio.Event], Awaitable[Any]]) -> Any:
    """Run `main(stop)` on uvloop; SIGTERM and SIGINT set `stop`."""
    import uvloop

    async def run() -> Any:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        trimming = asyncio.create_task(trim_for_ever())
        try:
            return await main(stop)
        finally:
            trimming.cancel()

    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    hold_little()
    quieten_aiokafka()
    return uvloop.run(run())


def quieten_aiokafka() -> None:
    """Leave out what aiokafka tells of every rebalance (the worker says it in one line) and of every retry.

    Nothing is hidden at log level debug.
    """
    if logging.getLogger().getEffectiveLevel() <= logging.DEBUG:
        return
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.ERROR)
    logging.getLogger("aiokafka.producer.sender").addFilter(_Persistent())


class _Persistent(logging.Filter):
    """Lets a warning through that has been coming for `after` seconds, then once in as many.

    A produce request that is told to try again usually succeeds in the next few milliseconds.
    """

    def __init__(self, after: float = 5.0) -> None:
        super().__init__()
        self._after = after
        self._since: float | None = None
        self._last = 0.0

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno > logging.WARNING:
            return True
        now = time.monotonic()
        if self._since is None or now - self._last > self._after:
            self._since = now  # the first, or the first after a pause
        self._last = now
        if now - self._since < self._after:
            return False
        self._since = now
        return True
