"""`itemstream console` as a user runs it, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

import orjson

from pipeline.console.access.tokens import add_token
from pipeline.console.models import Role
from tests.kafka.deploy import Deployed

READY_SECONDS = 60
PEOPLE: dict[str, Role] = {"olga": "operator", "vera": "viewer"}


class ConsoleProcess:
    """A console of a deployment, on a free port, with a token for each of `PEOPLE`."""

    def __init__(self, deployed: Deployed, folder: Path, **settings: object) -> None:
        """settings: those that win over the usual ones; None: left out."""
        self._settings = settings
        self._deployed = deployed
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.tokens: dict[str, str] = {}
        self.url = ""

    def __enter__(self) -> Self:
        file = self._folder / "tokens.json"
        self.tokens = {name: add_token(file, name, role)[0] for name, role in PEOPLE.items()}
        settings = {
            **self._deployed.settings().model_dump(exclude_unset=True),
            "console_port": 0,
            "console_tokens": file,
            "console_store": self._folder / "console.sqlite3",
            "log_format": "json",
            "log_level": "info",
            **self._settings,
        }
        told = {f"ITEMSTREAM_{name.upper()}": str(value) for name, value in settings.items() if value is not None}
        log = self._folder / "console.log"
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pipeline.cli.main", "console"],
                env={**os.environ, **told},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self.url = self._wait(log)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """SIGTERM, and SIGKILL where that is not enough."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def until_read(self) -> None:
        """Waits until it has read all that is on the topics."""
        token = self.tokens["vera"]
        question = urllib.request.Request(f"{self.url}/api/pipeline", headers={"Authorization": f"Bearer {token}"})
        deadline = time.monotonic() + READY_SECONDS
        while True:
            with urllib.request.urlopen(question, timeout=30) as answer:
                told = orjson.loads(answer.read())
            if told["projection"]["lag"] == 0:
                return
            assert time.monotonic() < deadline, told
            time.sleep(0.05)

    def _wait(self, log: Path) -> str:
        """Its address, once its log tells it."""
        assert self._process is not None
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            for line in log.read_bytes().splitlines():
                if line.startswith(b"{") and line.endswith(b"}") and "url" in (said := orjson.loads(line)):
                    return said["url"].rstrip("/")
            time.sleep(0.05)
        raise AssertionError(f"the console did not come up: {log.read_text()[-2000:]}")
