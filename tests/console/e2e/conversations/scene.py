"""A deployment with forty conversations: a worker and a console, on a real Kafka."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.console.e2e.console import ConsoleProcess
from tests.console.e2e.scene import worker
from tests.kafka.deploy import Deployed
from tests.observe.support import until_true

SESSIONS = 40
SHOWN: tuple[str, ...] = (
    "history", "spoken_turn", "function_call", "mcp_listing", "mcp_call", "interruption", "played_over", "deletion",
)  # fmt: skip
"""What happens in the session that comes last."""
STARTED_AT = "2026-05-28T20:00:00Z"
LAST_AT = "2026-05-28T21:00:00Z"
OPEN = {"console_tokens": None, "console_local_role": "operator", "console_retention": 0}
"""Settings of a console that asks nobody who they are, and keeps sessions of long ago."""


@dataclass(frozen=True)
class Scene:
    """What tests see of it."""

    deployed: Deployed
    console: ConsoleProcess

    @property
    def url(self) -> str:
        """The console's address, without a slash at its end."""
        return self.console.url

    def run(self, *arguments: str) -> str:
        """A command of itemstream's for this deployment; its standard output."""
        settings = self.deployed.settings().model_dump(exclude_unset=True)
        told = {f"ITEMSTREAM_{name.upper()}": str(value) for name, value in settings.items()}
        command = [sys.executable, "-m", "pipeline.cli.main", *arguments]
        environment = {**os.environ, **told}
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, path: str) -> Any:
        """An answer of the console's API."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:
            return json.load(answer)

    async def until(self, true: Callable[[], object]) -> None:
        """Until something holds; for what the page itself does not show."""
        await until_true(true)

    def sessions(self, query: str = "") -> list[dict[str, Any]]:
        """The sessions that match."""
        return self.get(f"/api/sessions?limit=200&{query}")["sessions"]

    def has_session(self, session_id: str) -> bool:
        """Whether the console knows a session."""
        return any(one["session_id"] == session_id for one in self.sessions())

    @staticmethod
    def length(session: dict[str, Any]) -> int:
        """Entries of its timeline."""
        return session["items"] + session["responses"]

    async def until_sessions(self, count: int) -> None:
        """Until the console shows so many sessions, and all that the worker wrote of them."""
        await self.until_settled(lambda lengths: len(lengths) == count)

    async def until_settled(self, met: Callable[[list[int]], bool], seconds: float = 60) -> None:
        """Until the lengths of the sessions are such, and neither worker nor console has anything to do."""
        before: list[int] = []

        def settled() -> bool:
            nonlocal before
            now = [self.length(one) for one in self.sessions()]
            same, before = now == before, now
            return met(now) and same and self._is_done()

        await until_true(settled, seconds)

    def _is_done(self) -> bool:
        pipeline = self.get("/api/pipeline")
        return pipeline["projection"]["lag"] == 0 and not any(one["lag"] for one in pipeline["partitions"])


@contextlib.contextmanager
def conversations(deployed: Deployed, folder: Path) -> Generator[Scene]:
    """All of it, as long as the context is open."""
    with worker(deployed), ConsoleProcess(deployed, folder, **OPEN) as console:
        scene = Scene(deployed, console)
        scene.run("simulate", "--sessions", str(SESSIONS - 1), "--seed", "7", "--start-time", STARTED_AT)
        shown = [f"--scenario={name}" for name in SHOWN]
        scene.run("simulate", "--sessions", "1", "--seed", "3", "--start-time", LAST_AT, "--dialect", "openai", *shown)
        yield scene
