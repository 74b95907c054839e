"""A worker process of a supervisor: `python -m pipeline.worker.child [FD]`, its settings as JSON on stdin.

FD: the socket its web endpoints listen on, inherited from the supervisor; without it there are none.

Stdin stays open as long as the supervisor lives; its end is the order to stop.
"""

from __future__ import annotations

import asyncio
import socket
import sys

from pipeline.errors import ItemstreamError
from pipeline.logs import configure_logs
from pipeline.settings import Settings
from pipeline.streaming import UnrecoverableError
from pipeline.worker.process import run_until_signalled
from pipeline.worker.run import run_worker

UNRECOVERABLE = 78
"""Exit code (EX_CONFIG) of a child that would end the same way if it were started again."""


def main() -> int:
    """Returns the exit code."""
    # The port of the settings is the supervisor's.
    settings = Settings.model_validate_json(sys.stdin.readline()).model_copy(update={"web_port": 0})
    web_socket = socket.socket(fileno=int(sys.argv[1])) if sys.argv[1:] else None
    configure_logs(settings.log_level, settings.log_format)
    try:
        run_until_signalled(lambda stop: _run(settings, stop, web_socket))
    except ItemstreamError as error:
        print(f"itemstream: {error}", file=sys.stderr)
        return UNRECOVERABLE if isinstance(error, UnrecoverableError) else error.exit_code
    return 0


async def _run(settings: Settings, stop: asyncio.Event, web_socket: socket.socket | None) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def watch_supervisor() -> None:
        await reader.read()
        stop.set()

    watch = asyncio.create_task(watch_supervisor())
    try:
        await run_worker(settings, stop, web_socket=web_socket)
    finally:
        watch.cancel()


if __name__ == "__main__":
    sys.exit(main())
