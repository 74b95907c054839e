"""A worker as a child process, seen through its log."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any, cast

import orjson

from pipeline.errors import ItemstreamError

LINES_KEPT = 200
STOP_SECONDS = 30.0
STATS_EVENT = "stats"


class WorkerProcess:
    """`itemstream worker`, its log read as it comes.

    settings: values by setting name, given as environment variables, so that the worker is told what its parent was.
    args: further arguments, such as `--processes 2`.
    """

    def __init__(self, settings: Mapping[str, object], args: Sequence[str] = ()) -> None:
        told = {f"ITEMSTREAM_{name.upper()}": str(value) for name, value in settings.items()}
        self._environment = {**os.environ, **told, "ITEMSTREAM_LOG_FORMAT": "json", "ITEMSTREAM_STATS_INTERVAL": "0.5"}
        self._args = list(args)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: Thread | None = None
        self._stats: dict[object, dict[str, Any]] = {}
        self.lines: deque[dict[str, Any]] = deque(maxlen=LINES_KEPT)
        """The last log lines, but for counters."""

    def start(self) -> None:
        """Start it; it takes partitions as soon as its group lets it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli.main", "worker", *self._args],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # Ctrl-C in a terminal goes to the whole group: the worker is told by us, once, and finishes what it does.
            start_new_session=True,
        )
        self._reader = Thread(target=self._read, daemon=True, name="worker-log")
        self._reader.start()

    @property
    def pid(self) -> int | None:
        """Of the running process, for signals; None while it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def counters(self) -> dict[str, Any]:
        """The counters of all processes of the worker, added up; empty until the first have come."""
        total: dict[str, Any] = {}
        for stats in list(self._stats.values()):
            _add(total, stats)
        return total

    def check(self) -> None:
        """Raise ItemstreamError where the worker ended by itself, with what it said last."""
        if self._process is not None and (code := self._process.poll()) is not None:
            said = " | ".join(_plain(line) for line in list(self.lines)[-3:]) or "nothing in its log"
            raise ItemstreamError(f"the worker ended (exit code {code}): {said}")

    def stop(self) -> int:
        """SIGTERM, and SIGKILL where it does not end; its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        code = self._process.wait()
        if self._reader is not None:
            self._reader.join(1)
        return code

    def _read(self) -> None:
        assert self._process is not None
        assert self._process.stderr is not None
        for raw in self._process.stderr:
            line = _parsed(raw)
            if line.get("event") == STATS_EVENT:
                self._stats[line.get("pid")] = line
            else:
                self.lines.append(line)


def _parsed(raw: bytes) -> dict[str, Any]:
    try:
        parsed: object = orjson.loads(raw)
    except orjson.JSONDecodeError:
        parsed = None
    if isinstance(parsed, dict):
        return cast(dict[str, Any], parsed)
    return {"event": raw.decode(errors="replace").rstrip()}


def _plain(line: Mapping[str, Any]) -> str:
    rest = (f"{name}={value}" for name, value in line.items() if name not in ("event", "level", "logger", "timestamp"))
    return " ".join([str(line.get("event", "")), *rest])


def _add(total: dict[str, Any], more: Mapping[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict):
            _add(total.setdefault(name, {}), cast(dict[str, Any], value))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            total[name] = total.get(name, 0) + value
