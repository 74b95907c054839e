"""`ingest file` that kills itself with -9: `python -m tests.ingest.killed_file STEP PASSES SERVERS TOPIC FILE`.

STEP is one of the fault points of a transaction, PASSES how often it is passed unharmed. Prints the events written.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from pipeline.ingest import file
from pipeline.settings import Settings

passed = 0


def fault(step: str) -> None:
    global passed
    if step == STEP:
        passed += 1
        if passed > PASSES:
            os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    STEP, PASSES = sys.argv[1], int(sys.argv[2])
    servers, topic, path = sys.argv[3:]
    file.TRANSACTION_EVENTS = 40
    settings = Settings.model_validate({"bootstrap_servers": servers, "input_topic": topic})
    print(asyncio.run(file.ingest_file(settings, file.Order(Path(path)), fault=fault)).events)
