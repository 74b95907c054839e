"""A command of ours as a child process, seen through its log: the worker, and the console."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from threading import Thread
from typing import Any, cast

import orjson
from pydantic import SecretStr

from pipeline.errors import ItemstreamError
from pipeline.settings import variable_of

LINES_KEPT = 200
STOP_SECONDS = 30.0
STATS_EVENT = "stats"
CONSOLE_EVENT = "console"
"""The log line of a console that listens."""


class CommandProcess:
    """A command that runs until it is told to stop, its log read as it comes.

    settings: values by setting name, given as environment variables, so that the worker is told what its parent was.
    args: further arguments, such as `--processes 2`.
    """

    command: str

    def __init__(self, settings: Mapping[str, object], args: Sequence[str] = ()) -> None:
        told = {variable_of(name): _text(value) for name, value in settings.items()}
        self._environment = {**os.environ, **told, "ITEMSTREAM_LOG_FORMAT": "json", "ITEMSTREAM_STATS_INTERVAL": "0.5"}
        self._args = list(args)
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: Thread | None = None
        self.lines: deque[dict[str, Any]] = deque(maxlen=LINES_KEPT)
        """The last log lines, but for those that are taken otherwise."""

    def start(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli.main", self.command, *self._args],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # Ctrl-C in a terminal goes to the whole group: it is told by us, once, and finishes what it does.
            start_new_session=True,
        )
        self._reader = Thread(target=self._read, daemon=True, name=f"{self.command}-log")
        self._reader.start()

    @property
    def pid(self) -> int | None:
        """Of the running process, for signals; None while it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def check(self) -> None:
        """Raise ItemstreamError where it ended by itself, with what it said last."""
        if self._process is not None and (code := self._process.poll()) is not None:
            said = " | ".join(_plain(line) for line in list(self.lines)[-3:]) or "nothing in its log"
            raise ItemstreamError(f"the {self.command} ended (exit code {code}): {said}")

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
            self._take(_parsed(raw))

    def _take(self, line: dict[str, Any]) -> None:
        self.lines.append(line)


class WorkerProcess(CommandProcess):
    """`itemstream worker`; it takes partitions as soon as its group lets it."""

    command = "worker"

    def __init__(self, settings: Mapping[str, object], args: Sequence[str] = ()) -> None:
        super().__init__(settings, args)
        self._stats: dict[object, dict[str, Any]] = {}

    def counters(self) -> dict[str, Any]:
        """The counters of all processes of the worker, added up; empty until the first have come."""
        total: dict[str, Any] = {}
        for stats in list(self._stats.values()):
            _add(total, stats)
        return total

    def _take(self, line: dict[str, Any]) -> None:
        if line.get("event") == STATS_EVENT:
            self._stats[line.get("pid")] = line
        else:
            super()._take(line)


class ConsoleProcess(CommandProcess):
    """`itemstream console`."""

    command = "console"
    url: str | None = None
    """Where it is, once it listens."""

    def problem(self) -> str | None:
        """Why it ended by itself; None while it runs."""
        try:
            self.check()
        except ItemstreamError as error:
            return str(error)
        return None

    def _take(self, line: dict[str, Any]) -> None:
        if line.get("event") == CONSOLE_EVENT and "url" in line:
            self.url = str(line["url"])
        super()._take(line)


def _text(value: object) -> str:
    """A setting's value as its variable has it."""
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return ";".join(map(str, cast(tuple[object, ...], value))) if isinstance(value, tuple) else str(value)


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
