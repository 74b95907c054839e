"""A PostgreSQL server of a test's own."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest


def binary(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(found[0]) if found else None)


@contextmanager
def postgresql() -> Generator[str]:
    """A server in a temporary folder, on a Unix socket only; its address. Skips where there is none to start."""
    initdb, server = binary("initdb"), binary("postgres")
    if initdb is None or server is None:
        pytest.skip("no PostgreSQL server here; install it with: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="itemstream-pg-"))
    # PostgreSQL refuses to run as root.
    user: dict[str, Any] = {}
    if os.getuid() == 0:
        user = {"user": "nobody", "group": "nogroup", "extra_groups": []}
        shutil.chown(folder, "nobody", "nogroup")
    quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, **user}
    running = None
    try:
        subprocess.run([initdb, "-D", folder / "data", "-U", "test", "-A", "trust", "-E", "UTF8", "--no-sync"],
                       check=True, **quiet)  # fmt: skip
        running = subprocess.Popen([server, "-D", folder / "data", "-k", folder, "-c", "listen_addresses="], **quiet)
        address = f"postgresql:///postgres?host={folder}&user=test"
        deadline = time.monotonic() + 60
        while not _connects(address):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield address
    finally:
        if running is not None:
            running.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _connects(address: str) -> bool:
    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError:
        return False
    return True
