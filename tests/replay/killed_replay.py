"""A replay that kills itself with -9: `python -m tests.replay.killed_replay JOB POINT PASSES`.

Settings come as JSON on standard input. POINT is one of the stream's fault points, PASSES the number of times it is
passed unharmed; `-` never kills. A fourth word changes the core. Prints how
the job then stands.
"""

import asyncio
import os
import signal
import sys

from pipeline.logs import configure_logs
from pipeline.replay.alone import run_alone
from pipeline.replay.in_place import run_in_place
from pipeline.replay.job import Job
from pipeline.replay.run import run
from pipeline.replay.store import Jobs
from pipeline.settings import Settings
from pipeline.worker.process import run_until_signalled
from tests.replay.support import another_joiner

passed = 0


def fault(point: str, partition: int) -> None:
    global passed
    if point == POINT:
        passed += 1
        if passed > PASSES:
            os.kill(os.getpid(), signal.SIGKILL)


async def work(stop: asyncio.Event) -> Job:
    job = await Jobs(SETTINGS).find(JOB)
    if job.shared:
        return await run(SETTINGS, job, stop, fault=fault)
    if job.kind == "in-place":
        return await run_in_place(SETTINGS, job, stop, lambda _: None, lambda step: fault(step, 0))
    return await run_alone(SETTINGS, job, stop, lambda _: None)


if __name__ == "__main__":
    JOB, POINT, PASSES, *CHANGED = sys.argv[1], sys.argv[2], int(sys.argv[3]), *sys.argv[4:]
    if CHANGED:
        another_joiner()
    SETTINGS = Settings.model_validate_json(sys.stdin.readline())
    configure_logs("error")
    print(run_until_signalled(work).state)
