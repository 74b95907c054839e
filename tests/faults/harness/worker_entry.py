"""The real worker, told while it runs where to die.

`run` takes orders `ACTION POINT PASSES DELAY`: at the fault point POINT, after PASSES passes unharmed, `kill`
this process with -9 after DELAY seconds, or `raise` a connection error once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from random import Random

from pipeline.core import BatchResult
from pipeline.logs import configure_logs
from pipeline.settings import Settings
from pipeline.streaming import Batch
from pipeline.streaming.assignment import Assignment
from pipeline.streaming.fault_points import FAULT_POINTS, FaultPoint
from pipeline.worker.process import run_until_signalled
from pipeline.worker.run import run_worker
from tests.faults.harness.mutations import MUTATIONS


@dataclass
class Trap:
    """What happens at a point."""

    action: str
    point: str
    passes: int
    delay: float


class Traps:
    """The fault hook of this process."""

    def __init__(self) -> None:
        self._armed: Trap | None = None

    def listen(self, orders: Connection) -> None:
        """Take orders, in a thread of its own."""
        threading.Thread(target=self._listen, args=(orders,), daemon=True).start()

    def __call__(self, point: FaultPoint, partition: int) -> None:
        trap = self._armed
        if trap is None or trap.point != point:
            return
        if trap.passes:
            trap.passes -= 1
            return
        self._armed = None
        if trap.action == "raise":
            raise ConnectionResetError(f"made up at {point}")
        if trap.delay:
            threading.Timer(trap.delay, _die).start()
        else:
            _die()

    def _listen(self, orders: Connection) -> None:
        while True:
            try:
                action, point, passes, delay = orders.recv().split()
            except EOFError:
                return
            assert point in FAULT_POINTS, point
            self._armed = Trap(action, point, int(passes), float(delay))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _slow_down(seconds: float) -> None:
    """As an agent that waits for something: one batch of five takes so long, and other tasks run meanwhile."""
    result = Batch.result

    async def slow_result(self: Batch) -> BatchResult:
        if Random().random() < 0.2:
            await asyncio.sleep(seconds)
        return await result(self)

    Batch.result = slow_result


def run(settings_json: str, slow: float, mutation: str, orders: Connection) -> None:
    """Until SIGTERM. slow: seconds that an agent waits now and then; mutation: one of `mutations`, or nothing."""
    settings = Settings.model_validate_json(settings_json)
    if slow:
        _slow_down(slow)
    configure_logs(settings.log_level, settings.log_format)
    traps = Traps()
    traps.listen(orders)

    async def worker(stop: asyncio.Event) -> None:
        await run_worker(settings, stop, fault=traps, assignment_type=MUTATIONS.get(mutation, Assignment))

    run_until_signalled(worker)
