"""A redrive that kills itself with -9: `python -m tests.rejected.killed_redrive STEP PASSES FILE`.

STEP is one of the writer's fault points, PASSES how often it is passed unharmed; `-` never kills. The records and their
values are those of FILE; settings come as JSON on standard input. Prints how many it redrove.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from pipeline.rejected.exported import read_fixes
from pipeline.rejected.redrive import Order, redrive
from pipeline.rejected.selection import Selection
from pipeline.settings import Settings

passed = 0


def fault(step: str) -> None:
    global passed
    if step == STEP:
        passed += 1
        if passed > PASSES:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    STEP, PASSES, FILE = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    settings = Settings.model_validate_json(sys.stdin.readline())
    topic = f"{settings.prefix}.rejected"
    fixes = read_fixes(FILE.read_bytes().splitlines(), FILE.name, topic)
    order = Order(topic, Selection(places=frozenset(fixes)), fixes)
    print(asyncio.run(redrive(settings, order, fault=fault)).redriven)
