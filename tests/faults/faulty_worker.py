"""`itemstream worker` that kills itself with -9: `python faulty_worker.py POINT PASSES`, settings as JSON on stdin.

POINT is one of the stream's fault points, PASSES the number of times it is passed unharmed; `-` never kills.
"""

import asyncio
import os
import signal
import sys

from pipeline.logs import configure_logs
from pipeline.settings import Settings
from pipeline.worker.process import run_until_signalled
from pipeline.worker.run import run_worker

passed = 0


def fault(point: str, partition: int) -> None:
    global passed
    if point == POINT:
        passed += 1
        if passed > PASSES:
            os.kill(os.getpid(), signal.SIGKILL)


async def run(stop: asyncio.Event) -> None:
    await run_worker(SETTINGS, stop, fault=fault)


if __name__ == "__main__":
    POINT, PASSES = sys.argv[1], int(sys.argv[2])
    SETTINGS = Settings.model_validate_json(sys.stdin.readline())
    configure_logs("info", "json")
    run_until_signalled(run)
