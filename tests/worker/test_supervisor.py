"""Worker processes are kept alive, stopped together, and given up where a restart can't help."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.errors import ItemstreamError
from pipeline.settings import Settings
from pipeline.worker.child import UNRECOVERABLE
from pipeline.worker.supervisor import Backoff, Supervisor, settings_json

SETTINGS = Settings.model_validate({})
WAITS = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0)); sys.stdin.readline(); "


def command(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


async def until(true: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - what is waited for is another process
            await asyncio.sleep(0.02)


def test_backoff_doubles_and_forgets() -> None:
    backoff = Backoff(first=1, most=4)
    assert [backoff.after(0) for _ in range(4)] == [1, 2, 4, 4]
    assert backoff.after(1_000) == 1


def test_settings_reach_a_child_whole() -> None:
    settings = Settings.model_validate({"prefix": "p", "sasl_password": "secret"})
    again = Settings.model_validate_json(settings_json(settings))
    assert again.sasl_password is not None
    assert (again.prefix, again.sasl_password.get_secret_value()) == ("p", "secret")


async def test_stop_ends_all_children() -> None:
    supervisor = Supervisor(SETTINGS, 3, command(WAITS + "time.sleep(60)"))
    stop = asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop))
    await until(lambda: len(supervisor.pids) == 3)
    await asyncio.sleep(0.3)  # until their signal handlers stand
    pids = list(supervisor.pids.values())
    started = time.monotonic()
    stop.set()
    await running
    assert time.monotonic() - started < 5
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_killed_child_is_started_again() -> None:
    supervisor = Supervisor(SETTINGS, 1, command(WAITS + "time.sleep(60)"))
    stop = asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop))
    await until(lambda: supervisor.pids)
    first = supervisor.pids[0]
    os.kill(first, signal.SIGKILL)
    await until(lambda: supervisor.pids.get(0, first) != first)
    stop.set()
    await running


async def test_one_that_can_not_be_helped_stops_all(tmp_path: Path) -> None:
    marker = tmp_path / "one"
    code = (
        f"import os, sys, time, signal; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\n"
        f"try: os.close(os.open({str(marker)!r}, os.O_CREAT | os.O_EXCL))\n"
        f"except FileExistsError: time.sleep(60)\n"
        f"else: time.sleep(0.5); sys.exit({UNRECOVERABLE})"
    )
    with pytest.raises(ItemstreamError, match="all were stopped"):
        async with asyncio.timeout(15):
            await Supervisor(SETTINGS, 2, command(code)).run(asyncio.Event())
