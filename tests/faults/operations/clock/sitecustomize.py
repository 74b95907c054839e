"""A wall clock that a test moves: Python imports this before anything else where its folder is on PYTHONPATH.

The file named by `ITEMSTREAM_TEST_CLOCK` holds the offset in seconds; it is looked at 20 times a second. Only the wall
clock is moved, as by a step of NTP or of an operator: the monotonic one goes on.
"""

import contextlib
import os
import threading
import time

_FILE = os.environ["ITEMSTREAM_TEST_CLOCK"]
_LOOK_SECONDS = 0.05

_true_time, _true_time_ns = time.time, time.time_ns
_offset = 0


def _watch() -> None:
    global _offset
    while True:
        with contextlib.suppress(OSError, ValueError), open(_FILE) as file:  # noqa: PTH123 - as little as can be
            _offset = int(file.read())
        time.sleep(_LOOK_SECONDS)


time.time = lambda: _true_time() + _offset
time.time_ns = lambda: _true_time_ns() + _offset * 1_000_000_000
threading.Thread(target=_watch, daemon=True).start()
