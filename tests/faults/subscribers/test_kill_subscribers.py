"""Subscribers are killed with -9 again and again: what was handled, against what was written."""

import asyncio
import contextlib
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.kafka.support import read_all
from tests.topics.subscriptions.records import call, make_topics, write
from topics.catalogue import OTHER_ITEMS
from topics.subscribers import dead_letter_topic

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

ROOT = Path(__file__).parents[3]
SESSIONS = 30
PER_SESSION = 60
KILLS = 5


@contextlib.contextmanager
def members(*arguments: str) -> Generator["Members"]:
    started = Members(arguments)
    try:
        yield started
    finally:
        started.kill_all()


class Members:
    """Processes of one group."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self._arguments = arguments
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults.subscribers.member", *self._arguments]
        self.running.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL))

    def kill_one(self, chance: random.Random) -> None:
        victim = self.running.pop(chance.randrange(len(self.running)))
        victim.kill()
        victim.wait()

    def stop(self) -> list[int]:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        return [process.wait(30) for process in self.running]

    def kill_all(self) -> None:
        for process in self.running:
            process.kill()
            process.wait()


async def load_and_kill(servers: str, prefix: str, group: str, kind: str, target: str, handled: Any) -> set[str]:
    """Write records while members of the group are killed; returns the ids, when `handled()` has all of them."""
    await make_topics(servers, prefix)
    chance = random.Random(7)
    sessions = [f"s{n:02}" for n in range(SESSIONS)]
    with members(servers, prefix, group, kind, target) as group_members:
        group_members.start()
        group_members.start()
        share = PER_SESSION // KILLS
        for kill in range(KILLS):
            numbers = range(kill * share + 1, (kill + 1) * share + 1)
            for number in numbers:
                await write(servers, prefix, [call(session, number) for session in sessions])
            await asyncio.sleep(chance.uniform(0.2, 3.0))
            group_members.kill_one(chance)
            group_members.start()
        expected = {f"{session}/{number}" for session in sessions for number in range(1, KILLS * share + 1)}
        async with asyncio.timeout(60):
            while not expected <= await handled():  # noqa: ASYNC110 - in other processes
                await asyncio.sleep(0.5)
        assert group_members.stop() == [0, 0]
    assert await read_all(servers, dead_letter_topic(group, prefix)) == []
    return expected


async def test_a_handler_loses_nothing(bootstrap_servers: str, prefix: str, group: str, tmp_path: Path) -> None:
    notes = tmp_path / "handled"

    async def handled() -> set[str]:
        return set(notes.read_text().split()) if notes.exists() else set()

    expected = await load_and_kill(bootstrap_servers, prefix, group, "notes", str(notes), handled)
    found = Counter(notes.read_text().split())
    print(f"at least once: {len(expected)} records, {sum(found.values()) - len(found)} handled twice, lost 0")
    assert found.keys() == expected


async def test_a_transaction_neither_loses_nor_doubles(bootstrap_servers: str, prefix: str, group: str) -> None:
    target = OTHER_ITEMS.full_name(prefix)

    async def results() -> list[str]:
        return [one.value.decode()[len('{"of":"') : -2] for one in await read_all(bootstrap_servers, target)]

    async def handled() -> set[str]:
        return set(await results())

    expected = await load_and_kill(bootstrap_servers, prefix, group, "transactional", target, handled)
    found = await results()
    repeated = {one: times for one, times in Counter(found).items() if times > 1}
    assert (set(found), repeated) == (expected, {})
    for session in {one.partition("/")[0] for one in expected}:
        numbers = [int(one.partition("/")[2]) for one in found if one.startswith(f"{session}/")]
        assert numbers == sorted(numbers), f"{session} out of order"
    print(f"transactional: {len(expected)} records, lost 0, repeated 0, out of order 0")
