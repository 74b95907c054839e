"""A child process for a replay, seen through the file it writes to."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tempfile
from typing import Any

import orjson

from pipeline.settings import Settings
from pipeline.worker.supervisor import settings_json

STOP_SECONDS = 20.0


class Child:
    """Started once. It outlives a console that is killed; one that ends in good order ends it."""

    def __init__(self, settings: Settings, wanted: dict[str, Any]) -> None:
        """wanted: see `replay_process`."""
        self._wanted = {"settings": orjson.loads(settings_json(settings)), **wanted}
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this is there
        self._read = 0
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when it has been told what to do."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "pipeline.console.kafka.replay_process",
            stdin=asyncio.subprocess.PIPE,
            stdout=self._output,
            # Ctrl-C goes to a whole process group: it shall hear of it from here only.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        # Settings hold secrets: by a pipe, which nobody else sees.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(orjson.dumps(self._wanted))
            await self._process.stdin.drain()
        self._process.stdin.close()

    @property
    def pid(self) -> int:
        """Of the process."""
        assert self._process is not None
        return self._process.pid

    @property
    def code(self) -> int | None:
        """Its exit code; None while it runs."""
        return None if self._process is None else self._process.returncode

    def lines(self) -> list[dict[str, Any]]:
        """What it has written since the last call; half a line is left for the next."""
        self._output.seek(self._read)
        written = self._output.read()
        whole = written[: written.rfind(b"\n") + 1]
        self._read += len(whole)
        return [orjson.loads(line) for line in whole.splitlines()]

    async def stop(self) -> None:
        """Have it end, and wait for it. What it has not committed is not there."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
