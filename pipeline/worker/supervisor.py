"""Several worker processes of one group on this machine, kept alive."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from pipeline.errors import ItemstreamError
from pipeline.logs import get_logger
from pipeline.observe.sockets import LOOPBACK, listening
from pipeline.settings import Settings
from pipeline.worker.child import UNRECOVERABLE

CHILD = (sys.executable, "-m", "pipeline.worker.child")
STOP_SECONDS = 30.0
STEADY_SECONDS = 60.0
"""A child that ran for so long starts with the first backoff again."""

log = get_logger(__name__)


@dataclass(slots=True)
class Backoff:
    """Seconds to wait before a child is started again: doubled each time, from `first` up to `most`."""

    first: float = 0.5
    most: float = 30.0
    _next: float = 0.0

    def after(self, ran_seconds: float) -> float:
        """The wait after a child that ran for `ran_seconds`."""
        wait = self.first if ran_seconds >= STEADY_SECONDS or not self._next else self._next
        self._next = min(wait * 2, self.most)
        return wait


class Supervisor:
    """Runs `processes` children until `stop`; starts a dead one again; ends all where one can't be helped."""

    def __init__(self, settings: Settings, processes: int, command: Sequence[str] = CHILD) -> None:
        self._settings_line = settings_json(settings).encode() + b"\n"
        self._processes = processes
        self._command = command
        self._stop = asyncio.Event()
        self._failure: str | None = None
        self.pids: dict[int, int] = {}
        """Process ids by number (from 0) of the children that run."""
        # Made here and inherited: so the ports are known, and stay the same when a child is started again.
        self._sockets = [listening(LOOPBACK, 0) for _ in range(processes)] if settings.web_port else []

    def ports(self) -> Mapping[int, int]:
        """Where the web endpoints of the children that run are, on the loopback, by number; none without `web_port`."""
        return {number: self._sockets[number].getsockname()[1] for number in self.pids if self._sockets}

    async def run(self, stop: asyncio.Event) -> None:
        """Returns when `stop` is set and all children ended; raises ItemstreamError where one is beyond help."""
        forward = asyncio.create_task(self._forward(stop))
        try:
            await asyncio.gather(*(self._keep_alive(number) for number in range(self._processes)))
        finally:
            forward.cancel()
            for sock in self._sockets:
                sock.close()
        if self._failure is not None:
            raise ItemstreamError(self._failure)

    async def _forward(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stop.set()

    async def _keep_alive(self, number: int) -> None:
        backoff = Backoff()
        while not self._stop.is_set():
            started = time.monotonic()
            code = await self._run_child(number)
            if self._stop.is_set():
                return
            if code == UNRECOVERABLE:
                self._failure = "a worker process can't run (its message is above); all were stopped"
                self._stop.set()
                return
            wait = backoff.after(time.monotonic() - started)
            log.warning("worker_process_ended", number=number, exit_code=code, restart_in_seconds=wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait)

    async def _run_child(self, number: int) -> int:
        """Run one child to its end; its exit code, negative for a signal."""
        inherited = [self._sockets[number].fileno()] if self._sockets else []
        child = await asyncio.create_subprocess_exec(
            *self._command,
            *map(str, inherited),
            pass_fds=inherited,
            stdin=asyncio.subprocess.PIPE,
            # Ctrl-C goes to a whole process group: the children shall hear of it from here only.
            start_new_session=True,
        )
        self.pids[number] = child.pid
        assert child.stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            child.stdin.write(self._settings_line)
            await child.stdin.drain()
        ended = asyncio.ensure_future(child.wait())
        told = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                child.send_signal(signal.SIGTERM)
                try:
                    await asyncio.wait_for(asyncio.shield(ended), STOP_SECONDS)
                except TimeoutError:
                    log.warning("worker_process_killed", number=number, after_seconds=STOP_SECONDS)
                    child.kill()
            return await ended
        finally:
            told.cancel()
            del self.pids[number]


def settings_json(settings: Settings) -> str:
    """The settings for a child, secrets in clear: they go through a pipe only."""
    values = settings.model_dump(mode="json")
    for name in values:
        if isinstance(value := getattr(settings, name), SecretStr):
            values[name] = value.get_secret_value()
    import orjson

    return orjson.dumps(values).decode()
