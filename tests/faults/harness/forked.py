"""Worker processes forked from one that has imported everything: a start costs a tenth of the processor time.

On a small machine the imports of a restarted worker slow down all others, and figures would tell of that.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.faults.harness import worker_entry

_context: Any = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.harness.worker_entry", "uvloop"])


class Forked:
    """A process with the part of Popen's interface that is used; `orders` is where its traps are armed."""

    def __init__(self, settings_json: str, slow: float, mutation: str, log: Path) -> None:
        theirs, self.orders = _context.Pipe(duplex=False)
        self._process = _context.Process(target=_run, args=(settings_json, slow, mutation, str(log), theirs))
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.exitcode

    def wait(self) -> int:
        """Wait for its end."""
        self._process.join()
        return self._process.exitcode

    def terminate(self) -> None:
        """SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()


def _run(settings_json: str, slow: float, mutation: str, log: str, orders: Connection) -> None:
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(output, stream.fileno())
    worker_entry.run(settings_json, slow, mutation, orders)
