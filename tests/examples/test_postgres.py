"""Transcripts into a real PostgreSQL: exactly the right rows, whenever the program is killed."""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import psycopg
import pytest

from pipeline.core.records import Output
from tests.examples.support import filled, simulated, start, write
from tests.kafka.deploy import Deployed
from tests.postgres import postgresql

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

KILLS = 8
SLICES = 300
SLICE_SECONDS = 0.4


@pytest.fixture
def database() -> Iterator[str]:
    with postgresql() as address:
        yield address


def until(true: Callable[[], bool], seconds: float, pause: float = 0.1) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(pause)


def rows(address: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(address) as connection:
        there = connection.execute("select to_regclass('transcripts')").fetchone()
        if there == (None,):
            return []
        query = "select session_id, item_id, revision, role, said, deleted from transcripts order by 1, 2"
        return connection.execute(query).fetchall()


class Writing(threading.Thread):
    """Writes outputs little by little, and the rest at once when it is told to finish."""

    def __init__(self, deployed: Deployed, outputs: Sequence[Output]) -> None:
        super().__init__(daemon=True)
        self._deployed = deployed
        size = len(outputs) // SLICES + 1
        self._slices = deque(outputs[at : at + size] for at in range(0, len(outputs), size))
        self._told = threading.Event()

    def run(self) -> None:
        while self._slices:
            some = list(self._slices.popleft())
            if self._told.wait(SLICE_SECONDS):
                while self._slices:
                    some += self._slices.popleft()
            write(self._deployed, some)

    def finish(self) -> None:
        assert self._slices, "everything was written before the last kill: nothing came in meanwhile"
        self._told.set()
        self.join()


def latest_rows(messages: Sequence[Any]) -> list[tuple[Any, ...]]:
    latest: dict[tuple[str, str], Any] = {}
    for one in messages:
        key = (one["session_id"], one["item_id"])
        if key not in latest or one["revision"] > latest[key]["revision"]:
            latest[key] = one
    return sorted((*key, one["revision"], one["role"], one["text"], one["deleted"]) for key, one in latest.items())


@pytest.mark.timeout(500)
def test_the_table_is_right_after_kills_while_records_come_in(
    bootstrap_servers: str, unique: str, database: str
) -> None:
    outputs = simulated(f"test-{unique}", 400)
    deployed = filled(bootstrap_servers, unique, [])
    messages = [orjson.loads(one.value or b"") for one in outputs if one.topic == deployed.messages]
    expected = latest_rows(messages)
    assert len(messages) > len(expected) > 800

    env = {"DATABASE_URL": database}
    rng = random.Random(unique)
    writing = Writing(deployed, outputs)
    writing.start()
    for kill in range(KILLS):
        program = start("transcripts_postgres.py", deployed, env=env)
        if kill % 2 == 0:  # with some of the rows written, or a moment later
            before = len(rows(database))
            until(lambda before=before: len(rows(database)) > before, 60, pause=0.005)
            time.sleep(rng.random() * 1.5)
        else:  # at any moment of its start and its joining, too
            time.sleep(rng.random() * 6)
        program.kill()
        program.communicate()
    writing.finish()
    program = start("transcripts_postgres.py", deployed, env=env)
    until(lambda: sorted(rows(database)) == expected or program.poll() is not None, 120)
    program.terminate()
    assert (program.communicate()[1], program.returncode) == ("", 0)
    assert sorted(rows(database)) == expected
