"""An export or import that kills itself with -9: `python -m tests.export.killed STEP PASSES SERVERS WHAT TOPIC FOLDER`.

WHAT is a format, to export TOPIC to FOLDER, or `import`, to bring FOLDER into TOPIC. STEP is one of the fault points,
PASSES how often it is passed unharmed. Prints how many records it exported or imported.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from pipeline.export import importing, source
from pipeline.export.run import Order, export
from tests.export.kafka_support import settings_for

passed = 0


def fault(step: str) -> None:
    global passed
    if step == STEP:
        passed += 1
        if passed > PASSES:
            os.kill(os.getpid(), signal.SIGKILL)


async def run(servers: str, what: str, topic: str, folder: Path) -> int:
    settings = settings_for(servers)
    if what == "import":
        importing.TRANSACTION_RECORDS = 30
        return (await importing.import_exported(settings, folder, topic, fault=fault)).records
    source.FETCH_BYTES = 2000  # a fetch has one record batch
    order = Order(topic, folder, "jsonl" if what == "jsonl" else "parquet", file_bytes=2000)
    return (await export(settings, order, fault=fault)).records


if __name__ == "__main__":
    STEP, PASSES = sys.argv[1], int(sys.argv[2])
    servers, what, topic, folder = sys.argv[3:]
    print(asyncio.run(run(servers, what, topic, Path(folder))))
