"""The process that sends the relay's journal: `python -m pipeline.ingest.relay.sender FOLDER`, settings on stdin.

It is a process of its own so that what Kafka costs is never the audio's time. Its stdin stays open as long as the relay
lives: a line `finish` asks it to send what is left and end; the end of stdin, to end at once. It writes its state to
stdout, a JSON line each time it has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from pathlib import Path

import orjson

from pipeline.errors import ItemstreamError
from pipeline.ingest.journal.drain import Drain
from pipeline.ingest.relay.recorded import unpacked
from pipeline.logs import configure_logs
from pipeline.settings import Settings
from pipeline.streaming.transactions import Fault, no_fault
from pipeline.worker.process import run_until_signalled

TELL_SECONDS = 0.2
NICENESS = 5
"""Where the processor is short of time the relay goes first: the journal waits, calls don't."""
FINISH = b"finish\n"


def main(fault: Fault = no_fault) -> int:
    """Returns the exit code."""
    os.nice(NICENESS)
    with contextlib.suppress(OSError):  # sessions share time among themselves first, where Linux groups them
        Path("/proc/self/autogroup").write_text(str(NICENESS))
    settings = Settings.model_validate_json(sys.stdin.readline())
    configure_logs(settings.log_level, settings.log_format)
    if settings.log_level != "debug":
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what matters of it the drain says itself
    try:
        run_until_signalled(lambda stop: _run(settings, Path(sys.argv[1]), stop, fault))
    except ItemstreamError as error:
        print(f"itemstream: {error}", file=sys.stderr)
        return error.exit_code
    return 0


async def _run(settings: Settings, folder: Path, stop: asyncio.Event, fault: Fault) -> None:
    finish = asyncio.Event()
    drain = Drain(settings, folder, unpacked, fault)
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    tasks = [asyncio.create_task(_obey(orders, stop, finish)), asyncio.create_task(_tell(drain))]
    try:
        await drain.run(stop, finish)
    finally:
        for task in tasks:
            task.cancel()
        _write(drain)


async def _obey(orders: asyncio.StreamReader, stop: asyncio.Event, finish: asyncio.Event) -> None:
    while line := await orders.readline():
        if line == FINISH:
            finish.set()
    stop.set()


async def _tell(drain: Drain) -> None:
    told = b""
    while True:
        if (line := _line(drain)) != told:
            told = line
            _write(drain)
        await asyncio.sleep(TELL_SECONDS)


def _line(drain: Drain) -> bytes:
    stats = drain.stats
    kafka = {"counts": stats.kafka_seconds.counts, "total": stats.kafka_seconds.total}
    told = {"sent": stats.sent, "skipped": stats.skipped, "torn_bytes": stats.torn_bytes, "error": stats.error}
    return orjson.dumps({**told, "position": stats.position.packed(), "kafka_seconds": kafka}) + b"\n"


def _write(drain: Drain) -> None:
    try:
        sys.stdout.buffer.write(_line(drain))
        sys.stdout.buffer.flush()
    except OSError:  # nobody listens any more; the end of stdin says the same
        return


if __name__ == "__main__":
    sys.exit(main())
