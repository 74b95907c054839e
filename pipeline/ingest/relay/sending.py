"""Keeps the sender's process alive and knows its state."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from pipeline.ingest.journal.format import START, Position
from pipeline.ingest.relay.sender import FINISH
from pipeline.logs import get_logger
from pipeline.settings import Settings
from pipeline.streaming.distribution import Distribution
from pipeline.streaming.stats import COMMIT_SECONDS
from pipeline.worker.supervisor import Backoff, settings_json

COMMAND = (sys.executable, "-m", "pipeline.ingest.relay.sender")
END_SECONDS = 5.0

log = get_logger(__name__)


@dataclass(slots=True)
class SenderState:
    """As the sender told it last; the counters are those of all senders since the relay began."""

    sent: int = 0
    skipped: int = 0
    torn_bytes: int = 0
    position: Position = START
    error: str | None = None
    restarts: int = 0
    kafka_seconds: Distribution = field(default_factory=lambda: Distribution(COMMIT_SECONDS))
    """Of each transaction."""

    def counted(self) -> SenderState:
        """A copy of the counters as they are now."""
        return replace(self, kafka_seconds=self.kafka_seconds.copy())

    def note(self, before: SenderState, told: dict[str, Any]) -> None:
        """What a sender says of itself, on top of what those before it did."""
        self.sent = before.sent + told["sent"]
        self.skipped = before.skipped + told["skipped"]
        self.torn_bytes = before.torn_bytes + told["torn_bytes"]
        self.position, self.error = Position.unpacked(told["position"]), told["error"]
        kafka = before.kafka_seconds.copy()
        kafka.add(told["kafka_seconds"]["counts"], told["kafka_seconds"]["total"])
        self.kafka_seconds = kafka


class Sending:
    """Runs the sender until `finish`; one that ends by itself is started again."""

    def __init__(self, settings: Settings, folder: Path, command: Sequence[str] = COMMAND) -> None:
        self.state = SenderState()
        self._settings_line = settings_json(settings).encode() + b"\n"
        self._command = (*command, str(folder))
        self._child: asyncio.subprocess.Process | None = None
        self._finishing = asyncio.Event()

    async def run(self) -> None:
        """Until `finish`."""
        backoff = Backoff()
        while not self._finishing.is_set():
            started = time.monotonic()
            code = await self._run_child()
            if self._finishing.is_set():
                return
            wait = backoff.after(time.monotonic() - started)
            self.state.error = f"the sender ended (exit code {code})"
            self.state.restarts += 1
            log.error("relay_sender_ended", exit_code=code, restart_in_seconds=wait)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._finishing.wait(), wait)

    async def finish(self, patience: float) -> bool:
        """Let it send what is left, for so many seconds; whether it had enough of them."""
        self._finishing.set()
        child = self._child
        if child is None or child.stdin is None:
            return False
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            child.stdin.write(FINISH)
            await child.stdin.drain()
        for seconds, next_step in ((patience, child.terminate), (END_SECONDS, child.kill), (END_SECONDS, None)):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    return await child.wait() == 0 and seconds == patience
            if next_step is not None:
                with contextlib.suppress(ProcessLookupError):
                    next_step()
        return False

    async def _run_child(self) -> int:
        child = self._child = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Ctrl-C goes to a whole process group: the sender shall hear of it from here only.
            start_new_session=True,
        )
        assert child.stdin is not None
        assert child.stdout is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            child.stdin.write(self._settings_line)
            await child.stdin.drain()
        before = self.state.counted()
        async for line in child.stdout:
            try:
                told: Any = orjson.loads(line)
            except orjson.JSONDecodeError:  # not the sender's: a library that prints
                continue
            self.state.note(before, told)
        return await child.wait()
