"""Members of one group in trouble: records are written meanwhile, and what was handled is held against them."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from pathlib import Path

from tests.faults.harness.group import joined
from tests.kafka.support import read_all
from tests.topics.subscriptions.records import call, make_topics, write
from topics.catalogue import OTHER_ITEMS
from topics.subscribers import dead_letter_topic

ROOT = Path(__file__).parents[3]
SESSIONS = 30
PER_ROUND = 12
SESSION_TIMEOUT = 6.0
"""Of the members."""


class Members:
    """Processes of one group; what they say on stderr is kept in `log`."""

    def __init__(self, arguments: tuple[str, ...], log: Path) -> None:
        self._arguments = arguments
        self.log = log
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults.subscribers.member", *self._arguments]
        with self.log.open("ab") as log:
            self.running.append(subprocess.Popen(command, cwd=ROOT, stderr=log))

    def kill(self, index: int) -> None:
        victim = self.running.pop(index)
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


@contextlib.contextmanager
def members(*arguments: str) -> Generator[Members]:
    with tempfile.TemporaryDirectory(prefix="itemstream-members-") as folder:
        started = Members(arguments, Path(folder) / "log")
        try:
            yield started
        finally:
            started.kill_all()


Trouble = Callable[[Members], AsyncGenerator[None]]
"""What happens to the members: records are written whenever it yields."""


async def through_trouble(
    servers: str, prefix: str, group: str, kind: str, target: str, trouble: Trouble,
    handled: Callable[[], Awaitable[set[str]]], seconds: float = 90,
) -> set[str]:  # fmt: skip
    """Two members handle what is written; returns the ids, when `handled()` has all of them."""
    await make_topics(servers, prefix)
    sessions = [f"s{n:02}" for n in range(SESSIONS)]
    written = 0
    with members(servers, prefix, group, kind, target) as running:
        running.start()
        running.start()
        assert await joined(servers, group, 2, seconds), running.log.read_text()
        async for _ in trouble(running):
            for number in range(written + 1, written + PER_ROUND + 1):
                await write(servers, prefix, [call(session, number) for session in sessions])
            written += PER_ROUND
        expected = {f"{session}/{number}" for session in sessions for number in range(1, written + 1)}
        try:
            async with asyncio.timeout(seconds):
                while not expected <= await handled():  # noqa: ASYNC110 - in other processes
                    await asyncio.sleep(0.5)
        except TimeoutError:
            missing = sorted(expected - await handled())
            states = [process.poll() for process in running.running]
            raise AssertionError(
                f"missing {len(missing)}: {missing[:5]}; {states}: {running.log.read_text()}"
            ) from None
        assert running.stop() == [0, 0], running.log.read_text()
    assert await read_all(servers, dead_letter_topic(group, prefix)) == []
    return expected


async def nothing_is_lost(servers: str, prefix: str, group: str, trouble: Trouble, notes: Path) -> None:
    """With handlers that write down what they handle."""

    def noted() -> list[str]:
        return notes.read_text().split() if notes.exists() else []

    async def handled() -> set[str]:
        return set(noted())

    expected = await through_trouble(servers, prefix, group, "notes", str(notes), trouble, handled)
    found = Counter(noted())
    print(f"at least once: {len(expected)} records, {sum(found.values()) - len(found)} handled twice, lost 0")
    assert found.keys() == expected


async def nothing_is_lost_or_repeated(servers: str, prefix: str, group: str, trouble: Trouble) -> None:
    """With handlers that write one result a record, transactional."""
    target = OTHER_ITEMS.full_name(prefix)

    async def results() -> list[str]:
        return [one.value.decode()[len('{"of":"') : -2] for one in await read_all(servers, target)]

    async def handled() -> set[str]:
        return set(await results())

    expected = await through_trouble(servers, prefix, group, "transactional", target, trouble, handled)
    found = await results()
    repeated = {one: times for one, times in Counter(found).items() if times > 1}
    assert (set(found), repeated) == (expected, {})
    for session in {one.partition("/")[0] for one in expected}:
        numbers = [int(one.partition("/")[2]) for one in found if one.startswith(f"{session}/")]
        assert numbers == sorted(numbers), f"{session} out of order"
    print(f"transactional: {len(expected)} records, lost 0, repeated 0, out of order 0")
