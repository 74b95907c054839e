"""Ends a broker whose program was killed: nobody else would, and it would hold its port, memory and folder for ever."""

from __future__ import annotations

import subprocess
from pathlib import Path

# Its standard input is a pipe that only the program holds: it ends with the program, however that ended.
_SCRIPT = """
cat >/dev/null
kill -TERM "$1" 2>/dev/null || exit 0
seconds=0
while kill -0 "$1" 2>/dev/null && [ "$seconds" -lt 30 ]; do
  seconds=$((seconds + 1))
  sleep 1
done
kill -KILL "$1" 2>/dev/null
[ -z "$2" ] || rm -rf "$2"
"""


class Watchdog:
    """Watches over the process `pid` for as long as this program lives; `temporary` is a folder that goes with it."""

    def __init__(self, pid: int, temporary: Path | None) -> None:
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "watchdog", str(pid), str(temporary or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # what a terminal or a supervisor sends to the program's group is not for it
        )

    def dismiss(self) -> None:
        """The program has ended the broker itself, or will."""
        self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
