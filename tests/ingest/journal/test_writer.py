"""The journal's writer: it never waits, says no when it is full, and survives what disks do."""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.errors import ItemstreamError
from pipeline.ingest.journal.folder import identity, remember_sent
from pipeline.ingest.journal.format import START, Position, segment_path, segments
from pipeline.ingest.journal.reader import JournalReader
from pipeline.ingest.journal.writer import Fsync, JournalLimits, JournalWriter
from tests.ingest.journal.test_torn import read
from tests.kafka.support import until

SMALL = JournalLimits(max_bytes=40_000, segment_bytes=10_000, memory_bytes=20_000)


def numbered(count: int, size: int = 100) -> list[bytes]:
    return [b"%06d" % number + b"x" * (size - 6) for number in range(count)]


@contextmanager
def no_more_than(size: int) -> Generator[None]:
    """Files of this process can't grow beyond `size`: what a full disk answers, told by the kernel."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("fsync", ["none", "interval", "always"])
def test_what_is_appended_is_acknowledged_and_read_back(tmp_path: Path, fsync: Fsync) -> None:
    acknowledged: list[bytes] = []
    writer = JournalWriter(tmp_path, JournalLimits(segment_bytes=5_000, fsync=fsync), acknowledged.extend)
    records = numbered(300)
    assert all(map(writer.append, records))
    writer.close()
    assert acknowledged == records == read(tmp_path)
    assert len(segments(tmp_path)) > 3
    assert (writer.stats.acknowledged, writer.stats.refused, writer.stats.waiting_bytes) == (300, 0, 0)


async def test_always_acknowledges_behind_the_sync_and_interval_before(tmp_path: Path) -> None:
    steps: dict[str, list[str]] = {}
    for fsync in ("always", "interval", "none"):
        told = steps[fsync] = []
        limits = JournalLimits(fsync=fsync, fsync_seconds=0.01)
        writer = JournalWriter(tmp_path / fsync, limits, fault=told.append)
        writer.append(b"one")
        await until(lambda: len(told) >= (2 if fsync == "none" else 3))  # noqa: B023
        writer.close()
    assert steps["always"] == ["written", "synced", "acknowledged"]
    assert steps["interval"] == ["written", "acknowledged", "synced"]
    assert steps["none"] == ["written", "acknowledged"]


async def test_a_full_journal_refuses_and_takes_again_when_some_is_sent(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, SMALL)
    taken: list[bytes] = []
    refused = 0
    for record in numbered(1000):
        if writer.append(record):
            taken.append(record)
        else:
            refused += 1
        if len(taken) % 50 == 0:
            await until(lambda: writer.stats.waiting_bytes == 0)
    await until(lambda: writer.stats.waiting_bytes == 0)
    assert refused > 500
    assert writer.stats.refused == refused
    assert writer.full or not writer.append(b"x" * 200)
    assert sum(segment_path(tmp_path, one).stat().st_size for one in segments(tmp_path)) <= SMALL.max_bytes
    reader = JournalReader(tmp_path, START)
    found: list[bytes] = []
    while some := reader.read(1 << 20):
        found += some
    assert found == taken
    reader.forget_sent(reader.position)
    await until(lambda: writer.append(b"more"))
    writer.close()
    while some := reader.read(1 << 20):
        found += some
    assert found == [*taken, b"more"]


def slow(go_on: threading.Event) -> None:
    assert go_on.wait(20)


def test_a_slow_disk_fills_memory_up_to_its_limit(tmp_path: Path) -> None:
    go_on = threading.Event()
    writer = JournalWriter(tmp_path, SMALL, fault=lambda _: slow(go_on))
    taken = sum(writer.append(record) for record in numbered(1000))
    go_on.set()
    writer.close()
    assert 0 < taken < 1000
    assert len(read(tmp_path)) == taken == writer.stats.acknowledged


async def test_a_journal_without_room_for_the_next_record_is_full(tmp_path: Path) -> None:
    """Some bytes are nearly always left over: what was refused for want of room would be refused again."""
    writer = JournalWriter(tmp_path, SMALL)
    for record in numbered(1000, size=999):
        if not writer.append(record):
            break
        await until(lambda: writer.stats.waiting_bytes == 0)
    assert writer.full
    assert writer.stats.stored_bytes < SMALL.max_bytes
    reader = JournalReader(tmp_path, START)
    while reader.read(1_000_000):
        reader.forget_sent(reader.position)
    await until(lambda: not writer.full)
    assert writer.append(b"x" * 999)
    writer.close()
    reader.close()


async def test_a_full_disk_is_waited_for_and_nothing_is_there_twice(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, JournalLimits(segment_bytes=1 << 20))
    first, second = numbered(50), numbered(100)[50:]
    with no_more_than(3_333):
        assert all(map(writer.append, first))
        await until(lambda: writer.stats.last_error)
        assert writer.stats.disk_errors
        before = writer.stats.acknowledged
        assert 0 < before < 50
        assert len(read(tmp_path)) == before
        assert all(map(writer.append, second))
    await until(lambda: writer.stats.waiting_bytes == 0)
    assert writer.stats.last_error is None
    writer.close()
    assert read(tmp_path) == [*first, *second]
    assert writer.stats.acknowledged == 100


async def test_a_disk_that_stays_full_is_given_up_at_the_end_and_counted(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, JournalLimits())
    with no_more_than(1_000):
        assert all(map(writer.append, numbered(30)))
        await until(lambda: writer.stats.last_error)
        writer.close()
    assert writer.stats.acknowledged + writer.stats.abandoned == 30
    assert len(read(tmp_path)) == writer.stats.acknowledged > 0


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, JournalLimits())
    with pytest.raises(ItemstreamError, match="belongs to a process"):
        JournalWriter(tmp_path, JournalLimits())
    writer.close()
    JournalWriter(tmp_path, JournalLimits()).close()


def test_numbers_of_segments_are_never_used_again(tmp_path: Path) -> None:
    JournalWriter(tmp_path, JournalLimits()).close()
    name = identity(tmp_path)
    remember_sent(tmp_path, Position(41, 100))
    for one in tmp_path.glob("*.segment"):
        one.unlink()
    JournalWriter(tmp_path, JournalLimits()).close()
    assert segments(tmp_path) == [42]
    assert identity(tmp_path) == name


def test_a_journal_put_back_from_a_copy_is_told_and_not_passed_by(tmp_path: Path) -> None:
    JournalWriter(tmp_path, JournalLimits()).close()
    with pytest.raises(ItemstreamError, match="put back from a copy"):
        JournalReader(tmp_path, Position(7, 20)).read(100)


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ItemstreamError, match=r"journal_dir .* can't be used"):
        JournalWriter(tmp_path / "file" / "journal", JournalLimits())


KILLED = """
import os, signal, sys
from pathlib import Path
from pipeline.ingest.journal.writer import JournalLimits, JournalWriter
folder, fsync, point, passes = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
def fault(step):
    global passes
    if step == point:
        passes -= 1
        if passes < 0:
            os.kill(os.getpid(), signal.SIGKILL)
def acknowledged(records):
    for record in records:
        os.write(1, record)
limits = JournalLimits(segment_bytes=3_000, fsync=fsync, fsync_seconds=0.002)
writer = JournalWriter(folder, limits, acknowledged, fault)
number = 0
while True:
    writer.append(b"%06d" % number)
    number += 1
"""


@pytest.mark.parametrize(
    ("fsync", "point"),
    [
        ("none", "written"),
        ("none", "acknowledged"),
        ("none", "rolled"),
        ("interval", "synced"),
        ("always", "written"),
        ("always", "synced"),
        ("always", "rolled"),
    ],
)
def test_killed_at_each_step(tmp_path: Path, fsync: str, point: str) -> None:
    """All that was acknowledged is there, in order and once; beyond it at most what was being written."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path), fsync, point, "3"],
        stdout=subprocess.PIPE,
        check=False,
        env={**os.environ, "PYTHONPATH": os.getcwd()},  # noqa: PTH109
    )
    assert done.returncode == -signal.SIGKILL
    told = [done.stdout[at : at + 6] for at in range(0, len(done.stdout), 6)]
    found = read(tmp_path)
    assert found == [b"%06d" % number for number in range(len(found))]
    assert found[: len(told)] == told
    assert point == "written" or told


def test_append_does_not_wait_for_the_disk(tmp_path: Path) -> None:
    """While the journal's thread hangs in a sync, records are taken."""
    hangs, go_on = threading.Event(), threading.Event()

    def fault(step: str) -> None:
        if step == "written":
            hangs.set()
            assert go_on.wait(20)

    writer = JournalWriter(tmp_path, JournalLimits(), fault=fault)
    writer.append(b"first")
    assert hangs.wait(20)
    assert all(map(writer.append, numbered(100)))
    assert writer.stats.acknowledged == 0
    go_on.set()
    writer.close()
    assert writer.stats.acknowledged == 101
