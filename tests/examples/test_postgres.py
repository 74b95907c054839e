"""Transcripts into a real PostgreSQL: exactly the right rows, whenever the program is killed."""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psycopg
import pytest

from tests.examples.support import filled, simulated, start

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

KILLS = 6


def binary(name: str) -> str | None:
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(found[0]) if found else None)


@pytest.fixture
def database() -> Iterator[str]:
    """A server of its own in a temporary folder, on a Unix socket only; its address."""
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
        until(lambda: connects(address), 60)
        yield address
    finally:
        if running is not None:
            running.send_signal(signal.SIGINT)
            running.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def connects(address: str) -> bool:
    try:
        psycopg.connect(address).close()
    except psycopg.OperationalError:
        return False
    return True


def until(true: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def rows(address: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address) as connection:
        there = connection.execute("select to_regclass('transcripts')").fetchone()
        if there == (None,):
            return []
        query = "select session_id, item_id, revision, role, said, deleted from transcripts order by 1, 2"
        return connection.execute(query).fetchall()


@pytest.mark.timeout(200)
def test_the_table_is_right_after_kills_at_random_points(bootstrap_servers: str, unique: str, database: str) -> None:
    outputs = simulated(f"test-{unique}", 250)
    deployed = filled(bootstrap_servers, unique, outputs)
    messages = [orjson.loads(one.value or b"") for one in outputs if one.topic == deployed.messages]
    latest: dict[tuple[str, str], Any] = {}
    for one in messages:
        key = (one["session_id"], one["item_id"])
        if key not in latest or one["revision"] > latest[key]["revision"]:
            latest[key] = one
    expected = sorted((*key, one["revision"], one["role"], one["text"], one["deleted"]) for key, one in latest.items())
    assert len(messages) > len(expected) > 500

    env = {"DATABASE_URL": database}
    rng = random.Random(unique)
    for _ in range(KILLS):
        program = start("transcripts_postgres.py", deployed, env=env)
        before = len(rows(database))
        # At first it starts; then it is killed with some of the rows written, or a moment later.
        deadline = time.monotonic() + 15
        while len(rows(database)) == before and time.monotonic() < deadline and before < len(expected):
            time.sleep(0.005)
        time.sleep(rng.random() * 0.3)
        program.kill()
        program.communicate()
    program = start("transcripts_postgres.py", deployed, env=env)
    until(lambda: sorted(rows(database)) == expected or program.poll() is not None, 90)
    program.terminate()
    # It may be told to stop before it has begun to listen for that.
    assert program.communicate()[1] == ""
    assert program.returncode in {0, -signal.SIGTERM}
    assert sorted(rows(database)) == expected
